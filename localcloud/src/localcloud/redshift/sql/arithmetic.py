"""Operators whose result Redshift types or computes otherwise than DuckDB: + - * / %, and comparisons of text."""

from __future__ import annotations

from sqlglot import exp

from localcloud.redshift.errors import unsupported
from localcloud.redshift.sql import kinds
from localcloud.redshift.sql.inference import kind_of
from localcloud.redshift.sql.nodes import call, cast, number


def divide(node: exp.Expression) -> exp.Expression:
    """Integers truncate; NUMERIC has the scale of the documentation's table; a divisor of 0 is an error."""
    result, left, right = kind_of(node), node.this, node.expression
    if result == kinds.INTERVAL:
        return node
    if kinds.is_numeric(result):
        return _quotient(left, right, str(result))
    if kinds.is_float(result):
        node.set("this", cast(left, kinds.DOUBLE))
        node.set("expression", _nonzero(cast(right, kinds.DOUBLE)))
        return node
    if kinds.is_integer(result):
        node.set("this", _as(left, str(result)))
        node.set("expression", _nonzero(_as(right, str(result))))
        return node
    raise unsupported("division of values that are no numbers, or whose type is not known before the query runs,")


def _quotient(left: exp.Expression, right: exp.Expression, result: str) -> exp.Expression:
    """Exact: both operands as whole numbers of their last digit, divided with the digits that the result has."""
    scale = kinds.digits(result)[1]
    whole, scales = [], []
    for side in (left, right):
        kind = kind_of(side)
        precision, digits = kinds.digits(kind if kind is not None and kind != kinds.UNKNOWN else result)
        scales.append(digits)
        value = cast(side, kinds.numeric(precision, digits))
        whole.append(call("rs_units", value, number(10**digits)) if digits else call("rs_units", value, number(1)))
    shift = scale - scales[0] + scales[1]
    quotient = call(
        "rs_quotient", whole[0], _nonzero(whole[1]), number(10 ** max(shift, 0)), number(10 ** max(-shift, 0))
    )
    unit = exp.Cast(this=exp.Literal.string("0." + "0" * (scale - 1) + "1"), to=_decimal(38, scale))
    return cast(exp.Mul(this=exp.Cast(this=quotient, to=_decimal(38, 0)), expression=unit), result)


def _decimal(precision: int, scale: int) -> exp.DataType:
    return exp.DataType.build(f"DECIMAL({precision},{scale})", dialect="duckdb")


def _nonzero(node: exp.Expression) -> exp.Expression:
    literal = node.this if isinstance(node, exp.Cast) else node
    if isinstance(literal, exp.Literal) and not literal.is_string and float(literal.name) != 0:
        return node
    return call("rs_nonzero", node)


def _as(node: exp.Expression, kind: str) -> exp.Expression:
    return node.copy() if kind_of(node) == kind else cast(node, kind)


def modulo(node: exp.Expression) -> exp.Expression:
    """The remainder takes the sign of the dividend, in Redshift as in DuckDB."""
    node.set("expression", _nonzero(node.expression.copy()))
    return node


def combine(node: exp.Expression) -> exp.Expression:
    """Addition, subtraction and multiplication."""
    left, right, result = node.this, node.expression, kind_of(node)
    sides = (kind_of(left), kind_of(right))
    if any(map(kinds.is_datetime, sides)):
        return _move(node)
    if kinds.SUPER in sides:
        raise unsupported("arithmetic on SUPER values without a cast")
    if not kinds.is_number(result):
        return node
    for key, kind in zip(("this", "expression"), sides, strict=True):
        if kind == kinds.UNKNOWN or (kind != result and (kinds.is_integer(result) or kinds.is_float(result))):
            node.set(key, cast(node.args[key], str(result)))
    return node


def _move(node: exp.Expression) -> exp.Expression:
    """Dates and timestamps with days, intervals and each other."""
    left, right = kind_of(node.this), kind_of(node.expression)
    if kinds.is_datetime(left) and kinds.is_datetime(right):
        if left == right == kinds.DATE:
            return cast(node, kinds.INTEGER)
        for key in ("this", "expression"):
            node.set(key, cast(node.args[key], kinds.TIMESTAMP))
        return node
    moment, key = (left, "expression") if kinds.is_datetime(left) else (right, "this")
    days = kind_of(node.args[key])
    if kinds.is_integer(days):
        amount = cast(node.args[key], kinds.INTEGER)
        node.set(key, amount if moment == kinds.DATE else call("to_days", amount))
    elif days == kinds.UNKNOWN and isinstance(node, exp.Sub):
        node.set(key, cast(node.args[key], str(moment)))
        return cast(node, kinds.INTEGER) if moment == kinds.DATE else node
    elif days != kinds.INTERVAL:
        raise unsupported(f"arithmetic of {moment} with {days or 'a value of unknown type'}")
    return node


def compare(node: exp.Expression) -> exp.Expression:
    """Trailing blanks don't count when texts are compared; CHAR is stored without them."""
    if isinstance(node.parent, exp.Update):  # an assignment
        return node
    keys = ("this", "low", "high") if isinstance(node, exp.Between) else ("this", "expression")
    operands = [node.args.get(key) for key in keys] + list(node.expressions if isinstance(node, exp.In) else [])
    if not any(kinds.is_text(kind_of(operand)) for operand in operands if operand is not None):
        return node
    for operand in operands:
        if operand is not None:
            operand.replace(_without_blanks(operand))
    return node


def _without_blanks(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Literal) and node.is_string:
        return exp.Literal.string(node.name.rstrip(" "))
    kind = kind_of(node)
    if kinds.is_text(kind) and not kinds.is_char(kind):
        return call("rtrim", node.copy(), exp.Literal.string(" "))
    return node
