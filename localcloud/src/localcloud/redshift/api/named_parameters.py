"""Named parameters of the data API: `:name` in a statement becomes a bound parameter, never text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from sqlglot import exp

from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.statement import Statement, split, tokenize


def bound_statement(sql: str, parameters: Mapping[str, str]) -> tuple[Statement, Sequence[exp.Expr]]:
    """The one statement in `sql` with `:name` replaced by `$n`, and the values of `$1`, `$2`, … as string literals."""
    statements = split(_numbered(sql, list(parameters)))
    if len(statements) != 1:
        raise RedshiftError(
            "42601", "Cannot execute multiple queries at one time" if statements else "the statement is empty"
        )
    return statements[0], [exp.Literal.string(value) for value in parameters.values()]


def used_names(sql: str) -> set[str]:
    """Names written as `:name` outside strings and comments."""
    return {after.text for _, after in _named(sql)}


def _named(sql: str) -> list[tuple[Any, Any]]:
    tokens = tokenize(sql)
    return [
        (before, after)
        for before, after in pairwise(tokens)
        if before.text == ":" and after.start == before.end + 1 and after.text[:1].isalpha()
    ]


def _numbered(sql: str, names: Sequence[str]) -> str:
    for before, after in reversed(_named(sql)):
        if after.text in names:
            sql = f"{sql[: before.start]}${names.index(after.text) + 1}{sql[after.end + 1 :]}"
    return sql
