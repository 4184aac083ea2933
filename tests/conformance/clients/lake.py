"""Tables that every client of Athena is asked for: one row, many rows, and one column of every type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import boto3
from pyathena import connect
from pyathena.connection import Connection

DATABASE = "client_tests"
MANY = 2_500
"""More rows than two pages of GetQueryResults (1,000 rows each)."""

_TEXT = r"ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t' STORED AS TEXTFILE"
_EVERY_TYPE = """
SELECT true AS c_boolean, TINYINT '127' AS c_tinyint, SMALLINT '32767' AS c_smallint, 2147483647 AS c_integer,
    9223372036854775807 AS c_bigint, REAL '0.5' AS c_real, DOUBLE '0.25' AS c_double, 'a string' AS c_varchar,
    CAST('short' AS varchar(10)) AS c_varchar10, TIMESTAMP '2017-01-01 00:00:00.000' AS c_timestamp,
    DATE '2017-01-02' AS c_date, X'313233' AS c_varbinary, ARRAY[1, 2] AS c_array,
    MAP(ARRAY[1, 3], ARRAY[2, 4]) AS c_map, CAST(ROW(1, 2) AS ROW(a integer, b integer)) AS c_row,
    CAST('0.1' AS decimal(10,1)) AS c_decimal
"""


@dataclass(frozen=True)
class Lake:
    """Where the tables are: `staging` is an S3 URL that ends with a slash, for results and tables."""

    database: str
    staging: str
    bucket: str
    work_group: str = "primary"

    def connect(self, **options: object) -> Connection:
        """PyAthena's own connection, in this database and work group."""
        return connect(s3_staging_dir=self.staging, schema_name=self.database, work_group=self.work_group, **options)  # type: ignore[call-overload,no-any-return]

    def run(self, *statements: str) -> None:
        """Execute statements that give no rows that matter."""
        with self.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def location(self, table: str) -> str:
        """An S3 URL for a table of that name."""
        return f"{self.staging}{self.database}/{table}/"


def create_lake(environment: Mapping[str, str]) -> Lake:
    """The database and its tables, made by statements and objects as a user makes them; run again, nothing changes."""
    bucket = environment["LANDFALL_OPS_BUCKET"]
    lake = Lake(DATABASE, f"s3://{bucket}/client-tests/", bucket)
    s3 = boto3.client("s3")
    for name, content in (("one_row", "1\n"), ("many_rows", "".join(f"{number}\n" for number in range(MANY)))):
        s3.put_object(Bucket=bucket, Key=f"client-tests/{DATABASE}/{name}/data.txt", Body=content.encode())
    with connect(s3_staging_dir=lake.staging) as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} CASCADE")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    _empty(lake, "every_type")
    lake.run(
        "CREATE EXTERNAL TABLE one_row (number_of_rows int COMMENT 'some comment') COMMENT 'table comment' "
        f"{_TEXT} LOCATION '{lake.location('one_row')}'",
        f"CREATE EXTERNAL TABLE many_rows (a int) {_TEXT} LOCATION '{lake.location('many_rows')}'",
        f"CREATE TABLE every_type WITH (format = 'PARQUET', external_location = '{lake.location('every_type')}')"
        f" AS {_EVERY_TYPE}",
        "CREATE OR REPLACE VIEW view_one_row AS SELECT * FROM one_row",
    )
    return lake


def _empty(lake: Lake, table: str) -> None:
    bucket = boto3.resource("s3").Bucket(lake.bucket)
    bucket.objects.filter(Prefix=f"client-tests/{lake.database}/{table}/").delete()
