"""NaN equals nothing and is neither above nor below anything, wherever it comes from."""

from __future__ import annotations

import duckdb
import pytest
from expressions import evaluate

BOTH = "(values (nan(), nan()), (1e0, nan()), (nan(), 1e0), (1e0, 1e0), (1e0, 2e0), (cast(null as double), nan()))"


@pytest.mark.parametrize(
    ("operator", "told"),
    [
        ("=", "[false, false, false, true, false, null]"),
        ("<>", "[true, true, true, false, true, null]"),
        ("<", "[false, false, false, false, true, null]"),
        ("<=", "[false, false, false, true, true, null]"),
        (">", "[false, false, false, false, false, null]"),
        (">=", "[false, false, false, true, false, null]"),
    ],
)
def test_a_comparison_is_told(connection: duckdb.DuckDBPyConnection, operator: str, told: str) -> None:
    sides = "array[nan(), 1e0, nan(), 1e0, 1e0, null], array[nan(), nan(), 1e0, 1e0, 2e0, nan()]"
    query = f"(select array_agg(a {operator} b order by n) from unnest({sides}) with ordinality as t(a, b, n))"
    assert evaluate(connection, query) == ("array(boolean)", told)


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("a = b", 1),
        ("a < b", 1),
        ("a >= b", 1),
        ("a <> b", 4),
        ("not (a = b)", 4),
        ("not (a < b)", 4),
        ("a > 0e0", 3),
        ("not (a > 0e0)", 2),
        ("a between 0e0 and b", 2),
        ("a in (b, 7e0)", 1),
        ("a not in (b, 7e0)", 4),
        ("a is not distinct from b", 2),
    ],
)
def test_rows_are_found(connection: duckdb.DuckDBPyConnection, condition: str, rows: int) -> None:
    query = f"(select count(*) from {BOTH} as t(a, b) where {condition})"
    assert evaluate(connection, query) == ("bigint", str(rows))


def test_a_join_finds_no_nan(connection: duckdb.DuckDBPyConnection) -> None:
    query = f"(select count(*) from {BOTH} as t(a, b) join {BOTH} as u(c, d) on a = d)"
    assert evaluate(connection, query) == ("bigint", "6")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("greatest(nan(), 1e0, 2e0)", "2.0"),
        ("least(nan(), 1e0, 2e0)", "1.0"),
        ("greatest(nan(), nan())", "NaN"),
        ("least(1e0, nan(), null)", "null"),
    ],
)
def test_the_greatest_and_the_least_pass_it_over(
    connection: duckdb.DuckDBPyConnection, expression: str, value: str
) -> None:
    assert evaluate(connection, expression) == ("double", value)
