"""Hive tables over files of every format that Athena reads, and the formats that are refused."""

from __future__ import annotations

import datetime
import io
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pytest
from localcloud.lake.session import load_avro

ROWS = pa.table(
    {
        "ID": pa.array([1, 2], pa.int32()),
        "name": ["a,b", None],
        "day": pa.array([datetime.date(2026, 11, 1), None]),
        "amount": pa.array([1.5, None], pa.float64()),
    }
)
COLUMNS = "id int, name string, day date, amount double"
EXPECTED = [["1", "a,b", "2026-11-01", "1.5"], ["2", None, None, None]]


def put(cloud: Any, uri: str, body: bytes) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    cloud.s3.put_object(Bucket=bucket, Key=key, Body=body)


def parquet_bytes(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def orc_bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    orc.write_table(table, sink)
    return sink.getvalue()


def avro_bytes(tmp_path: Any, table: pa.Table) -> bytes:
    connection = duckdb.connect()
    load_avro(connection)
    connection.register("rows", table)
    connection.execute(f"COPY (SELECT * FROM rows) TO '{tmp_path}/rows.avro' (FORMAT avro)")
    return bytes((tmp_path / "rows.avro").read_bytes())


@pytest.mark.parametrize("kind", ["parquet", "orc", "avro"])
def test_files_are_read_with_the_tables_types(cloud: Any, database: str, tmp_path: Any, kind: str) -> None:
    location = f"{cloud.lake}/{database}/{kind}/"
    strings = ROWS.set_column(2, "day", ROWS["day"].cast(pa.string())) if kind == "avro" else ROWS
    body = {"parquet": parquet_bytes, "orc": orc_bytes}.get(kind, lambda table: avro_bytes(tmp_path, table))(strings)
    put(cloud, f"{location}part-0", body)
    columns = COLUMNS.replace("day date", "day string") if kind == "avro" else COLUMNS
    cloud.run(f"create external table t ({columns}, later bigint) stored as {kind} location '{location}'", database)
    result = cloud.run("select * from t order by id", database)
    assert result.rows == [[*row, None] for row in EXPECTED]
    assert cloud.run("select count(*) from t", database).rows == [["2"]]


def test_parquet_text_without_its_mark_is_text_all_the_same(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/bytes/"
    put(cloud, f"{location}part-0", parquet_bytes(pa.table({"name": pa.array(["Zoë".encode()], pa.binary())})))
    cloud.run(f"create external table t (name string) stored as parquet location '{location}'", database)
    assert cloud.run("select name from t", database).rows == [["Zoë"]]


def test_orc_is_read_by_position(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/orc/"
    put(cloud, f"{location}part-0", orc_bytes(ROWS.rename_columns(["_col0", "_col1", "_col2", "_col3"])))
    cloud.run(f"create external table t ({COLUMNS}) stored as orc location '{location}'", database)
    assert cloud.run("select id, name from t order by id", database).rows == [["1", "a,b"], ["2", None]]


def test_a_parquet_column_of_another_type_is_bad_data(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/bad/"
    put(cloud, f"{location}part-0", parquet_bytes(ROWS))
    cloud.run(f"create external table t (id int, name bigint) stored as parquet location '{location}'", database)
    assert cloud.run("select sum(id) from t", database).rows == [["3"]]
    reason = cloud.failure("select name from t", database)
    assert reason.startswith("HIVE_BAD_DATA: Field name's type string in parquet file s3://")


def test_parquet_files_of_one_table_may_have_other_columns_and_other_types(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/t/"
    one = pa.table(
        {"note": ["x"], "ID": pa.array([1], pa.int32()), "name": ["Zoë"], "amount": pa.array([5], pa.int32())}
    )
    other = pa.table(
        {"name": [None, "A"], "amount": pa.array([7, None], pa.int64()), "id": pa.array([2, 3], pa.int32())}
    )
    put(cloud, f"{location}part-0", parquet_bytes(one))
    put(cloud, f"{location}part-1", parquet_bytes(other))
    cloud.run(
        "create external table t (id int, name string, amount bigint, added date, note string)"
        f" stored as parquet location '{location}'",
        database,
    )
    assert cloud.run("select id, name from t order by 1", database).rows == [["1", "Zoë"], ["2", None], ["3", "A"]]
    assert cloud.run("select sum(id), count(*) from t where id > 1", database).rows == [["5", "2"]]
    assert cloud.run("select id, amount, note, added from t order by 1", database).rows == [
        ["1", "5", "x", None],
        ["2", "7", None, None],
        ["3", None, None, None],
    ]


def test_open_csv_reads_days_and_milliseconds(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/csv/"
    put(cloud, f"{location}part.csv", b'"1","a,b","20393","1761998400000"\n2,,1,0\n')
    cloud.run(
        "create external table t (id bigint, name string, day date, at timestamp)"
        f" row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' location '{location}'",
        database,
    )
    assert cloud.run("select * from t order by id", database).rows == [
        ["1", "a,b", "2025-11-01", "2025-11-01 12:00:00.000"],
        ["2", "", "1970-01-02", "1970-01-01 00:00:00.000"],
    ]


def test_an_empty_number_in_open_csv_is_bad_data(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/csv/"
    put(cloud, f"{location}part.csv", b"1,\n")
    cloud.run(
        "create external table t (id bigint, n int)"
        f" row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' location '{location}'",
        database,
    )
    assert cloud.failure("select n from t", database).startswith("HIVE_BAD_DATA: Error parsing field value ''")


def test_delimited_text_that_is_no_value_is_null(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/text/"
    put(
        cloud, f"{location}part.txt", b"1.5|yes|2026/11/01|2026-11-01T10:00:00\n7|TRUE|2026-11-01|2026-11-01 10:00:00\n"
    )
    cloud.run(
        "create external table t (n int, flag boolean, day date, at timestamp)"
        f" row format delimited fields terminated by '|' location '{location}'",
        database,
    )
    assert cloud.run("select * from t order by n", database).rows == [
        ["7", "true", "2026-11-01", "2026-11-01 10:00:00.000"],
        [None, None, None, None],
    ]


@pytest.mark.parametrize(
    "storage",
    [
        "row format serde 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'"
        " stored as inputformat 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat'"
        " outputformat 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'",
        "row format serde 'com.amazonaws.glue.serde.GrokSerDe' with serdeproperties ('input.format' = '%{WORD:id}')",
    ],
    ids=["symlinks", "grok"],
)
def test_what_cannot_be_read_is_refused(cloud: Any, database: str, storage: str) -> None:
    location = f"{cloud.lake}/{database}/refused/"
    put(cloud, f"{location}part-0", parquet_bytes(ROWS))
    cloud.run(f"create external table t (id int) {storage} location '{location}'", database)
    assert "not supported by the local cloud" in cloud.failure("select * from t", database)
