"""SUM and AVG with Redshift's result types, and RATIO_TO_REPORT."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from localcloud.redshift.errors import unsupported
from localcloud.redshift.sql import arithmetic, kinds
from localcloud.redshift.sql.expressions import KIND, kind_of
from localcloud.redshift.sql.nodes import call, cast, number

_DONE = "typed"


def total(node: exp.Expr) -> exp.Expr:
    """SUM of integers is a BIGINT or NUMERIC(38,0), where DuckDB gives HUGEINT."""
    result = kind_of(node)
    if result not in (kinds.BIGINT, kinds.numeric(38, 0)):
        return node
    return _around(node, lambda holder: cast(holder, str(result)))


def average(node: exp.Expr) -> exp.Expr:
    """AVG of integers truncates; of NUMERIC it is exact to the argument's scale."""
    result = kind_of(node)
    if kinds.is_integer(result):
        return _around(node, lambda holder: cast(_mean(holder), kinds.BIGINT))
    if result is not None and kinds.is_numeric(result):
        return _around(node, lambda holder: _decimal_mean(holder, result))
    if result is None:
        raise unsupported("AVG of a value whose type is not known before the query runs")
    return node


def _decimal_mean(holder: exp.Expr, result: str) -> exp.Expr:
    total = arithmetic.units(_swapped(holder, exp.Sum), kinds.digits(result)[1])
    count = call("nullif", _swapped(holder, exp.Count), number(0))
    return arithmetic.exact_quotient(total, count, 0, result)


def _mean(holder: exp.Expr) -> exp.Expr:
    count = call("nullif", _swapped(holder, exp.Count), number(0))
    return exp.Paren(this=exp.IntDiv(this=_swapped(holder, exp.Sum), expression=count))


def _around(node: exp.Expr, build: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """Put `build(…)` around the aggregate together with its own FILTER and OVER."""
    holder = node
    while isinstance(holder.parent, (exp.Window, exp.Filter)) and holder.parent.this is holder:
        holder = holder.parent
    if holder.meta.get(_DONE):
        return node
    plain = holder.copy()
    plain.meta[_DONE] = True
    replacement = build(plain)
    replacement.meta[KIND] = kind_of(node)
    if holder is node:
        return replacement
    holder.replace(replacement)
    return node


def _swapped(holder: exp.Expr, aggregate: type[exp.Expr]) -> exp.Expr:
    """A copy of `holder` (an aggregate, perhaps inside FILTER and OVER) around another aggregate."""
    copy = holder.copy()
    copy.meta[_DONE] = True
    inner = copy
    while isinstance(inner, (exp.Window, exp.Filter)):
        inner = inner.this
    replacement = aggregate(this=inner.this.copy())
    if inner is copy:
        return replacement
    inner.replace(replacement)
    return copy


def ratio_to_report(node: exp.Anonymous) -> exp.Expr:
    """`x / sum(x) OVER (…)`: the window around the call moves to the sum."""
    window = node.parent
    if not isinstance(window, exp.Window):
        raise unsupported("RATIO_TO_REPORT without OVER")
    over = window.copy()
    over.set("this", exp.Sum(this=node.expressions[0].copy()))
    part = cast(node.expressions[0], kinds.DOUBLE)
    window.replace(exp.Paren(this=exp.Div(this=part, expression=cast(over, kinds.DOUBLE))))
    return node
