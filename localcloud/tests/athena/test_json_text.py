"""JSON documents are kept as Trino keeps them, by whichever of the two ways is fast enough."""

from __future__ import annotations

import json
import random

import duckdb
import pytest
from localcloud.athena.sql import macros
from localcloud.athena.sql.json_text import json_sorted

KEYS = ("a", "b", "\u00e4", "\uffee", "\U0001f600", "", "A", 'a"b', "z\n")
VALUES = (1, 1.5, None, True, "x", "{", '\u00fc"', 10**25, "\U0001f600")

CORNERS = (
    '{"b":1,"a":1,"a":2}',
    '{"b":{"a":1,"a":2}}',
    "[]",
    '[{"b":1,"a":2}]',
    ' { "b" : 1 , "a" : 2 } ',
    '{"a": 1.50, "b": 1e400, "A": [1, 2.0]}',
    '{"\\u0061": 1, "a": 2}',
    '{"": 1, "": 2}',
    '{"a": 1, "\\u0001": 2, "A": 3}',
    '{"a": "nan, inf ,}"}',
    '"{"',
    "null",
)


def value(chance: random.Random, depth: int = 0) -> object:
    kind = chance.random()
    if kind < 0.2 and depth < 2:
        return {chance.choice(KEYS): value(chance, depth + 1) for _ in range(chance.randint(0, 3))}
    if kind < 0.3 and depth < 2:
        return [value(chance, depth + 1) for _ in range(chance.randint(0, 3))]
    return chance.choice(VALUES)


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    macros.install(connection)
    return connection


@pytest.fixture(scope="module")
def documents() -> list[str]:
    chance = random.Random(3)
    made = ({chance.choice(KEYS): value(chance) for _ in range(chance.randint(0, 5))} for _ in range(500))
    written = [json.dumps(document, ensure_ascii=chance.random() < 0.5) for document in made]
    return [*written, *CORNERS]


def test_sql_and_python_keep_the_same_document(engine: duckdb.DuckDBPyConnection, documents: list[str]) -> None:
    kept = engine.execute("select x, cast(trino_json_parse(x) as varchar) from unnest(?) t(x)", [documents]).fetchall()
    assert len(kept) == len(documents)
    for document, text in kept:
        assert text == engine.execute("select cast(json(?) as varchar)", [json_sorted(document)]).fetchone()[0]


@pytest.mark.parametrize("text", ["{", "nan", '{"a": NaN}', "[1,]", None])
def test_what_is_no_json_is_null_when_it_is_only_tried(engine: duckdb.DuckDBPyConnection, text: str | None) -> None:
    assert engine.execute("select trino_json_parse_or_null(?)", [text]).fetchone() == (None,)


def test_a_document_that_is_not_sorted_has_the_same_members(
    engine: duckdb.DuckDBPyConnection, documents: list[str]
) -> None:
    def members(parsed: str) -> list[object]:
        taken = ", ".join(f"{f}(d, '$.{k}')" for f in ("json_extract", "json_extract_string") for k in ("a", "b", "A"))
        query = f"select {taken}, json_keys(d), json_type(d) from (select {parsed}(x) d from unnest(?) t(x))"
        return [(*row[:-2], set(row[-2]), row[-1]) for row in engine.execute(query, [documents]).fetchall()]

    assert members("trino_json_parse_unsorted") == members("trino_json_parse")
    assert members("trino_json_parse_unsorted_or_null") == members("trino_json_parse")
