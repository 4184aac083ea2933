"""Which columns of its tables a query reads: those that its result depends on, not all that it names."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.journal import Journal, revert
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.scope import traverse_scope

from localcloud.athena.sql.walk import every


def columns_read(query: exp.Expr) -> Mapping[str, set[str]]:
    """The columns by table name of a qualified query, where every table has a name of its own.

    What an inner query selects and no outer one uses is not read. A table that is not in the answer has no column read.
    """
    journal: Journal = []
    if any(map(_is_source, every(query, exp.CTE, exp.SetOperation, exp.Subquery))):
        # Where it cannot be told, all that it names is taken as read.
        with contextlib.suppress(SqlglotError):
            pushdown_projections(query, journal)
    try:
        return _named(query)
    finally:
        revert(journal)


def _named(query: exp.Expr) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for scope in traverse_scope(query):
        tables = {alias: source.name for alias, source in scope.sources.items() if isinstance(source, exp.Table)}
        for column in scope.columns:
            if column.table in tables:
                found[tables[column.table]].add(column.name)
    return found


def _is_source(query: exp.Expr) -> bool:
    """Whether a CTE, a set operation or a subquery gives another query its rows."""
    if not isinstance(query, exp.Subquery):
        return True
    return isinstance(query.parent, exp.From | exp.Join | exp.Lateral | exp.Subquery)
