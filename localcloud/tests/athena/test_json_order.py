"""A document stays unsorted only where nobody sees the order of its keys."""

from __future__ import annotations

import duckdb
import pytest
from localcloud.athena.sql import macros
from localcloud.athena.sql.dialect import parse_query
from localcloud.athena.sql.inference import infer
from localcloud.athena.sql.json_members import share_passes
from localcloud.athena.sql.json_order import leave_unsorted
from localcloud.athena.sql.rewrite import rewrite
from localcloud.athena.sql.shape import name_outputs, qualified

DOCUMENT = '{"b": "x\\"y", "a": null, "c": 1.5}'
PARSED = f"with t as (select try(json_parse(x)) as d from (values '{DOCUMENT}', '{{', null) as v (x))"


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    macros.install(connection)
    return connection


def compiled(text: str) -> str:
    query = parse_query(text)
    name_outputs(query)
    query = qualified(query, {})
    infer(query, {})
    leave_unsorted(query)
    query = rewrite(query)
    share_passes(query)
    return query.sql(dialect="duckdb")


@pytest.mark.parametrize(
    "query",
    [
        "select json_extract(d, '$.b'), json_size(d, '$') from t where d is not null",
        "select json_extract_scalar(e, '$.b') from (select coalesce(d, json_parse('{}')) as e from t)",
        "select json_size(if(d is null, json_parse('[]'), d), '$') from t",
    ],
)
def test_it_stays_unsorted_where_members_are_taken(query: str) -> None:
    sql = compiled(f"{PARSED} {query}").lower()
    assert "trino_json_parse_unsorted" in sql
    assert "json_format" not in sql


@pytest.mark.parametrize(
    "query",
    [
        "select json_format(d) from t",
        "select d from t",
        "select json_extract(d, '$') from t",
        "select cast(d as map(varchar, json)) from t",
        "select json_format(e) from (select coalesce(d, json_parse('{}')) as e from t)",
        "select transform(array[d], e -> json_format(e)) from t",
        "select (select json_format(d)) from t",
        "select d, count(*) from t group by d",
        "select json_format(d) from (select d from t union all select d from t)",
        "select json_format(e) from (select distinct d as e from t)",
    ],
)
def test_it_is_sorted_where_its_order_is_seen(engine: duckdb.DuckDBPyConnection, query: str) -> None:
    rows = engine.execute(compiled(f"{PARSED} {query}")).fetchall()
    shown = next(str(row[0]) for row in rows if row[0] is not None)
    assert shown.index("a") < shown.index("b") < shown.index("c")


@pytest.mark.parametrize("part", ["select distinct d from t", "select d from t group by d"])
def test_documents_that_differ_in_order_only_are_one(engine: duckdb.DuckDBPyConnection, part: str) -> None:
    parsed = """with t as (select json_parse(x) as d from (values '{"a": 1, "b": 2}', '{"b": 2, "a": 1}') as v (x))"""
    rows = engine.execute(compiled(f"{parsed} select json_extract(d, '$.a') from ({part})")).fetchall()
    assert rows == [("1",)]


def test_members_are_taken_in_one_pass(engine: duckdb.DuckDBPyConnection) -> None:
    names = ("a", "b", "c", "d")
    taken = ", ".join(f"json_extract(d, '$.{name}'), json_extract_scalar(d, '$.{name}')" for name in names)
    sql = compiled(f"{PARSED} select {taken} from t where d is not null")
    assert sql.lower().count("json_extract(") == 1
    assert engine.execute(sql).fetchall() == [("null", None, '"x\\"y"', 'x"y', "1.5", "1.5", None, None)]


def test_members_are_taken_beside_an_array_that_is_spread(engine: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select json_extract(d, '$.c'), json_extract_scalar(d, '$.b'), n from t cross join unnest(array[1, 2]) as u (n)"
    )
    assert engine.execute(compiled(f"{PARSED} {query} where d is not null")).fetchall() == [
        ("1.5", 'x"y', 1),
        ("1.5", 'x"y', 2),
    ]
