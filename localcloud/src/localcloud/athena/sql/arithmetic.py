"""Trino's arithmetic: integer and decimal division, sums, averages and rounding."""

from __future__ import annotations

from sqlglot import exp

from localcloud.athena.sql import nans, types
from localcloud.athena.sql.functions import FUNCTIONS
from localcloud.athena.sql.nodes import call, duckdb_type, type_of
from localcloud.lake.errors import LakeError, NotSupportedError

_WRAPPERS = (exp.Window, exp.Filter, exp.IgnoreNulls, exp.RespectNulls)
"""What may stand around an aggregate."""
_HALF_PRECISION = 18
"""The greatest scale at which both factors of the exact division fit DuckDB's decimals."""
_SHORT_PRECISION = 18
"""The greatest precision of decimals that DuckDB keeps in 64 bits, and adds up in 128."""


def summed(node: exp.Expr) -> exp.Expr:
    """Cast a sum of integers to bigint: DuckDB sums to 128 bits, Trino to bigint, and fails beyond it.

    The cast stands outside the aggregate's FILTER and OVER.
    """
    core = node
    while isinstance(core, _WRAPPERS):
        core = core.this
    wrapped = isinstance(node.parent, _WRAPPERS) and node.arg_key == "this"
    if wrapped or not isinstance(core, exp.Anonymous) or core.name.lower() != "sum":
        return node
    if type_of(core) is None:
        raise NotSupportedError("sum() of an expression whose type is not known")
    return exp.Cast(this=node.copy(), to=duckdb_type("bigint")) if type_of(core) == "bigint" else node


def average(node: exp.Expr) -> exp.Expr:
    kind = type_of(node)
    if kind == "double":
        return _average_of_doubles(node)
    if kind is None or not types.is_decimal(kind):
        return node
    if isinstance(node.parent, _WRAPPERS) or isinstance(node.expressions[0], exp.Distinct):
        raise NotSupportedError("avg() of a decimal with OVER, FILTER or DISTINCT (cast it to double)")
    precision, scale = types.precision_scale(kind)
    value = node.expressions[0].sql(dialect="duckdb")
    total = f"sum(CAST(({value}) * CAST({10**scale} AS DECIMAL({scale + 1},0)) AS HUGEINT))"
    down = _down(scale)
    return exp.maybe_parse(
        f"CAST(CAST(trino_average(CAST({total} AS HUGEINT), count({value})) AS DECIMAL({37 - scale},0)) * {down}"
        f" AS DECIMAL({precision},{scale}))",
        dialect="duckdb",
    )


def _average_of_doubles(node: exp.Expr) -> exp.Expr:
    """DuckDB averages short decimals exactly and as a double: much sooner than what they are cast to."""
    value = node.expressions[0]
    inner = type_of(value.this) if type(value) is exp.Cast and type_of(value) == "double" else None
    if inner is not None and types.is_decimal(inner) and types.precision_scale(inner)[0] <= _SHORT_PRECISION:
        value.replace(value.this)
    return node


def _down(scale: int) -> str:
    """10 to the power of -scale as an exact decimal."""
    return f"CAST('{'1' if scale == 0 else '0.' + '0' * (scale - 1) + '1'}' AS DECIMAL({scale + 1},{scale}))"


def whole(node: exp.Expr) -> exp.Expr:
    """floor, ceil and round leave an integer as it is; DuckDB would make a double of it."""
    value = node.expressions[0]
    if types.is_integer(type_of(value)):
        if len(node.expressions) > 1:
            raise NotSupportedError(f"{node.name.lower()}() of an integer to a number of digits")
        return value.copy()
    node.set("this", FUNCTIONS[node.name.lower()].emit)
    return node


def divide(node: exp.Expr) -> exp.Expr:
    left, right = type_of(node.this), type_of(node.expression)
    if types.is_integer(left) and types.is_integer(right):
        kind = types.arithmetic(exp.Div, left, right) or "bigint"
        if isinstance(node.expression, exp.Literal) and node.expression.this != "0":
            divided: exp.Expr = exp.Paren(this=exp.IntDiv(this=node.this.copy(), expression=node.expression.copy()))
        else:
            divided = call("trino_int_div", node.this, node.expression)
        return exp.Cast(this=divided, to=duckdb_type(kind))
    if "double" in (left, right) or "real" in (left, right):
        both = [exp.Cast(this=side.copy(), to=duckdb_type("double")) for side in (node.this, node.expression)]
        return exp.Paren(this=exp.Div(this=both[0], expression=both[1]))
    quotient = types.arithmetic(exp.Div, left, right)
    if quotient and types.is_decimal(quotient) and left and right:
        return divide_decimals(node, left, right, quotient)
    raise NotSupportedError(f"dividing {left or 'a value of unknown type'} by {right or 'a value of unknown type'}")


def divide_decimals(node: exp.Expr, left: str, right: str, kind: str) -> exp.Expr:
    """Exact division by whole numbers: both sides scaled up, rounded half away from zero, scaled down.

    Where that may need more than 128 bits, the values it overflows for are divided as text.
    """
    (p1, s1), (p2, s2) = types.precision_scale(left), types.precision_scale(right)
    precision, scale = types.precision_scale(kind)
    a, b = node.this.sql(dialect="duckdb"), node.expression.sql(dialect="duckdb")
    up = 10 ** (scale - s1 + s2)
    numerator = f"(CAST(({a}) * CAST({10**s1} AS DECIMAL({s1 + 1},0)) AS HUGEINT) * CAST({up} AS HUGEINT))"
    denominator = f"CAST(({b}) * CAST({10**s2} AS DECIMAL({s2 + 1},0)) AS HUGEINT)"
    down = _down(scale)
    quotient = f"CAST(trino_div_half_up({numerator}, {denominator}) AS DECIMAL({37 - scale},0)) * {down}"
    result = f"CAST({quotient} AS DECIMAL({precision},{scale}))"
    if max(p1 - s1 + scale + s2, p1, p2) + 1 > types.MAX_PRECISION:
        wide = _as_text("landfall_divide", node, precision, scale)
        result = wide if scale > _HALF_PRECISION else f"coalesce(TRY({result}), {wide})"
    return exp.maybe_parse(result, dialect="duckdb")


def _as_text(function: str, node: exp.Expr, precision: int, scale: int) -> str:
    """SQL that computes a division by one of the functions of wide_decimals.py."""
    a, b = (f"CAST({side.sql(dialect='duckdb')} AS VARCHAR)" for side in (node.this, node.expression))
    return f"CAST({function}({a}, {b}, {scale}) AS DECIMAL({precision},{scale}))"


def modulo(node: exp.Expr) -> exp.Expr:
    """Integers and doubles as in DuckDB, decimals of a common precision beyond 38 as text."""
    sides = [kind for kind in (type_of(node.this), type_of(node.expression)) if kind]
    if any(types.is_decimal(kind) for kind in sides) and not {"double", "real"} & set(sides):
        scales = [types.precision_scale(kind) for kind in sides]
        if max(p - s for p, s in scales) + max(s for _, s in scales) > types.MAX_PRECISION:
            precision, scale = types.precision_scale(type_of(node) or "")
            return exp.maybe_parse(_as_text("landfall_modulo", node, precision, scale), dialect="duckdb")
    return call("trino_mod", node.this, node.expression)


def add(node: exp.Expr) -> exp.Expr:
    left, right = type_of(node.this), type_of(node.expression)
    if isinstance(node, exp.Sub) and left == right == "date":
        return call("to_days", exp.Cast(this=exp.Paren(this=node.copy()), to=duckdb_type("integer")))
    if "date" in (left, right) and _has_time(node.expression if left == "date" else node.this):
        raise LakeError("INVALID_FUNCTION_ARGUMENT", "Cannot add hour, minutes or seconds to a date")
    # DuckDB makes a timestamp of date + interval; Trino keeps the date.
    if type_of(node) == "date":
        return exp.Cast(this=exp.Paren(this=node.copy()), to=duckdb_type("date"))
    return node


def _has_time(node: exp.Expr) -> bool:
    unit = node.args.get("unit") if isinstance(node, exp.Interval) else None
    return unit is not None and unit.name.upper() in ("HOUR", "MINUTE", "SECOND")


def extreme(node: exp.Expr) -> exp.Expr:
    nulls = exp.or_(*[exp.Is(this=item.copy(), expression=exp.Null()) for item in node.expressions])
    return exp.Case(
        ifs=[exp.If(this=nulls, true=exp.Null())], default=nans.extreme(node.name.lower(), node.expressions)
    )
