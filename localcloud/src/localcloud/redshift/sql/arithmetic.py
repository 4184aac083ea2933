"""Operators whose result Redshift types or computes otherwise than DuckDB: + - * / %, and comparisons of text."""

from __future__ import annotations

from sqlglot import exp

from localcloud.redshift.errors import unsupported
from localcloud.redshift.sql import kinds, super_values
from localcloud.redshift.sql.expressions import kind_of
from localcloud.redshift.sql.nodes import call, cast, number, text

_WIDE_SCALE = 9
"""Up to this scale a NUMERIC times ten to its scale is sure to fit 38 digits in practice; it is an error if not."""


def divide(node: exp.Expr) -> exp.Expr:
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


def _quotient(left: exp.Expr, right: exp.Expr, result: str) -> exp.Expr:
    sides, scales = [], []
    for side in (left, right):
        kind = kind_of(side)
        precision, scale = kinds.digits(kind if kind is not None and kind != kinds.UNKNOWN else result)
        sides.append(units(cast(side, kinds.numeric(precision, scale)), scale))
        scales.append(scale)
    return exact_quotient(sides[0], _nonzero(sides[1]), kinds.digits(result)[1] - scales[0] + scales[1], result)


def exact_quotient(dividend: exp.Expr, divisor: exp.Expr, shift: int, result: str) -> exp.Expr:
    """`dividend * 10^shift / divisor` of whole numbers as the units of `result`, half away from zero.

    One digit more than the result has is computed, which the cast to the result's scale then rounds.
    """
    scale = kinds.digits(result)[1] + 1
    more = shift + 1
    if more > 0:
        dividend = exp.Mul(this=dividend, expression=_hugeint(number(10**more)))
    elif more < 0:
        divisor = exp.Mul(this=divisor, expression=_hugeint(number(10**-more)))
    units = exp.IntDiv(this=exp.Paren(this=dividend), expression=exp.Paren(this=divisor))
    unit = exp.Cast(this=text("0." + "0" * (scale - 1) + "1"), to=_decimal(kinds.MAX_PRECISION, scale))
    return cast(exp.Mul(this=exp.Cast(this=units, to=_decimal(kinds.MAX_PRECISION, 0)), expression=unit), result)


def units(value: exp.Expr, scale: int) -> exp.Expr:
    """A NUMERIC as the whole number of its last decimal place."""
    if scale > _WIDE_SCALE:
        return call("rs_units", value, number(10**scale))
    return _hugeint(exp.Mul(this=value, expression=exp.Cast(this=number(10**scale), to=_decimal(scale + 1, 0))))


def _hugeint(node: exp.Expr) -> exp.Expr:
    return exp.Cast(this=node, to=exp.DataType.build("HUGEINT", dialect="duckdb"))


def _decimal(precision: int, scale: int) -> exp.DataType:
    return exp.DataType.build(f"DECIMAL({precision},{scale})", dialect="duckdb")


def _nonzero(node: exp.Expr) -> exp.Expr:
    literal = node.this if isinstance(node, exp.Cast) else node
    if isinstance(literal, exp.Literal) and not literal.is_string and float(literal.name) != 0:
        return node
    return call("rs_nonzero", node)


def _as(node: exp.Expr, kind: str) -> exp.Expr:
    return node.copy() if kind_of(node) == kind else cast(node, kind)


def modulo(node: exp.Expr) -> exp.Expr:
    """The remainder takes the sign of the dividend, in Redshift as in DuckDB."""
    node.set("expression", _nonzero(node.expression.copy()))
    return node


def combine(node: exp.Expr) -> exp.Expr:
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


def _move(node: exp.Expr) -> exp.Expr:
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


def compare(node: exp.Expr) -> exp.Expr:
    """Trailing blanks don't count when texts are compared; CHAR is stored without them.

    Two columns are left alone, so that joins keep their speed: deviations.py says so.
    """
    if isinstance(node.parent, exp.Update):  # an assignment
        return node
    keys = ("this", "low", "high") if isinstance(node, exp.Between) else ("this", "expression")
    operands = [node.args.get(key) for key in keys] + list(node.expressions if isinstance(node, exp.In) else [])
    present = [operand for operand in operands if operand is not None]
    if any(kind_of(operand) == kinds.SUPER for operand in present):
        return super_values.compare(node, present)
    if all(isinstance(operand, exp.Column) for operand in present) or not any(
        kinds.is_text(kind_of(operand)) for operand in present
    ):
        return node
    for operand in present:
        operand.replace(_without_blanks(operand))
    return node


def _without_blanks(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Literal) and node.is_string:
        return exp.Literal.string(node.name.rstrip(" "))
    kind = kind_of(node)
    if kinds.is_text(kind) and not kinds.is_char(kind):
        return call("rtrim", node.copy(), exp.Literal.string(" "))
    return node
