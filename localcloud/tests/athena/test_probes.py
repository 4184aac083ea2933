"""Expressions with the value and type that a real Trino 435 gave them: ours are the same or refused, never different.

trino_435.json is recorded by localcloud/probes/trino: `SELECT typeof(x), x FROM (SELECT <expression> AS x)`. A decimal
is written DECIMAL '1.5' in it, since a bare 1.5 is a double on Athena.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from expressions import evaluate
from localcloud.athena.deviations import DEVIATIONS
from localcloud.lake.errors import LakeError

PROBES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "trino_435.json").read_text())
KNOWN_DEVIATIONS = {deviation.subject: deviation.here for deviation in DEVIATIONS}
MOST_REFUSED = 230
"""Expressions with a value that may be refused; less is better."""

FAIL_WHERE_TRINO_ANSWERS = (
    "-9223372036854775808 % -1",
    "from_iso8601_timestamp('2026-W02')",
    "from_iso8601_date('2026-W02-3')",
    "from_iso8601_date('2026-123')",
    "date_diff('hour', time '10:00:00', time '12:30:00')",
    "date_format(timestamp '2026-01-02 03:04:05', '%q%%')",
    "cast(json '1.7' as bigint)",
    "normalize('é', NFD)",
    "from_utf8(x'ff')",
    "from_utf8(x'ff41', '?')",
    "regexp_like('abab', '(ab)\\1')",
    "regexp_like('foobar', 'foo(?=bar)')",
    "regexp_like('a b', '\\p{Space}')",
    "regexp_extract('a1b2', '(?<letter>[a-z])(\\d)', 2)",
    "mod(5e0, 0e0)",
    "sqrt(-1e0)",
    "acos(2e0)",
    "1_000",
    "(select map_agg(x, y) from (values ('a', 1), ('a', 2)) t(x, y))",
    "(select approx_percentile(x, array[decimal '0.5', decimal '0.9']) from (values 1, 2, 3, 4) t(x))",
)
"""Expressions that end in another error than that they are not supported; none of them gives a wrong value."""


def comparable(kind: str) -> str:
    """A type without the lengths of varchar, which are not followed through expressions."""
    kind = re.sub(r"varchar\(\d+\)", "varchar", kind)
    kind = re.sub(r"field\d+ ", "", kind)
    return kind.replace('"', "").replace(" ", "")


def plain(text: str) -> str:
    """A row prints as [1, a] in Trino's client and as {x=1, y=a} in Athena's results."""
    return re.sub(r"(?:field\d+|[xy])=", "", text).replace("{", "[").replace("}", "]")


@pytest.mark.parametrize("probe", PROBES, ids=[probe["expression"] for probe in PROBES])
def test_expression_is_as_in_trino_or_refused(connection: duckdb.DuckDBPyConnection, probe: dict[str, Any]) -> None:
    expression = probe["expression"]
    if expression in KNOWN_DEVIATIONS:
        pytest.xfail(KNOWN_DEVIATIONS[expression])
    if "error" in probe:
        with pytest.raises(LakeError):
            evaluate(connection, expression)
        return
    try:
        kind, value = evaluate(connection, expression)
    except LakeError as error:
        assert expression in FAIL_WHERE_TRINO_ANSWERS or "not supported by the local cloud" in str(error)
        return
    assert comparable(kind) == comparable(probe["type"])
    if "row(" in probe["type"]:
        assert plain(value) == plain(probe["value"])
    else:
        assert value == probe["value"]


def test_most_probes_that_have_a_value_are_answered(connection: duckdb.DuckDBPyConnection) -> None:
    valued = [probe["expression"] for probe in PROBES if "error" not in probe]
    refused = [expression for expression in valued if _is_refused(connection, expression)]
    assert len(refused) <= MOST_REFUSED, refused


def _is_refused(connection: duckdb.DuckDBPyConnection, expression: str) -> bool:
    try:
        evaluate(connection, expression)
    except LakeError as error:
        return "not supported by the local cloud" in str(error)
    return False


@pytest.mark.parametrize(
    "name",
    ["list_value", "strftime", "string_agg", "ifnull", "len", "instr", "read_csv", "getenv", "epoch_ms", "list_sum"],
)
def test_a_function_of_duckdb_that_trino_has_not_is_refused(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    with pytest.raises(LakeError, match="not registered or not supported by the local cloud"):
        evaluate(connection, f"{name}('a')")


@pytest.mark.parametrize(
    ("expression", "value"),
    [("1 / 0.0", "Infinity"), ("1 / -0.0", "-Infinity"), ("0 / 0.0", "NaN"), ("0.1 + 0.2", "0.30000000000000004")],
)
def test_a_number_with_a_point_is_a_double_as_on_athena(
    connection: duckdb.DuckDBPyConnection, expression: str, value: str
) -> None:
    assert evaluate(connection, expression) == ("double", value)


def test_a_number_with_a_point_compares_exactly_with_a_decimal(connection: duckdb.DuckDBPyConnection) -> None:
    assert evaluate(connection, "decimal '0.07' between 0.05 and 0.07") == ("boolean", "true")


@pytest.mark.parametrize(
    ("call", "kind", "least", "most"),
    [("random(10)", "integer", 0, 9), ("rand(-3, 4)", "integer", -3, 3), ("random(bigint '7')", "bigint", 0, 6)],
)
def test_random_numbers_lie_from_the_lower_bound_to_below_the_upper(
    connection: duckdb.DuckDBPyConnection, call: str, kind: str, least: int, most: int
) -> None:
    drawn = f"(select {{}} from (select {call} as n from unnest(sequence(1, 1000)) as t(x)))"
    assert evaluate(connection, drawn.format("min(n)")) == (kind, f"{least}")
    assert evaluate(connection, drawn.format("max(n)")) == (kind, f"{most}")


@pytest.mark.parametrize("call", ["random(0)", "random(7, 7)"])
def test_bounds_that_leave_no_number_are_an_error(connection: duckdb.DuckDBPyConnection, call: str) -> None:
    with pytest.raises(LakeError, match="INVALID_FUNCTION_ARGUMENT"):
        evaluate(connection, call)
