"""Numbers as they are written in a query.

A number with a point and no exponent is a double on Athena, where Trino makes a decimal of it. Sources: Athena user
guide, 'Considerations for data types' (a decimal literal is written DECIMAL '0.12'); dbt-athena's functional test
test_connections.py, where Athena answers Infinity to `1 / 0.0`.
"""

from __future__ import annotations

from sqlglot import exp

from localcloud.athena.sql import types
from localcloud.athena.sql.nodes import duckdb_type, type_of

_DOUBLE_DIGITS = 15
"""Decimals of so many digits and doubles are one to one, in the same order."""
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In)


def literal_type(node: exp.Literal) -> str:
    """The Trino type of a literal."""
    if node.is_string:
        return "varchar"
    if "." in node.this or "e" in node.this.lower():
        return "double"
    return "integer" if int(node.this) < 2**31 or _is_least(node) else "bigint"


def _is_least(node: exp.Expr) -> bool:
    """Whether a number is, by the sign before it, the least integer."""
    return isinstance(node.parent, exp.Neg) and node.name == str(2**31)


def negative(node: exp.Expr) -> exp.Expr:
    """The least integer is none to DuckDB, which reads the number before its sign."""
    if isinstance(node.this, exp.Literal) and _is_least(node.this):
        return exp.Cast(this=node.copy(), to=duckdb_type("integer"))
    return node


def number(node: exp.Expr) -> exp.Expr:
    """A number with a point as DuckDB's double; beside a short decimal it stays a decimal, which prunes files."""
    text = node.this
    if not isinstance(node, exp.Literal) or node.is_string or "." not in text or "e" in text.lower():
        return node
    return node if _compared_with_decimal(node) else exp.Literal.number(f"{text}e0")


def _compared_with_decimal(node: exp.Literal) -> bool:
    inner: exp.Expr = node
    while isinstance(inner.parent, exp.Neg | exp.Paren):
        inner = inner.parent
    comparison = inner.parent
    if not isinstance(comparison, _COMPARISONS) or len(node.this.replace(".", "")) > _DOUBLE_DIGITS:
        return False
    other = comparison.expression if inner.arg_key == "this" and comparison.args.get("expression") else comparison.this
    kind = type_of(other)
    return other is not inner and types.is_decimal(kind) and types.precision_scale(str(kind))[0] <= _DOUBLE_DIGITS
