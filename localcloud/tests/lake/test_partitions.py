"""Projected partitions, Iceberg partition transforms and conditions that prune."""

from __future__ import annotations

import struct
from types import SimpleNamespace
from typing import Any

import duckdb
import mmh3
import pytest
from localcloud.lake import types
from localcloud.lake.errors import LakeError
from localcloud.lake.glue import Column, LakeTable
from localcloud.lake.objects import named_paths
from localcloud.lake.partition_sql import _MURMUR, parse_spec
from localcloud.lake.partitions import find_partitions
from localcloud.lake.predicates import evaluator, to_iceberg
from pyiceberg.schema import Schema
from pyiceberg.types import DecimalType, LongType, NestedField, StringType, TimestampType
from sqlglot import exp, parse_one

SCHEMA = Schema(
    NestedField(1, "id", LongType()),
    NestedField(2, "s", StringType()),
    NestedField(3, "ts", TimestampType()),
    NestedField(4, "d", DecimalType(10, 2)),
)


@pytest.fixture
def cursor() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def conditions(*texts: str) -> list[exp.Expression]:
    return [parse_one(text, dialect="duckdb") for text in texts]


def projected(cursor: duckdb.DuckDBPyConnection, parameters: dict[str, str], *where: str) -> list[str]:
    keys = tuple(Column(key, "varchar") for key in ("dt", "hr") if f"projection.{key}.type" in parameters)
    table = LakeTable("d", "t", "hive", (), keys, "s3://b/t", parameters={"projection.enabled": "true", **parameters})
    lake: Any = SimpleNamespace()
    return [partition.location for partition in find_partitions(lake, cursor, table, conditions(*where))]


def test_projection_makes_the_folders_of_dates_and_hours(cursor: duckdb.DuckDBPyConnection) -> None:
    parameters = {
        "projection.dt.type": "date",
        "projection.dt.format": "yyyy-MM-dd",
        "projection.dt.range": "2026-01-30,2026-02-02",
        "projection.hr.type": "integer",
        "projection.hr.range": "0,23",
        "projection.hr.digits": "2",
    }
    assert len(projected(cursor, parameters)) == 4 * 24
    assert projected(cursor, parameters, "dt > '2026-02-01'", "hr IN ('07', '25')") == ["s3://b/t/dt=2026-02-02/hr=07/"]


def test_projection_follows_a_location_template(cursor: duckdb.DuckDBPyConnection) -> None:
    parameters = {
        "projection.dt.type": "enum",
        "projection.dt.values": "a,b",
        "storage.location.template": "s3://b/other/${dt}",
    }
    assert projected(cursor, parameters) == ["s3://b/other/a/", "s3://b/other/b/"]


def test_an_injected_key_needs_its_value(cursor: duckdb.DuckDBPyConnection) -> None:
    parameters = {"projection.dt.type": "injected"}
    assert projected(cursor, parameters, "dt = 'x'") == ["s3://b/t/dt=x/"]
    with pytest.raises(LakeError, match="static equality"):
        projected(cursor, parameters)


def test_named_paths() -> None:
    assert named_paths(conditions("\"$path\" IN ('a', 'b')", "x = 1")) == {"a", "b"}
    assert named_paths(conditions("\"$path\" = 'a' OR x = 1")) is None


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("id = 3", "EqualTo"),
        ("3 < id", "GreaterThan"),
        ("ts >= TIMESTAMP '2026-01-01 00:00:00' AND s = 'x'", "And"),
        ("id = 1 OR lower(s) = 'x'", "AlwaysTrue"),
        ("id < 1.5", "AlwaysTrue"),
        ("d = 1.234", "AlwaysTrue"),
        ("ts > DATE '2026-01-01'", "GreaterThan"),
        ("NOT id = 3", "AlwaysTrue"),
        ("s IS NULL", "IsNull"),
        ("id IN (1, 2)", "Or"),
        ("id = s", "AlwaysTrue"),
    ],
)
def test_only_exact_conditions_prune_iceberg_files(
    cursor: duckdb.DuckDBPyConnection, condition: str, expected: str
) -> None:
    found = to_iceberg(conditions(condition), SCHEMA, evaluator(cursor))
    assert type(found).__name__ == expected


@pytest.mark.parametrize("text", ["1200 + 11", "(3) - 4", "-5", "-(2 + 3)", "9999999999", "1.5", "-2147483648"])
def test_a_value_is_what_duckdb_computes(cursor: duckdb.DuckDBPyConnection, text: str) -> None:
    found = evaluator(cursor)(parse_one(text, dialect="duckdb"))
    assert (found,) == cursor.execute(f"SELECT {text}").fetchone()


@pytest.mark.parametrize("text", ["2147483647 + 1", "-2147483647 - 2"])
def test_a_sum_that_duckdb_refuses_is_refused(cursor: duckdb.DuckDBPyConnection, text: str) -> None:
    with pytest.raises(duckdb.OutOfRangeException):
        evaluator(cursor)(parse_one(text, dialect="duckdb"))


@pytest.mark.parametrize("value", ["", "a", "abcd", "abcdefg", "héllo wörld 12345", "x" * 100])
def test_murmur3_of_text(cursor: duckdb.DuckDBPyConnection, value: str) -> None:
    cursor.execute(_MURMUR)
    row = cursor.execute("SELECT _murmur3(hex(encode(?)))", [value]).fetchone()
    assert row == (mmh3.hash(value.encode(), signed=False),)


@pytest.mark.parametrize("value", [0, 34, -1, 2**62, -(2**62)])
def test_murmur3_of_numbers(cursor: duckdb.DuckDBPyConnection, value: int) -> None:
    cursor.execute(_MURMUR)
    row = cursor.execute("SELECT _murmur3(_bytes_of_long(?::BIGINT))", [value]).fetchone()
    assert row == (mmh3.hash(struct.pack("<q", value), signed=False),)


def test_partitioning_as_athena_writes_it() -> None:
    spec = parse_spec(["day(ts)", "bucket(s, 16)", "BUCKET(8, `id`)", "truncate(4, s)", "id"], SCHEMA)
    assert [str(field.transform) for field in spec.fields] == [
        "day",
        "bucket[16]",
        "bucket[8]",
        "truncate[4]",
        "identity",
    ]
    with pytest.raises(LakeError, match="does not exist"):
        parse_spec(["day(nope)"], SCHEMA)
    with pytest.raises(LakeError, match="Invalid partition field"):
        parse_spec(["week(ts)"], SCHEMA)


@pytest.mark.parametrize(
    ("hive", "trino"),
    [
        ("string", "varchar"),
        ("decimal(10,2)", "decimal(10,2)"),
        ("array<struct<a:int,b:map<string,bigint>>>", "array(row(a integer, b map(varchar, bigint)))"),
        ("binary", "varbinary"),
    ],
)
def test_types_go_to_glue_and_back(hive: str, trino: str) -> None:
    assert types.from_hive(hive) == trino
    assert types.to_hive(trino) == hive
