"""TPC-H and TPC-DS on Redshift: the generated Parquet files copied into its own tables, the queries in its dialect."""

from __future__ import annotations

import os
from pathlib import Path

import boto3
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import redshift_connector
from sqlglot import exp, parse_one

from benchmarks import tpc

_TYPES = {pa.int32(): "integer", pa.int64(): "bigint", pa.string(): "varchar(256)", pa.date32(): "date"}


def open_connection(schema: str) -> redshift_connector.Connection:
    """Return a connection to the local cloud's Redshift that commits each statement and stands in `schema`."""
    connection = redshift_connector.connect(
        host=os.environ["LANDFALL_REDSHIFT_HOST"],
        port=int(os.environ["LANDFALL_REDSHIFT_PORT"]),
        database=os.environ["LANDFALL_REDSHIFT_DATABASE"],
        user=os.environ["LANDFALL_REDSHIFT_USER"],
        password=os.environ["LANDFALL_REDSHIFT_PASSWORD"],
        ssl=os.environ.get("LANDFALL_REDSHIFT_SSLMODE") != "disable",
    )
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(f"create schema if not exists {schema}")
    cursor.execute(f"set search_path to {schema}")
    return connection


def create_tables(directory: Path, connection: redshift_connector.Connection, schema: str) -> None:
    """Upload every file of `tpc.generate` and COPY it into a table of its own; a table that exists is replaced."""
    s3, bucket = boto3.client("s3"), os.environ["LANDFALL_LAKE_BUCKET"]
    cursor = connection.cursor()
    for table, path in tpc.tables(directory).items():
        key = f"{schema}/{table}/{path.name}"
        s3.upload_file(str(path), bucket, key)
        columns = ", ".join(f"{field.name} {_redshift_type(field.type)}" for field in pq.read_schema(path))
        cursor.execute(f"drop table if exists {schema}.{table}")
        cursor.execute(f"create table {schema}.{table} ({columns})")
        cursor.execute(f"copy {schema}.{table} from 's3://{bucket}/{key}' iam_role default format as parquet")


def queries(suite: tpc.Suite) -> dict[int, str]:
    """Return the suite's queries in Redshift's dialect, by their number; their answers are those of DuckDB's texts."""
    return {number: _for_redshift(text) for number, text in tpc.queries(suite).items()}


def differences(suite: tpc.Suite, directory: Path, connection: redshift_connector.Connection) -> dict[int, str]:
    """Return, for every query whose answer is not DuckDB's, what differs."""
    expected, cursor, found = tpc.answers(suite, directory), connection.cursor(), {}
    for number, text in queries(suite).items():
        cursor.execute(text)
        found[number] = tpc.difference(expected[number], [tuple(row) for row in cursor.fetchall()])
    return {number: difference for number, difference in found.items() if difference}


def _for_redshift(text: str) -> str:
    tree = parse_one(text, dialect="duckdb")
    # DuckDB's averages and quotients are doubles, Redshift's are integers or decimals.
    for average in tree.find_all(exp.Avg):
        average.set("this", exp.cast(average.this, "double", dialect="duckdb"))
    for quotient in tree.find_all(exp.Div):
        quotient.set("this", exp.cast(quotient.this, "double", dialect="duckdb"))
    return tree.sql(dialect="redshift")


def _redshift_type(kind: pa.DataType) -> str:
    return f"decimal({kind.precision},{kind.scale})" if pa.types.is_decimal(kind) else _TYPES[kind]
