"""DataScannedInBytes against figures computed by hand from the footers of the files."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROWS_A_GROUP = 1000


def put(cloud: Any, uri: str, body: bytes) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    cloud.s3.put_object(Bucket=bucket, Key=key, Body=body)


def scanned(cloud: Any, database: str, sql: str) -> int:
    return int(cloud.run(sql, database).execution["Statistics"]["DataScannedInBytes"])


def chunk_bytes(body: bytes, columns: list[str], groups: list[int] | None = None) -> int:
    """Compressed bytes of columns in row groups, from pyarrow's reading of the footer."""
    footer = pq.read_metadata(io.BytesIO(body))
    chosen = range(footer.num_row_groups) if groups is None else groups
    chunks = (footer.row_group(g).column(c) for g in chosen for c in range(footer.num_columns))
    return sum(chunk.total_compressed_size for chunk in chunks if chunk.path_in_schema.split(".")[0] in columns)


@pytest.fixture(scope="module")
def body() -> bytes:
    """Ten row groups: `n` rises through the file, `name` does as text, `pair` is nested."""
    count = 10 * ROWS_A_GROUP
    sink = io.BytesIO()
    rows = pa.table(
        {
            "n": list(range(count)),
            "name": [f"name-{i:06d}" for i in range(count)],
            "pair": [{"a": i, "b": str(i * 7)} for i in range(count)],
            "note": [None if i < ROWS_A_GROUP else "x" * (i % 50) for i in range(count)],
        }
    )
    pq.write_table(rows, sink, row_group_size=ROWS_A_GROUP, compression="zstd")
    return sink.getvalue()


@pytest.fixture
def numbers(cloud: Any, database: str, body: bytes) -> str:
    """The file once a day in two registered partitions."""
    location = f"{cloud.lake}/{database}/numbers/"
    for day in ("2026-11-01", "2026-11-02"):
        put(cloud, f"{location}day={day}/part-0.parquet", body)
    cloud.run(
        "create external table numbers (n bigint, name string, pair struct<a:bigint,b:string>, note string)"
        f" partitioned by (day string) stored as parquet location '{location}'",
        database,
    )
    cloud.run("msck repair table numbers", database)
    return location


@pytest.mark.parametrize(
    ("sql", "columns", "groups", "files"),
    [
        ("select * from numbers", ["n", "name", "pair", "note"], None, 2),
        ("select n from numbers where day = '2026-11-01'", ["n"], None, 1),
        ("select n from numbers where day = '2026-12-01'", ["n"], None, 0),
        ("select max(name) from numbers where day = '2026-11-01' and n >= 9500", ["n", "name"], [9], 1),
        ("select note from numbers where n between 1500 and 2500", ["n", "note"], [1, 2], 2),
        ("select n from numbers where n = -1", ["n"], [], 2),
        ("select n from numbers where name in ('name-000001', 'name-009999')", ["n", "name"], [0, 9], 2),
        ("select n from numbers where note is null", ["n", "note"], [0], 2),
        ("select n from numbers where n + 1 = 5", ["n"], None, 2),
        ("select count(*) from numbers", [], None, 2),
        ("select a.n from numbers a join numbers b on a.n = b.n", ["n"], None, 4),
        ("with t as (select n, name from numbers) select n from t where n < 10", ["n"], [0], 2),
    ],
)
def test_parquet_costs_the_chunks_that_cannot_be_left_out(
    cloud: Any, database: str, body: bytes, numbers: str, sql: str, columns: list[str], groups: list[int], files: int
) -> None:
    assert scanned(cloud, database, sql) == files * chunk_bytes(body, columns, groups)


def test_a_view_costs_what_it_reads(cloud: Any, database: str, body: bytes, numbers: str) -> None:
    cloud.run("create view small as select n, name from numbers where day = '2026-11-02'", database)
    assert scanned(cloud, database, "select n from small where n < 1000") == chunk_bytes(body, ["n"], [0])


def test_ddl_costs_nothing(cloud: Any, database: str, numbers: str) -> None:
    for sql in ("show partitions numbers", "describe numbers", "create view v as select * from numbers"):
        assert scanned(cloud, database, sql) == 0


def test_text_costs_whole_compressed_objects(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/text/"
    body = gzip.compress(b"1,one\n" * 5000)
    put(cloud, f"{location}a.csv.gz", body)
    put(cloud, f"{location}b.csv", b"2,two\n")
    cloud.run(
        "create external table t (id int, name string) row format delimited fields terminated by ','"
        f" location '{location}'",
        database,
    )
    assert scanned(cloud, database, "select id from t where id = 1") == len(body) + 6
    assert scanned(cloud, database, "select count(*) from t") == len(body) + 6
    assert scanned(cloud, database, f"select id from t where \"$path\" = '{location}b.csv'") == 6


def test_iceberg_costs_the_files_and_row_groups_left_over(cloud: Any, database: str, numbers: str) -> None:
    location = f"{cloud.lake}/{database}/lake/"
    cloud.run(
        f"create table lake with (table_type = 'ICEBERG', is_external = false, location = '{location}',"
        " partitioning = ARRAY['day']) as select n, name, day from numbers",
        database,
    )
    files = {
        key: cloud.s3.get_object(Bucket=cloud.lake.removeprefix("s3://"), Key=key)["Body"].read()
        for key in cloud.objects(location)
        if key.endswith(".parquet")
    }
    first = [content for key, content in files.items() if "2026-11-01" in key]
    assert scanned(cloud, database, "select n from lake") == sum(chunk_bytes(f, ["n"]) for f in files.values())
    assert scanned(cloud, database, "select name from lake where day = '2026-11-01'") == sum(
        chunk_bytes(content, ["name", "day"]) for content in first
    )
    assert scanned(cloud, database, "select n from lake where n > 1000000") == 0
    assert scanned(cloud, database, "select count(*) from lake") == 0


def test_the_size_of_each_rows_file_can_be_asked_for(cloud: Any, database: str, body: bytes, numbers: str) -> None:
    sizes = cloud.run('select distinct "$file_size", day from numbers order by day', database).rows
    assert sizes == [[str(len(body)), "2026-11-01"], [str(len(body)), "2026-11-02"]]


def test_a_time_with_a_zone_in_a_condition_is_no_obstacle(cloud: Any, database: str) -> None:
    cloud.run("create table z as select timestamp '2026-11-01 10:00:00.000' as at", database)
    sql = "select count(*) from z where at >= timestamp '2026-11-01 00:00:00.000 UTC'"
    assert cloud.run(sql, database).rows == [["1"]]


def numbered_by(key: str, day: str) -> str:
    return (
        "with dated as (select id, at, cast(at as date) as day from events), numbered as "
        f"(select id, day, row_number() over (partition by {key} order by at) as n from dated) "
        f"select id, n from numbered where day {day} order by id"
    )


def test_days_are_pruned_below_a_window_over_days_and_below_no_other(cloud: Any, database: str) -> None:
    cloud.run(
        "create table events (id bigint, at timestamp) partitioned by (day(at)) "
        f"location '{cloud.lake}/{database}/events/' tblproperties ('table_type' = 'iceberg')",
        database,
    )
    moments = [
        f"(1, timestamp '2026-11-0{day} 23:59:59.999999'), (2, timestamp '2026-11-0{day} 00:00:00')"
        for day in (1, 2, 3)
    ]
    cloud.run(f"insert into events values {', '.join(moments)}", database)
    whole = scanned(cloud, database, "select id, at from events")
    one_day = scanned(cloud, database, "select id, at from events where at < timestamp '2026-11-02 00:00:00'")
    assert 0 < one_day < whole

    assert cloud.run(numbered_by("day", "= date '2026-11-02'"), database).rows == [["1", "2"], ["2", "1"]]
    for day in ("= date '2026-11-02'", "> date '2026-11-02'", "<= date '2026-11-01'", "< date '2026-11-02'"):
        assert scanned(cloud, database, numbered_by("day", day)) == one_day, day
    assert scanned(cloud, database, numbered_by("day", ">= date '2026-11-02'")) == 2 * one_day

    assert cloud.run(numbered_by("id", "= date '2026-11-02'"), database).rows == [["1", "2"], ["2", "2"]]
    assert scanned(cloud, database, numbered_by("id", "= date '2026-11-02'")) == whole
