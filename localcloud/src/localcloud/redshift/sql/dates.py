"""Date and time functions that take a date part: DATEADD, DATEDIFF, DATE_PART, EXTRACT and DATE_TRUNC."""

from __future__ import annotations

from sqlglot import exp

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql import casts, kinds
from localcloud.redshift.sql.expressions import kind_of
from localcloud.redshift.sql.nodes import call, cast, number, text

_SPELLINGS = {
    "millennium": "mil mils millennia millenniums",
    "century": "c cent cents centuries",
    "decade": "dec decs decades",
    "epoch": "",
    "year": "y yr yrs years",
    "quarter": "qtr qtrs quarters",
    "month": "mon mons months",
    "week": "w weeks",
    "dow": "dw weekday dayofweek",
    "doy": "dayofyear dy yearday",
    "day": "d days",
    "hour": "h hr hrs hours",
    "minute": "m min mins minutes",
    "second": "s sec secs seconds",
    "millisecond": "ms msec msecs msecond mseconds millisec millisecs millisecon milliseconds",
    "microsecond": "us usec usecs usecond useconds microsec microsecs microseconds",
}
"""Source: "Date parts for date or timestamp functions" in the Amazon Redshift Database Developer Guide."""
_PARTS = {name: part for part, others in _SPELLINGS.items() for name in [part, *others.split()]}
_STEPS = {
    "millennium": ("to_years", 1000), "century": ("to_years", 100), "decade": ("to_years", 10), "year": ("to_years", 1),
    "quarter": ("to_months", 3), "month": ("to_months", 1), "week": ("to_days", 7), "day": ("to_days", 1),
    "hour": ("to_hours", 1), "minute": ("to_minutes", 1), "second": ("to_seconds", 1),
    "millisecond": ("to_milliseconds", 1), "microsecond": ("to_microseconds", 1),
}  # fmt: skip
_COUNTED_FROM_ONE = {"century": 100, "millennium": 1000}
"""Years of the parts whose first year ends in 1, as in 2001."""


def part_of(node: exp.Expr) -> str:
    """The date part that a word or a string names; raises RedshiftError 22023 for any other."""
    name = node.name.lower()
    if name.startswith("timezone"):
        raise unsupported(f"the date part {name}")
    if name not in _PARTS:
        raise RedshiftError("22023", f'unit "{name}" not recognized')
    return _PARTS[name]


def moment(node: exp.Expr) -> exp.Expr:
    """A value as the timestamp that date functions compute with; times and intervals stay what they are."""
    kind = kind_of(node)
    if kind is not None and kinds.moment(kind) == kind != kinds.TIMESTAMP:
        return node
    is_text = kind == kinds.UNKNOWN or kinds.is_text(kind)
    return cast(casts.moment_text(node, kinds.TIMESTAMP) if is_text else node, kinds.TIMESTAMP)


def dateadd(node: exp.Anonymous) -> exp.Expr:
    part, amount, start = part_of(node.expressions[0]), node.expressions[1], node.expressions[2]
    if part not in _STEPS:
        raise RedshiftError("22023", f'unit "{part}" not supported by dateadd')
    function, factor = _STEPS[part]
    steps: exp.Expr = cast(amount, kinds.INTEGER)
    if factor > 1:
        steps = exp.Paren(this=exp.Mul(this=steps, expression=exp.Literal.number(factor)))
    return exp.Paren(this=exp.Add(this=moment(start), expression=call(function, steps)))


def datediff(node: exp.Anonymous) -> exp.Expr:
    """How many boundaries of the part lie between the two."""
    part, start, end = node.expressions
    unit = part_of(part)
    if unit in ("dow", "doy", "epoch"):
        raise RedshiftError("22023", f'unit "{unit}" not supported by datediff')
    if unit == "week":
        # DuckDB counts whole weeks between the two, not the Mondays.
        return call("rs_weeks_between", moment(start), moment(end))
    return call("date_diff", text(unit), moment(start), moment(end))


def date_part(node: exp.Anonymous) -> exp.Expr:
    if str(node.this).lower() == "date_part_year":
        return cast(call("date_part", text("year"), moment(node.expressions[0])), kinds.INTEGER)
    if len(node.expressions) < 2:
        raise RedshiftError("42883", "function date_part() takes a date part and a value")
    return cast(_part(node.expressions[0], node.expressions[1]), kinds.DOUBLE)


def extract(node: exp.Expr) -> exp.Expr:
    return cast(_part(node.this, node.expression), kinds.BIGINT if node.this.name.lower() == "epoch" else kinds.INTEGER)


def _part(part: exp.Expr, value: exp.Expr) -> exp.Expr:
    unit = part_of(part)
    at = moment(value)
    return call("floor", call("date_part", text(unit), at)) if unit == "epoch" else call("date_part", text(unit), at)


def date_trunc(node: exp.Anonymous) -> exp.Expr:
    """To the start of the part; weeks start on Monday."""
    part, value = node.expressions
    result = kinds.TIMESTAMPTZ if kind_of(value) == kinds.TIMESTAMPTZ else kinds.TIMESTAMP
    unit = part_of(part)
    if unit in ("dow", "doy", "epoch"):
        raise RedshiftError("22023", f'unit "{unit}" not supported by date_trunc')
    if unit in _COUNTED_FROM_ONE:
        return cast(call("rs_trunc_years", moment(value), number(_COUNTED_FROM_ONE[unit])), result)
    return cast(call("date_trunc", text(unit), moment(value)), result)
