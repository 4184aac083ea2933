"""Evaluate the filter of Glue's GetPartitions, which ministack ignores: it would return every partition.

The grammar is that of the service (docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html): comparisons of a
partition key with a literal, IN, BETWEEN, LIKE, IS NULL, joined by AND, OR and NOT. Values compare by the key's type.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlglot
from sqlglot import exp


class ExpressionError(ValueError):
    """The filter is no Glue partition expression."""


_NUMBERS = frozenset({"tinyint", "smallint", "int", "integer", "bigint", "long", "decimal", "double", "float"})

_COMPARISONS: dict[type[exp.Expr], Callable[[Any, Any], bool]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
}


def partition_filter(expression: str, key_types: Mapping[str, str]) -> Callable[[Mapping[str, str]], bool]:
    """Return a test of a partition's {key: value} texts for `expression`; `key_types` are the keys' Glue types.

    Raises ExpressionError when the expression can't be parsed or names something that is no partition key.
    """
    try:
        tree = sqlglot.parse_one(expression, read="hive")
    except sqlglot.errors.ParseError as error:
        raise ExpressionError(f"Expression {expression!r} can't be parsed: {error}") from error
    for column in tree.find_all(exp.Column):
        if column.name.lower() not in key_types:
            raise ExpressionError(f"{column.name} in Expression {expression!r} is no partition key")
    types = {key.lower(): kind for key, kind in key_types.items()}
    # A type error or an unknown form must be refused whether or not there is a partition.
    return lambda values: bool(_evaluate(tree, values, types))


def _evaluate(node: exp.Expr, values: Mapping[str, str], types: Mapping[str, str]) -> bool:
    if isinstance(node, exp.Paren):
        return _evaluate(node.this, values, types)
    if isinstance(node, exp.Not):
        return not _evaluate(node.this, values, types)
    if isinstance(node, exp.And):
        return _evaluate(node.left, values, types) and _evaluate(node.right, values, types)
    if isinstance(node, exp.Or):
        return _evaluate(node.left, values, types) or _evaluate(node.right, values, types)
    return _predicate(node, values, types)


def _predicate(node: exp.Expr, values: Mapping[str, str], types: Mapping[str, str]) -> bool:
    kind = _key_type(node, types)

    def value(operand: exp.Expr) -> Any:
        return _value(operand, values, kind)

    if type(node) in _COMPARISONS:
        return _COMPARISONS[type(node)](value(node.this), value(node.expression))
    if isinstance(node, exp.In) and node.expressions:
        return value(node.this) in [value(item) for item in node.expressions]
    if isinstance(node, exp.Between):
        return bool(value(node.args["low"]) <= value(node.this) <= value(node.args["high"]))
    if isinstance(node, exp.Like):
        pattern = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in str(node.expression.this))
        return re.fullmatch(pattern, str(value(node.this)), re.DOTALL) is not None
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return bool(value(node.this) == "__HIVE_DEFAULT_PARTITION__")
    raise ExpressionError(f"{node.sql()} in a partition Expression is not supported by the local cloud")


def _key_type(node: exp.Expr, types: Mapping[str, str]) -> str:
    column = node.find(exp.Column)
    if column is None:
        raise ExpressionError(f"{node.sql()} compares no partition key")
    return types[column.name.lower()].lower().split("(")[0]


def _value(operand: exp.Expr, values: Mapping[str, str], kind: str) -> Any:
    if isinstance(operand, exp.Column):
        text = values[operand.name.lower()]
    elif isinstance(operand, exp.Literal):
        text = str(operand.this)
    elif isinstance(operand, exp.Neg) and isinstance(operand.this, exp.Literal):
        text = f"-{operand.this.this}"
    elif isinstance(operand, exp.Cast) and isinstance(operand.this, exp.Literal):
        text = str(operand.this.this)  # date '2026-11-20'
    else:
        raise ExpressionError(f"{operand.sql()} in a partition Expression is not supported by the local cloud")
    try:
        if kind in _NUMBERS:
            return Decimal(text)
        if kind == "date":
            return date.fromisoformat(text)
        if kind == "timestamp":
            return datetime.fromisoformat(text)
    except (ArithmeticError, ValueError) as error:
        raise ExpressionError(f"{text!r} is no {kind}") from error
    return text
