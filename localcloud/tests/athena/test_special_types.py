"""Values of types that DuckDB has not: another time zone than UTC, times with a zone, IP addresses; TABLE(sequence)."""

from __future__ import annotations

import duckdb
import pytest
from localcloud.athena.results import result_text
from localcloud.athena.sql.compile import Compiler
from localcloud.athena.sql.dialect import parse_query
from localcloud.lake.errors import LakeError


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[str, ...]]:
    compiled = Compiler(None, connection.cursor(), "none").compile(parse_query(query))
    names = [column.name for column in compiled.columns]
    texts = ", ".join(result_text(f'"{name}"', kind) for name, kind in zip(names, compiled.shown, strict=True))
    return connection.execute(f"SELECT {texts} FROM ({compiled.sql})").fetchall()


def test_a_zone_is_kept_through_subqueries_and_shown(connection: duckdb.DuckDBPyConnection) -> None:
    query = (
        "with t as (select timestamp '2026-07-01 12:00:00 Europe/Berlin' as x)"
        " select x, cast(x as varchar) as y, x at time zone 'America/New_York' as z from t where x < now()"
    )
    assert rows(connection, query.replace("< now()", "> timestamp '2000-01-01 00:00:00 UTC'")) == [
        (
            "2026-07-01 12:00:00 Europe/Berlin",
            "2026-07-01 12:00:00 Europe/Berlin",
            "2026-07-01 06:00:00 America/New_York",
        )
    ]


def test_the_result_says_no_zone_in_its_type(connection: duckdb.DuckDBPyConnection) -> None:
    compiled = Compiler(None, connection.cursor(), "none").compile(
        parse_query("select timestamp '2026-07-01 12:00:00.000 Asia/Tokyo' as x")
    )
    assert [column.type for column in compiled.columns] == ["timestamp(3) with time zone"]


@pytest.mark.parametrize(
    "query",
    [
        "select hour(timestamp '2026-07-01 12:00:00 Asia/Tokyo') as x",
        "select timestamp '2026-07-01 12:00:00 Asia/Tokyo' + interval '1' day as x",
        "select array[timestamp '2026-07-01 12:00:00 Asia/Tokyo'] as x",
        "select timestamp '2026-07-01 12:00:00 Asia/Tokyo' as x union all select timestamp '2026-07-01 12:00:00 UTC'",
        "select time '10:00:00 +01:00' < time '09:30:00 +00:00' as x",
        "select ipaddress '9.0.0.1' < ipaddress '10.0.0.1' as x",
        "select max(ipaddress '9.0.0.1') as x",
    ],
)
def test_what_would_need_more_than_is_kept_is_refused(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    with pytest.raises(LakeError, match="not supported by the local cloud"):
        rows(connection, query)


@pytest.mark.parametrize(
    "text", ["2026-07-01 00:00:00-0", "2026-07-01 00:00:00 +00", "2026-07-01 00:00Z", "2026-07-01"]
)
def test_utc_is_read_however_it_is_written(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    query = f"select to_unixtime(cast('{text}' as timestamp with time zone)) as x, to_unixtime(timestamp '{text}') as y"
    assert rows(connection, query) == [("1.782864E9", "1.782864E9")]


def test_equal_addresses_are_equal_however_they_are_written(connection: duckdb.DuckDBPyConnection) -> None:
    query = "select ipaddress '2001:0DB8:0::1' = ipaddress '2001:db8::1' as x, ipaddress '::ffff:10.0.0.1' as y"
    assert rows(connection, query) == [("true", "10.0.0.1")]


@pytest.mark.parametrize("literal", ["timestamp '2026-13-01 00:00:00 Asia/Tokyo'", "time '25:00:00 +01:00'"])
def test_a_wrong_literal_is_invalid(connection: duckdb.DuckDBPyConnection, literal: str) -> None:
    with pytest.raises(LakeError, match="is not a valid"):
        rows(connection, f"select {literal} as x")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("table(sequence(start => 1, stop => 3))", [("1",), ("2",), ("3",)]),
        ("table(sequence(stop => 4, step => 2))", [("0",), ("2",), ("4",)]),
        ("table(sequence(0, 1)) as s(sequential_number)", [("0",), ("1",)]),
    ],
)
def test_the_table_function_sequence(
    connection: duckdb.DuckDBPyConnection, source: str, expected: list[tuple[str, ...]]
) -> None:
    assert rows(connection, f"select sequential_number from {source} order by 1") == expected
