"""What means the same in DuckDB reaches it in DuckDB's own form, which takes less time; all else by Trino's rules."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from localcloud.athena.sql import macros
from localcloud.athena.sql.compile import Compiler
from localcloud.athena.sql.dialect import parse_query
from localcloud.lake.predicates import evaluator
from sqlglot import parse_one


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        macros.install(opened)
        yield opened


def compiled(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    return Compiler(None, connection.cursor(), "none").compile(parse_query(query)).sql  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("select date '2024-02-29'", "CAST('2024-02-29' AS DATE)"),
        ("select cast('2024-2-9' as date)", "TRINO_DATE_FROM_TEXT('2024-2-9')"),
        ("select substr(x, 2, 3) from (values 'abcdef') t(x)", 'SUBSTR("t"."x", 2, 3)'),
        ("select substring(x, 2) from (values 'abcdef') t(x)", 'SUBSTR("t"."x", 2)'),
        ("select substr(x, -2, 1) from (values 'abcdef') t(x)", 'TRINO_SUBSTR("t"."x", -2, 1)'),
        ("select substr(x, 0) from (values 'abcdef') t(x)", 'TRINO_SUBSTR("t"."x", 0)'),
        ("select avg(cast(x as double)) from (values decimal '1.10') t(x)", 'AVG("t"."x")'),
        ("select avg(cast(x as double)) from (values 1) t(x)", 'AVG(CAST("t"."x" AS DOUBLE))'),
        (
            "select avg(cast(x as double)) from (values decimal '1234567890123456789') t(x)",
            'AVG(CAST("t"."x" AS DOUBLE))',
        ),
    ],
)
def test_what_means_the_same_is_left_to_duckdb(connection: duckdb.DuckDBPyConnection, query: str, form: str) -> None:
    assert form in compiled(connection, query)


def test_an_average_of_decimals_as_doubles_is_exact(connection: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select avg(cast(x as double)), avg(cast(x as double)) filter (where x < 1),"
        " sum(avg(cast(x as double))) over ()"
        " from (values decimal '0.10', decimal '0.20', decimal '0.30', null, decimal '3.40') t(x)"
    )
    assert connection.execute(compiled(connection, query)).fetchall() == [(1.0, 0.2, 1.0)]


def test_a_date_that_does_not_exist_fails(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error):
        connection.execute(compiled(connection, "select cast('2023-02-29' as date)")).fetchall()


@pytest.mark.parametrize(
    "text", ["cast('2024-02-29' as date)", "0.05", "12345.678", "0.1234567890123456", "7", "-7", "'7'", "1e2"]
)
def test_a_constant_is_worth_what_duckdb_makes_of_it(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    (expected,) = connection.execute(f"select {text}").fetchone() or (None,)
    found: Any = evaluator(connection)(parse_one(text, dialect="duckdb"))
    assert (found, type(found)) == (expected, type(expected))
    assert not isinstance(found, Decimal) or found.as_tuple() == expected.as_tuple()
