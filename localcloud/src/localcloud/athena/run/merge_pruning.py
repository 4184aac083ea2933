"""Leaving out files of a MERGE's target: its rows match only within the range of the source's keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from localcloud.lake.predicates import conjuncts

_TYPES = ("bigint", "integer", "varchar", "date", "timestamp(6)")
"""Types that compare in DuckDB as in Iceberg's statistics."""


@dataclass(frozen=True)
class Side:
    """One side of a MERGE: the alias it is known by, and the types of its columns."""

    alias: str
    columns: Mapping[str, str]

    def type_of(self, node: exp.Expr) -> str | None:
        """The type of a column of this side; None for anything else."""
        if isinstance(node, exp.Column) and node.table.lower() == self.alias:
            return self.columns.get(node.name.lower())
        return None


def with_bounds(cursor: duckdb.DuckDBPyConnection, on: exp.Expr, target: Side, source: Side, rows: str) -> exp.Expr:
    """`on`, with the range of the source's keys said of the target's columns; `rows` names the table of the source."""
    for condition in list(conjuncts(on)):
        if not isinstance(condition, exp.EQ):
            continue
        for one, other in ((condition.this, condition.expression), (condition.expression, condition.this)):
            kind = target.type_of(one)
            if kind in _TYPES and source.type_of(other) == kind:
                on = exp.and_(on, *_bounds(cursor, one, other.name.lower(), str(kind), rows))
    return on


def _bounds(cursor: duckdb.DuckDBPyConnection, column: exp.Expr, key: str, kind: str, rows: str) -> list[exp.Expr]:
    row = cursor.execute(f'SELECT min("{key}")::VARCHAR, max("{key}")::VARCHAR FROM "{rows}"').fetchone()  # noqa: S608
    if row is None or row[0] is None:
        return []
    low, high = (exp.cast(exp.Literal.string(text), kind, dialect="trino") for text in row)
    return [exp.GTE(this=column.copy(), expression=low), exp.LTE(this=column.copy(), expression=high)]
