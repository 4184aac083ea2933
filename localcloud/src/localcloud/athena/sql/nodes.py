"""Small helpers to build DuckDB expressions."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from sqlglot import exp

from localcloud.lake.types import to_duckdb

TYPE = "trino"
"""The key in a node's `meta` of the type that inference.py found."""
Rule = Callable[[exp.Expr], exp.Expr]
"""Gives the DuckDB form of a node whose children have theirs already; the node itself where nothing differs."""


def type_of(node: exp.Expr | None) -> str | None:
    """The Trino type of a typed node; None if it is not known."""
    return node.meta.get(TYPE) if node is not None else None


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """A call of a DuckDB function or macro."""
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def duckdb_type(trino: str) -> exp.DataType:
    """A Trino type as a DuckDB type node."""
    return _duckdb_type(trino).copy()


@lru_cache(maxsize=1000)
def _duckdb_type(trino: str) -> exp.DataType:
    return exp.DataType.build(to_duckdb(trino), dialect="duckdb")
