"""Small builders of syntax trees for DuckDB."""

from __future__ import annotations

from sqlglot import exp

from localcloud.redshift.sql import types

BUILT = "built"
"""Key of `meta`: the call was written by this engine, so that its name is DuckDB's and not the client's."""


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """A call of a DuckDB function or of a macro."""
    node = exp.Anonymous(this=name, expressions=list(arguments))
    node.meta[BUILT] = True
    return node


def cast(node: exp.Expr, kind: str) -> exp.Cast:
    """`node` as DuckDB's type for a Redshift type."""
    return exp.Cast(this=node, to=exp.DataType.build(types.stored_as(kind), dialect="duckdb"))


def number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def text(value: str) -> exp.Literal:
    return exp.Literal.string(value)
