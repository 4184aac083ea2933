"""Expressions of a plan: which calls aggregate, and how an expression reads over the plan's symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp

from localcloud.athena.sql.dialect import identifier
from localcloud.athena.sql.functions import FUNCTIONS
from localcloud.athena.sql.nodes import type_of
from localcloud.athena.sql.special_types import plain

_SUBQUERIES = (exp.Subquery, exp.Select, exp.SetOperation)
Scope = Mapping[tuple[str, str], str]
"""The symbol of each column in sight, by its source's alias and its name."""


def kind_of(node: exp.Expr) -> str:
    """The type of an expression as a plan prints it."""
    return plain(type_of(node) or "unknown")


def aggregates(node: exp.Expr) -> Iterator[exp.Expr]:
    """The calls of aggregate functions in an expression, with their FILTER, but not those that are window functions."""
    if isinstance(node, (exp.Window, *_SUBQUERIES)):
        return
    if isinstance(node, exp.Filter) or _is_aggregate(node):
        yield node
        return
    for child in node.iter_expressions():
        yield from aggregates(child)


def _is_aggregate(node: exp.Expr) -> bool:
    if isinstance(node, exp.GroupConcat):
        return True
    function = FUNCTIONS.get(node.name.lower()) if isinstance(node, exp.Anonymous) else None
    return function is not None and function.aggregate


def windows(node: exp.Expr) -> Iterator[exp.Window]:
    """The window functions in an expression."""
    if isinstance(node, exp.Window):
        yield node
    elif not isinstance(node, _SUBQUERIES):
        for child in node.iter_expressions():
            yield from windows(child)


def subqueries(node: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions and values in an expression that hold a query: IN (SELECT ...), EXISTS and scalar ones."""
    if isinstance(node, exp.Exists | exp.Subquery) or (isinstance(node, exp.In) and node.args.get("query")):
        yield node
        return
    for child in node.iter_expressions():
        yield from subqueries(child)


def called(node: exp.Expr) -> str:
    """The name that a symbol for an expression starts from."""
    inner = node
    while isinstance(inner, exp.Window | exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        inner = inner.this
    return inner.name.lower() if isinstance(inner, exp.Anonymous) else "expr"


def shown(node: exp.Expr, scope: Scope, symbols: Mapping[int, str]) -> str:
    """An expression over symbols; `symbols` has those of whole expressions, by their id."""
    return _replaced(node, scope, symbols).sql(dialect="trino", normalize_functions="lower")


def predicate(conditions: Sequence[exp.Expr], scope: Scope, symbols: Mapping[int, str]) -> str:
    """Conditions that all hold, as one."""
    parts = [f"({shown(condition, scope, symbols)})" for condition in conditions]
    return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"


def outer_columns(query: exp.Expr, scope: Scope) -> list[str]:
    """The symbols of `scope` that a query inside an expression reads, by which it is correlated."""
    own = {source.alias_or_name for source in query.find_all(exp.Table, exp.Subquery, exp.Unnest, exp.Lateral)}
    keys = {(column.table, column.name) for column in query.find_all(exp.Column) if column.table not in own}
    return sorted(scope[key] for key in keys if key in scope)


def _replaced(node: exp.Expr, scope: Scope, symbols: Mapping[int, str]) -> exp.Expr:
    if id(node) in symbols:
        return exp.column(identifier(symbols[id(node)]))
    if isinstance(node, exp.Column):
        return exp.column(identifier(scope.get((node.table, node.name), node.name)))
    copy = node.copy()
    for old, new in zip(list(node.iter_expressions()), list(copy.iter_expressions()), strict=True):
        changed = _replaced(old, scope, symbols)
        if changed != new:
            new.replace(changed)
    return copy
