"""The list of functions is closed: what DuckDB has and Redshift has not never reaches DuckDB."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pytest
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.functions import PARSED_BY_NAME, PARSED_BY_SYNTAX, is_known, macro_script
from localcloud.redshift.sql.statement import parse
from localcloud.redshift.sql.translate import Derived, Stored, UserFunction, translate
from sqlglot import exp


class NoRelations:
    """A resolver for queries that read nothing."""

    def resolve(self, parts: tuple[str, ...], conditions: Sequence[exp.Expression] = ()) -> Stored | Derived:
        raise RedshiftError("42P01", f"relation {parts[-1]} does not exist")

    def function(self, schema: str, name: str, count: int) -> UserFunction | None:
        return None

    def authorize(self, tree: exp.Expression) -> None:
        return None


def names_of_duckdb() -> list[str]:
    with duckdb.connect() as connection:
        connection.execute(macro_script("shop"))
        rows = connection.execute("SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()
    return sorted(name for (name,) in rows if name.isidentifier())


SYNTAX = {
    "case", "cast", "coalesce", "convert", "exists", "extract", "grouping", "if", "ifnull", "in", "interval", "not",
    "nullif", "position", "row", "substring", "trim", "try_cast", "unnest", "date", "time", "timestamp", "any", "array",
    "current_date", "current_schema", "current_database", "current_user", "session_user", "user", "map", "struct",
    "left", "right", "values",
}  # fmt: skip
"""Words that begin something else than a call."""


def refuses(sql: str) -> bool:
    try:
        translate(parse(sql), NoRelations())
    except RedshiftError as error:
        return error.sqlstate in ("42883", "0A000", "42601", "42P01")
    return False


def test_no_function_of_duckdbs_own_gets_through() -> None:
    names = names_of_duckdb()
    own = [
        name
        for name in names
        if not is_known(name) and name.upper() not in PARSED_BY_NAME | PARSED_BY_SYNTAX and name not in SYNTAX
    ]
    assert len(own) > 500
    assert [name for name in own if not refuses(f"select {name}(1)")] == []
    assert [name for name in own if not refuses(f"select {name}(x) over () from (select 1 as x)")] == []
    assert [name for name in own if not refuses(f"select * from {name}('/etc/passwd')")] == []


@pytest.mark.parametrize("sql", ["select unnest([1])", "select map {'a': 1}", "select {'a': 1}"])
def test_no_syntax_of_duckdbs_own_gets_through(sql: str) -> None:
    assert refuses(sql)


@pytest.mark.parametrize("sql", ["select upper()", "select upper('a', 'b')", "select dateadd(day, 1)"])
def test_the_number_of_arguments_is_checked(sql: str) -> None:
    assert refuses(sql)
