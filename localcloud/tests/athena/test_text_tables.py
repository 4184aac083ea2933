"""Text tables: lines whole and in file order, compression, partitions and the objects that are read."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

REGEX_SERDE = "org.apache.hadoop.hive.serde2.RegexSerDe"
PROJECTION = {
    "projection.enabled": "true",
    "projection.dt.type": "date",
    "projection.dt.format": "yyyy-MM-dd",
    "projection.dt.range": "2026-11-01,2026-11-30",
    "projection.hr.type": "integer",
    "projection.hr.range": "0,23",
    "projection.hr.digits": "2",
}


@pytest.fixture
def landing(cloud: Any, database: str) -> str:
    """A landing table of lines with projected partitions; returns the URI of its location."""
    location = f"{cloud.lake}/{database}/lines/"
    cloud.glue.create_table(
        DatabaseName=database,
        TableInput={
            "Name": "lines",
            "TableType": "EXTERNAL_TABLE",
            "Parameters": PROJECTION,
            "PartitionKeys": [{"Name": "dt", "Type": "string"}, {"Name": "hr", "Type": "string"}],
            "StorageDescriptor": {
                "Columns": [{"Name": "line", "Type": "string"}],
                "Location": location,
                "SerdeInfo": {"SerializationLibrary": REGEX_SERDE, "Parameters": {"input.regex": "(?s)(.*)"}},
            },
        },
    )
    return location


def put(cloud: Any, uri: str, body: bytes) -> str:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    cloud.s3.put_object(Bucket=bucket, Key=key, Body=body)
    return uri


def test_lines_are_whole_and_numbered_in_file_order(cloud: Any, database: str, landing: str) -> None:
    lines = [f'{{"n": {n}, "text": "a\\tb,\\"{n}\\""}}' for n in range(30_000)]
    half = len(lines) // 2
    members = [gzip.compress(("\n".join(part) + "\n").encode()) for part in (lines[:half], lines[half:])]
    path = put(cloud, f"{landing}dt=2026-11-05/hr=07/a.gz", b"".join(members))
    result = cloud.run(
        "select count(*), sum(if(cast(json_extract_scalar(line, '$.n') as bigint) = number - 1, 1, 0)),"
        ' min("$path"), min(hr)'
        ' from (select line, "$path", hr, row_number() over (partition by "$path") as number from lines'
        " where dt = '2026-11-05' and hr = '07')",
        database,
    )
    assert result.rows == [["30000", "30000", path, "07"]]


def test_where_lines_are_chosen_the_chosen_are_numbered(cloud: Any, database: str, landing: str) -> None:
    put(cloud, f"{landing}dt=2026-11-05/hr=08/a.gz", gzip.compress(b"a\nb\na\nc\n"))
    result = cloud.run(
        'select line, row_number() over (partition by "$path") from lines'
        " where dt = '2026-11-05' and hr = '08' and line <> 'a' order by 1",
        database,
    )
    assert result.rows == [["b", "1"], ["c", "2"]]


def test_blank_lines_and_line_ends_count_as_hadoop_counts_them(cloud: Any, database: str, landing: str) -> None:
    put(cloud, f"{landing}dt=2026-11-06/hr=00/a.gz", gzip.compress(b"one\r\n\ntwo\n  \nlast without end"))
    result = cloud.run(
        "select row_number() over (partition by \"$path\") as n, line from lines where dt = '2026-11-06' order by 1",
        database,
    )
    assert [row[1] for row in result.rows] == ["one", "", "two", "  ", "last without end"]


def test_malformed_utf8_is_replaced_not_lost(cloud: Any, database: str, landing: str) -> None:
    put(cloud, f"{landing}dt=2026-11-06/hr=01/a.gz", gzip.compress(b"ok\n\xff\xfe\n"))
    result = cloud.run("select line from lines where dt = '2026-11-06' and hr = '01' order by line", database)
    assert result.rows == [["ok"], ["\ufffd\ufffd"]]


@pytest.mark.parametrize("body", [b"no gzip at all", gzip.compress(b"x" * 100_000)[:60]], ids=["not gzip", "truncated"])
def test_a_broken_object_fails_the_query_by_name(cloud: Any, database: str, landing: str, body: bytes) -> None:
    put(cloud, f"{landing}dt=2026-11-07/hr=00/bad.gz", body)
    reason = cloud.failure("select count(*) from lines where dt = '2026-11-07'", database)
    assert reason.startswith("HIVE_BAD_DATA: ")
    assert "bad.gz" in reason


def test_only_the_named_objects_are_read(cloud: Any, database: str, landing: str) -> None:
    paths = [
        put(cloud, f"{landing}dt=2026-11-08/hr=0{hour}/{name}.gz", gzip.compress(f"{hour}{name}\n".encode() * 50))
        for hour in (1, 2)
        for name in ("a", "b")
    ]
    put(cloud, f"{landing}dt=2026-11-08/hr=01/broken.gz", b"this would fail the query")
    wanted = f"('{paths[1]}', '{paths[2]}', '{landing}dt=2026-11-08/hr=03/absent.gz')"
    result = cloud.run(
        f"select distinct line from lines where dt = '2026-11-08' and \"$path\" in {wanted} order by 1", database
    )
    assert result.rows == [["1b"], ["2a"]]
    sizes = cloud.objects(f"{landing}dt=2026-11-08/")
    read = [size for key, size in sizes.items() if key.endswith(("hr=01/b.gz", "hr=02/a.gz"))]
    assert result.execution["Statistics"]["DataScannedInBytes"] == sum(read)


def test_partitions_outside_the_condition_are_not_read(cloud: Any, database: str, landing: str) -> None:
    put(cloud, f"{landing}dt=2026-11-09/hr=01/a.gz", gzip.compress(b"x\n"))
    put(cloud, f"{landing}dt=2026-11-10/hr=01/broken.gz", b"broken")
    assert cloud.run(
        "select line, dt, hr from lines where dt between '2026-11-01' and '2026-11-09'", database
    ).rows == [["x", "2026-11-09", "01"]]


@pytest.mark.parametrize(
    ("storage", "body"),
    [
        ("row format delimited fields terminated by '|'", b"1|a,b|\\N\n2||7\n"),
        (
            "row format serde 'org.openx.data.jsonserde.JsonSerDe'",
            json.dumps({"ID": 1, "name": "a,b"}).encode() + b'\n{"id": 2, "name": "", "n": 7}\n',
        ),
    ],
    ids=["delimited", "json"],
)
def test_serdes_give_typed_columns(cloud: Any, database: str, storage: str, body: bytes) -> None:
    location = f"{cloud.lake}/{database}/serde/"
    put(cloud, f"{location}part.txt", body)
    cloud.run(f"create external table s (id bigint, name string, n int) {storage} location '{location}'", database)
    result = cloud.run("select id, name, n from s order by id", database)
    assert result.types == ["bigint", "varchar", "integer"]
    assert result.rows == [["1", "a,b", None], ["2", "", "7"]]


def test_partitions_that_are_not_registered_are_invisible(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/registered/"
    for day in ("a", "b"):
        put(cloud, f"{location}p={day}/x.txt", f"{day}\n".encode())
    cloud.run(f"create external table r (v string) partitioned by (p string) location '{location}'", database)
    assert cloud.run("select count(*) from r", database).rows == [["0"]]
    cloud.run("alter table r add partition (p = 'a')", database)
    assert cloud.run("select v, p from r", database).rows == [["a", "a"]]
    assert cloud.run("show partitions r", database).rows == [["p=a"]]
