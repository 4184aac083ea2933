"""However the engine gets at an object's bytes, it reads what S3 has now, and meets the faults that S3 has."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import urllib3
from localcloud.faults.gate import ADMIN_PATH


@pytest.fixture
def faults(cloud: Any) -> Iterator[str]:
    """The address of the fault rules of S3; they are cleared in the end."""
    address = cloud.s3.meta.endpoint_url + ADMIN_PATH
    yield address
    urllib3.request("DELETE", address)


def put_rows(cloud: Any, uri: str, values: list[int]) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"n": pa.array(values, pa.int64())}), sink)
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    cloud.s3.put_object(Bucket=bucket, Key=key, Body=sink.getvalue())


@pytest.fixture
def location(cloud: Any, database: str) -> str:
    location = f"{cloud.lake}/{database}/t/"
    cloud.run(f"create external table t (n bigint) stored as parquet location '{location}'", database)
    return location


def test_a_query_reads_the_objects_that_are_there_now(cloud: Any, database: str, location: str) -> None:
    put_rows(cloud, f"{location}a b.parquet", [1])
    assert cloud.run('select n, "$path" from t', database).rows == [["1", f"{location}a b.parquet"]]
    put_rows(cloud, f"{location}a b.parquet", [2])
    put_rows(cloud, f"{location}c=ü.parquet", [3])
    assert cloud.run('select n, "$path" from t order by n', database).rows == [
        ["2", f"{location}a b.parquet"],
        ["3", f"{location}c=ü.parquet"],
    ]
    bucket, _, key = f"{location}a b.parquet".removeprefix("s3://").partition("/")
    cloud.s3.delete_object(Bucket=bucket, Key=key)
    assert cloud.run("select count(*) from t where n = 2", database).rows == [["0"]]


def test_a_fault_rule_for_objects_meets_the_engine(cloud: Any, database: str, location: str, faults: str) -> None:
    put_rows(cloud, f"{location}a.parquet", [1])
    assert cloud.run("select n from t", database).rows == [["1"]]
    rule = {"kind": "error", "service": "s3", "operation": "GetObject", "origin": "engine", "match": "a.parquet"}
    assert urllib3.request("POST", faults, json=rule).status == 200
    assert "500" in cloud.failure("select n from t", database)


def test_a_fault_rule_for_tables_meets_the_engine(cloud: Any, database: str, location: str, faults: str) -> None:
    put_rows(cloud, f"{location}a.parquet", [1])
    assert cloud.run("select n from t", database).rows == [["1"]]
    rule = {"kind": "error", "service": "glue", "operation": "GetTable", "origin": "engine"}
    assert urllib3.request("POST", faults, json=rule).status == 200
    assert "GetTable" in cloud.failure("select n from t", database)


def test_a_common_table_expression_cannot_take_the_place_of_what_the_engine_names(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/lines/"
    cloud.run(f"create external table lines (line string) location '{location}'", database)
    bucket, _, key = f"{location}a.txt".removeprefix("s3://").partition("/")
    cloud.s3.put_object(Bucket=bucket, Key=key, Body=b"from the file\n")
    names = ", ".join(f"\"_text_{number}\" as (select 'x' as line)" for number in range(200))
    assert cloud.run(f"with {names} select line from lines", database).rows == [["from the file"]]


def test_many_objects_named_by_their_path_are_found_among_others(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/named/"
    cloud.run(f"create external table named (line string) location '{location}'", database)
    names = [*(f"{number:03}.txt" for number in range(60)), "deeper/000.txt", "ü.txt", "\U0001f600.txt"]
    for name in names:
        bucket, _, key = f"{location}{name}".removeprefix("s3://").partition("/")
        cloud.s3.put_object(Bucket=bucket, Key=key, Body=f"{name}\n".encode())
    # Twelve in a row, others far behind what a page of twice as many holds, and two that are not there.
    wanted = {*names[3:15], names[50], *names[-3:]}
    asked = ", ".join(f"'{location}{name}'" for name in sorted({*wanted, "009a.txt", "055a.txt"}))
    found = cloud.run(f'select line from named where "$path" in ({asked})', database).rows
    assert sorted(row[0] for row in found) == sorted(wanted)
