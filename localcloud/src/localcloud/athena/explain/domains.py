"""The values of a column that conditions allow, as EXPLAIN (TYPE IO) gives them: ranges and whether NULL is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from localcloud.athena.sql.nodes import type_of
from localcloud.athena.sql.strict import family
from localcloud.lake.types import parts

Evaluate = Callable[[exp.Expr], tuple[Any, str] | None]
"""The value of an expression without columns, to compare by, and its text."""
_TURNED: dict[type[exp.Expr], type[exp.Expr]] = {exp.LT: exp.GT, exp.LTE: exp.GTE, exp.GT: exp.LT, exp.GTE: exp.LTE}
_RANGED = ("number", "text", "moment", "boolean")


@dataclass(frozen=True)
class Bound:
    """An end of a range; `exact` if the value itself belongs to it."""

    value: Any
    text: str
    exact: bool


@dataclass(frozen=True)
class Range:
    """From `low` to `high`; None is without an end."""

    low: Bound | None = None
    high: Bound | None = None

    def meet(self, other: Range) -> Range | None:
        """What both hold; None if nothing."""
        low = _stricter(self.low, other.low, 1)
        high = _stricter(self.high, other.high, -1)
        if low and high and (low.value > high.value or (low.value == high.value and not (low.exact and high.exact))):
            return None
        return Range(low, high)


@dataclass(frozen=True)
class Domain:
    """The ranges of values, and whether NULL is allowed."""

    ranges: tuple[Range, ...] = (Range(),)
    nulls: bool = True

    def meet(self, other: Domain) -> Domain:
        """What both allow."""
        met = (one.meet(two) for one in self.ranges for two in other.ranges)
        return Domain(tuple(range_ for range_ in met if range_ is not None), self.nulls and other.nulls)

    @property
    def empty(self) -> bool:
        """Whether nothing is allowed."""
        return not self.ranges and not self.nulls


def _stricter(one: Bound | None, other: Bound | None, sign: int) -> Bound | None:
    if one is None or other is None:
        return one or other
    if one.value == other.value:
        return one if not one.exact else other
    return one if (one.value > other.value) == (sign > 0) else other


def domains(conditions: Iterable[exp.Expr], evaluate: Evaluate) -> dict[str, Domain]:
    """What the conditions, all of which hold, allow for each column; a condition of another form says nothing here."""
    found: dict[str, Domain] = {}
    for condition in conditions:
        said = _domain(condition.unnest(), evaluate)
        if said is not None:
            name, domain = said
            found[name] = found[name].meet(domain) if name in found else domain
    return found


def _domain(node: exp.Expr, evaluate: Evaluate) -> tuple[str, Domain] | None:
    if isinstance(node, exp.Between):
        low = _domain(exp.GTE(this=node.this, expression=node.args["low"]), evaluate)
        high = _domain(exp.LTE(this=node.this, expression=node.args["high"]), evaluate)
        return (low[0], low[1].meet(high[1])) if low and high else None
    if isinstance(node, exp.In) and node.expressions and not node.args.get("query"):
        each = [_domain(exp.EQ(this=node.this, expression=item), evaluate) for item in node.expressions]
        ranges = [range_ for said in each if said for range_ in said[1].ranges]
        ranges.sort(key=_lowest)
        return (node.this.name, Domain(tuple(dict.fromkeys(ranges)), nulls=False)) if None not in each else None
    if isinstance(node, exp.Is) and isinstance(node.this, exp.Column) and isinstance(node.expression, exp.Null):
        return node.this.name, Domain((), nulls=True)
    if isinstance(node, exp.Not):
        inner = node.this.unnest()
        if isinstance(inner, exp.Is) and isinstance(inner.this, exp.Column) and isinstance(inner.expression, exp.Null):
            return inner.this.name, Domain((Range(),), nulls=False)
        return None
    return _comparison(node, evaluate)


def _lowest(range_: Range) -> Any:
    return range_.low.value if range_.low else None


def _comparison(node: exp.Expr, evaluate: Evaluate) -> tuple[str, Domain] | None:
    operator = type(node)
    if operator not in (exp.EQ, *_TURNED):
        return None
    column, value = node.this.unnest(), node.expression.unnest()
    if isinstance(value, exp.Column):
        column, value, operator = value, column, _TURNED.get(operator, operator)
    if not isinstance(column, exp.Column) or value.find(exp.Column) or not _comparable(column, value):
        return None
    known = evaluate(value)
    if known is None:
        return None
    bound = Bound(*known, exact=operator in (exp.EQ, exp.LTE, exp.GTE))
    range_ = Range()
    if operator in (exp.EQ, exp.GT, exp.GTE):
        range_ = replace(range_, low=bound)
    if operator in (exp.EQ, exp.LT, exp.LTE):
        range_ = replace(range_, high=bound)
    return column.name, Domain((range_,), nulls=False)


def _comparable(column: exp.Column, value: exp.Expr) -> bool:
    """Whether the value is one of the column's own type, so that the condition is a range of it."""
    mine, other = type_of(column), type_of(value)
    if mine is None or other is None or family(mine) not in _RANGED:
        return False
    floats, exact = ("double", "real"), parts(mine)[0] not in ("double", "real")
    return family(mine) == family(other) and not (exact and other in floats)
