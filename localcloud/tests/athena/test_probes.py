"""Expressions with the value and type that a real Trino 435 gave them: ours are the same or refused, never different.

trino_435.json was recorded with Trino's LocalQueryRunner: `SELECT typeof(x), x FROM (SELECT <expression> AS x)`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from localcloud.athena import errors, results
from localcloud.athena.sql import macros
from localcloud.athena.sql.compile import Compiler
from localcloud.athena.sql.dialect import parse_query
from localcloud.lake.errors import LakeError

PROBES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "trino_435.json").read_text())
KNOWN_DEVIATIONS = {
    "upper('straße')": "DuckDB has a capital sharp s",
    "regexp_like('a' || chr(10), 'a$')": "RE2's $ is the end of the text only",
    'json_parse(\'{"b": 1, "a": [1, 2.0, "x", null, true]}\')': "keys keep their order, Trino sorts them",
    'json_format(json_parse(\'{"b":1,"a":2}\'))': "keys keep their order, Trino sorts them",
    "json_extract_scalar('{\"a\":1.50}', '$.a')": "a fraction loses its last zeros",
    "typeof('abc')": "the length of varchar(n) is not followed through expressions",
}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    macros.install(database)
    yield database
    database.close()


def evaluate(connection: duckdb.DuckDBPyConnection, expression: str) -> tuple[str, str]:
    """Type and text of an expression, 'null' for NULL; raises LakeError."""
    cursor = connection.cursor()
    try:
        compiled = Compiler(None, cursor, "none").compile(parse_query(f"SELECT x FROM (SELECT {expression} AS x)"))
        kind = compiled.columns[0].type
        text = results.result_text("x", kind)
        row = cursor.execute(f"SELECT {text} FROM ({compiled.sql}) AS r(x)").fetchone()
    except duckdb.Error as error:
        raise errors.from_duckdb(error) from error
    assert row is not None
    return kind, "null" if row[0] is None else row[0]


def comparable(kind: str) -> str:
    """A type without the lengths of varchar, which are not followed through expressions."""
    kind = re.sub(r"varchar\(\d+\)", "varchar", kind)
    kind = re.sub(r"field\d+ ", "", kind)
    return kind.replace('"', "").replace(" ", "")


def plain(text: str) -> str:
    """A row prints as [1, a] in Trino's client and as {x=1, y=a} in Athena's results."""
    return re.sub(r"\{?(?:field\d|[xy])=([^,}]*)\}?", r"\1", text).strip("[]")


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
        assert "not supported by the local cloud" in str(error)
        return
    assert comparable(kind) == comparable(probe["type"])
    if probe["type"].startswith("row("):
        assert plain(value) == plain(probe["value"])
    else:
        assert value == probe["value"]


def test_few_probes_are_refused(connection: duckdb.DuckDBPyConnection) -> None:
    refused = []
    for probe in PROBES:
        try:
            evaluate(connection, probe["expression"])
        except LakeError as error:
            if "error" not in probe and "not supported by the local cloud" in str(error):
                refused.append(probe["expression"])
    assert len(refused) <= 12, refused


@pytest.mark.parametrize(
    ("text", "cells"),
    [('"a","b""c",\n', ["a", 'b"c', None]), ('"",\n', ["", None]), ("\n", [None]), ('"x\ny"\n', ["x\ny"])],
)
def test_result_files_tell_null_from_the_empty_text(text: str, cells: list[str | None]) -> None:
    assert list(results._parse_csv(text)) == [cells]
