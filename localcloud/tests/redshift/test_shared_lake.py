"""One store, one catalogue: what Athena writes Redshift reads through an external schema, and the other way round."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from cloud import Cloud, free_port, launch
from pgclient import PgClient

BUCKET, DATABASE = "shared-lake", "shared"
ODD_NAME = '"it\'s ""odd"" one"'
ICEBERG = "table_type = 'ICEBERG', is_external = false"
Athena = Callable[[str], list[tuple[str | None, ...]]]


@pytest.fixture(scope="module")
def athena(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Athena]:
    """Runs a statement on an Athena over the same S3 and Glue; gives the rows as Athena's texts."""
    port, home = free_port(), tmp_path_factory.mktemp("athena")
    arguments = ["localcloud.athena", "--port", str(port), "--state-dir", str(home)]
    arguments += ["--aws-endpoint", f"http://127.0.0.1:{cloud.aws_port}"]
    process = launch(arguments, f"http://127.0.0.1:{port}/_localcloud/health", home / "log")
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    client = cloud.client("athena", port=port)

    def run(sql: str) -> list[tuple[str | None, ...]]:
        query = client.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": DATABASE},
            ResultConfiguration={"OutputLocation": f"s3://{BUCKET}/results/"},
        )["QueryExecutionId"]
        while True:
            execution = client.get_query_execution(QueryExecutionId=query)["QueryExecution"]
            if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
                break
            time.sleep(0.02)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        rows = client.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
        return [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in rows][1:]

    run(f"create database {DATABASE}")
    yield run
    process.terminate()
    process.wait(30)


@pytest.fixture
def pg(cloud: Cloud, athena: Athena, pg: PgClient) -> PgClient:
    pg.query(f"create external schema if not exists lake from data catalog database '{DATABASE}' iam_role default")
    return pg


VALUES = """
    select * from (values
        (1, bigint '9223372036854775807', decimal '12345678901234567890123456789012345678', 'ünïcode ✓',
         timestamp '2024-02-29 23:59:59.123', date '1969-12-31', true, 1.5e300, real '0.25', 'a'),
        (2, bigint '-9223372036854775808', decimal '-0.00', '', timestamp '1999-12-31 00:00:00.000',
         date '2038-01-20', false, -0.1e0, real '-2', 'b'),
        (3, null, null, null, null, null, null, null, null, 'b')
    ) as t (id, big, amount, name, at, day, ok, ratio, small, part)"""
COLUMNS = "id, big, amount, name, at, day, ok, ratio, small, part"
ROWS = [
    ("1", "9223372036854775807", "12345678901234567890123456789012345678", "ünïcode ✓", "2024-02-29 23:59:59.123",
     "1969-12-31", "t", "1.5e+300", "0.25", "a"),
    ("2", "-9223372036854775808", "0", "", "1999-12-31 00:00:00", "2038-01-20", "f", "-0.1", "-2", "b"),
    ("3", None, None, None, None, None, None, None, None, "b"),
]  # fmt: skip


@pytest.mark.parametrize("file_format", ["PARQUET", "TEXTFILE", "JSON"])
def test_redshift_reads_the_rows_of_athenas_partitioned_hive_tables(
    athena: Athena, pg: PgClient, file_format: str
) -> None:
    table = f"hive_{file_format.lower()}"
    place = f"s3://{BUCKET}/{table}/"
    query = VALUES.replace("decimal '-0.00'", "decimal '0'")
    athena(
        f"create table {table} with (format = '{file_format}', external_location = '{place}', partitioned_by ="
        f" array['part']) as select id, big, cast(amount as decimal(38,0)) as amount, name, at, day, ok, ratio, small,"
        f" part from ({query})"
    )
    assert pg.query(f"select {COLUMNS} from lake.{table} order by id").rows == ROWS
    assert pg.query(f"select count(*) from lake.{table} where part = 'b' and name is null").rows == [("1",)]
    assert pg.query(f"select count(*) from lake.{table} where name = ''").rows == [("1",)]


@pytest.mark.parametrize("made_as", ["format = 'PARQUET'", "format = 'TEXTFILE'", "format = 'JSON'", ICEBERG])
def test_a_column_may_have_quotes_in_its_name(athena: Athena, pg: PgClient, made_as: str) -> None:
    table = "odd_" + made_as.split("'")[1].lower()
    place = f"{'location' if made_as is ICEBERG else 'external_location'} = 's3://{BUCKET}/{table}/'"
    athena(f"create table {table} with ({made_as}, {place}) as select 1 as {ODD_NAME}")
    assert athena(f"select {ODD_NAME} + 1 from {table}") == [("2",)]
    assert pg.query(f"select {ODD_NAME} + 1 from lake.{table}").rows == [("2",)]


def test_redshift_reads_an_iceberg_table_after_deletes_updates_and_a_changed_schema(
    athena: Athena, pg: PgClient
) -> None:
    athena(
        f"create table events (id int, name string, amount decimal(10,2), at timestamp) partitioned by (bucket(4, id))"
        f" location 's3://{BUCKET}/events/' tblproperties ('table_type' = 'ICEBERG')"
    )
    athena(
        "insert into events values (1, 'a', 1.10, timestamp '2024-01-01 00:00:00.000001'), (2, 'b', 2.20, null),"
        " (3, 'c', 3.30, timestamp '2024-01-03 12:00:00')"
    )
    athena("delete from events where id = 2")
    athena("update events set amount = 9.99 where id = 3")
    athena("alter table events add columns (note string)")
    athena("alter table events change column name title string")
    athena("insert into events values (4, 'd', 4.40, timestamp '2024-01-04 00:00:00', 'new')")
    assert pg.query("select * from lake.events order by id").rows == [
        ("1", "a", "1.10", "2024-01-01 00:00:00.000001", None),
        ("3", "c", "9.99", "2024-01-03 12:00:00", None),
        ("4", "d", "4.40", "2024-01-04 00:00:00", "new"),
    ]
    assert pg.query(
        "select columnname, external_type from svv_external_columns"
        " where schemaname = 'lake' and tablename = 'events' order by columnnum"
    ).rows == [
        ("id", "int"), ("title", "string"), ("amount", "decimal(10,2)"), ("at", "timestamp"), ("note", "string")
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["PARQUET", "ICEBERG"])
def test_nested_columns_of_athena_are_super_values_in_redshift(athena: Athena, pg: PgClient, kind: str) -> None:
    table = f"nested_{kind.lower()}"
    place = f"s3://{BUCKET}/{table}/"
    properties = f"table_type = 'ICEBERG', is_external = false, location = '{place}'"
    if kind == "PARQUET":
        properties = f"format = 'PARQUET', external_location = '{place}'"
    athena(
        f"create table {table} with ({properties}) as select 1 as id, array[bigint '9007199254740993', 2] as numbers,"
        " cast(row('Ada', cast(1.10 as decimal(5,2))) as row(name varchar, price decimal(5,2))) as person,"
        " map(array['x', 'y'], array[10, 20]) as tags"
        " union all select 2, null, null, null"
    )
    assert pg.query(
        f"select numbers, numbers[0]::bigint, person.name::varchar, person.price::decimal(5,2)"
        f" from lake.{table} t order by id"
    ).rows == [("[9007199254740993,2]", "9007199254740993", "Ada", "1.10"), (None, None, None, None)]
    assert pg.query(
        f"select tag.key::varchar, tag.value::int from lake.{table} t, t.tags tag order by 1"
    ).rows == [("x", "10"), ("y", "20")]  # fmt: skip


def test_athena_reads_what_redshift_unloads(cloud: Cloud, athena: Athena, pg: PgClient) -> None:
    pg.query("create table sales (id int, v varchar(40), n numeric(38,4), at timestamp, ok boolean, day date)")
    pg.query(
        "insert into sales values (1, 'ünïcode ✓', 1234567890123456789012345678901234.5678,"
        " '2024-02-29 23:59:59.123456', true, '1969-12-31'), (2, '', -0.0001, null, false, null), (3, null, null, null,"
        " null, '2024-01-01')"
    )
    place = f"s3://{BUCKET}/unloaded/"
    pg.query(f"unload ('select * from sales') to '{place}' iam_role default format parquet partition by (id)")
    athena(
        "create external table unloaded (v varchar(40), n decimal(38,4), at timestamp, ok boolean, day date)"
        f" partitioned by (id int) stored as parquet location '{place}'"
    )
    athena("msck repair table unloaded")
    assert athena("select id, v, n, at, ok, day from unloaded order by id") == [
        ("1", "ünïcode ✓", "1234567890123456789012345678901234.5678", "2024-02-29 23:59:59.123", "true", "1969-12-31"),
        ("2", "", "-0.0001", None, "false", None),
        ("3", None, None, None, None, "2024-01-01"),
    ]


@pytest.mark.parametrize("file_format", ["parquet", "textfile"])
def test_athena_reads_the_external_tables_that_redshift_makes_and_fills(
    athena: Athena, pg: PgClient, file_format: str
) -> None:
    table = f"made_{file_format}"
    place = f"s3://{BUCKET}/{table}/"
    row_format = "row format delimited fields terminated by '|'" if file_format == "textfile" else ""
    pg.query(
        f"create external table lake.{table} partitioned by (part) {row_format} stored as {file_format}"
        f" location '{place}' as select 'a'::varchar(5) as part, 1 as id, 9223372036854775807::bigint as big,"
        " 1.50::numeric(10,2) as n, 'ünïcode ✓'::varchar(30) as v, '2024-02-29 23:59:59.123'::timestamp as at,"
        " true as ok, '1969-12-31'::date as day"
    )
    pg.query(
        f"insert into lake.{table} select 2, -1::smallint, 2, '', null, false, '2024-01-01'::date, 'b'"
        " union all select 3, null, null, null, null, null, null, 'a'"
    )
    expected = [
        ("1", "9223372036854775807", "1.50", "ünïcode ✓", "2024-02-29 23:59:59.123", "true", "1969-12-31", "a"),
        ("2", "-1", "2.00", "", None, "false", "2024-01-01", "b"),
        ("3", None, None, None, None, None, None, "a"),
    ]
    assert athena(f"select id, big, n, v, at, ok, day, part from {table} order by id") == expected
    assert pg.query(f"select count(*), count(distinct part), count(v) from lake.{table}").rows == [("3", "2", "2")]
    pg.query(f"drop table lake.{table}")
    assert (table,) not in athena("show tables")


def test_partitions_that_redshift_adds_are_athenas_too_until_it_drops_them(
    cloud: Cloud, athena: Athena, pg: PgClient
) -> None:
    place = f"s3://{BUCKET}/parts"
    s3 = cloud.client("s3")
    for day, line in (("2024-01-01", b"1,a\n"), ("2024-01-02", b"2,b\n")):
        s3.put_object(Bucket=BUCKET, Key=f"parts/day={day}/x.csv", Body=line)
    pg.query(
        "create external table lake.parts (id int, v varchar(10)) partitioned by (day date) row format delimited"
        f" fields terminated by ',' stored as textfile location '{place}/' table properties ('numRows'='2')"
    )
    assert athena("select * from parts") == []
    pg.query(
        f"alter table lake.parts add if not exists partition (day='2024-01-01') location '{place}/day=2024-01-01/'"
        f" partition (day='2024-01-02') location '{place}/day=2024-01-02/'"
    )
    assert athena("select id, v, day from parts order by id") == [("1", "a", "2024-01-01"), ("2", "b", "2024-01-02")]
    pg.query("alter table lake.parts drop partition (day='2024-01-01')")
    assert athena("select id from parts") == pg.query("select id from lake.parts").rows == [("2",)]
