"""Kinds of check that hold what came since the last publication against the weeks before, by the ordinary scatter.

A mean or a share is off when it is further away than `sigmas` standard errors, so that few rows may scatter more, and
further than a bound that matters at all. Before the first publication there is no history: they pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from landfall.quality.place import BATCH, LOADED_AT, Place, expression, latest, never, number

HISTORY_DAYS = 28
LEAST_NEW = 30
LEAST_OLD = 1000
SIGMAS = 6.0
"""Fewer new rows, or fewer old ones, say nothing; so many standard errors away is no accident."""

_IS_NEW = exp.column("is_new")


def new_like_history(
    place: Place, *, source: str, measures: Mapping[str, str], within: float = 0.05, time: str = "occurred_at"
) -> exp.Select:
    """Distribution: the mean of each of `measures` over the new rows of `source` is that of the four weeks before.

    A mean may be off by the share `within` of the old one, and by the ordinary scatter. `source` is a table or a query.
    """
    columns = {name: exp.cast(expression(text), "double") for name, text in measures.items()}
    rows = _rows(place, source, columns, time=time)
    if rows is None:
        return never()
    shown = [each for name in columns for each in _moments(name)]
    counts = [exp.alias_(exp.Sum(this=_when(flag, number(1))), label) for flag, label in _SIDES]
    off = [_is_off(name, within) for name in columns]
    names = exp.Concat(
        expressions=[
            exp.Case().when(condition.copy(), exp.Literal.string(f"{name} ")).else_(exp.Literal.string(""))
            for name, condition in zip(columns, off, strict=True)
        ]
        + [exp.Literal.string("")]
    )
    measured = exp.select(*counts, *shown).from_(rows.subquery("rows_of_both"))
    enough = exp.and_(exp.column("new_rows") >= number(LEAST_NEW), exp.column("old_rows") >= number(LEAST_OLD))
    found = exp.select(exp.alias_(names, "measures_off")).from_(measured.subquery("measured"))
    return found.where(enough, exp.or_(*off))


def shares_like_history(
    place: Place, *, source: str, by: Sequence[str], within: float = 0.05, time: str = "occurred_at"
) -> exp.Select:
    """Distribution: each value of the columns `by` has the share of the new rows that it had in the four weeks before.

    A share may be off by `within` (of 1) and by the ordinary scatter; a value that is new counts from nought. The
    scatter is that of rows that come one by one: of page views, a session brings many at once, so sessions are counted.
    """
    rows = _rows(place, source, {name: exp.column(name) for name in by}, time=time)
    if rows is None:
        return never()
    counts = [exp.alias_(exp.Sum(this=_when(flag, number(1))), label) for flag, label in _SIDES]
    off: list[exp.Query] = []
    for name in by:
        value = exp.cast(exp.column(name), "varchar")
        groups = exp.select(exp.alias_(value, "share_of"), *counts).from_(rows.subquery("rows_of_both")).group_by(value)
        totals = exp.select(*counts).from_(rows.subquery("rows_of_both"))
        off.append(_off_shares(name, groups, totals, within))
    return _union(off)


def rate_like_history(
    place: Place, *, source: str, least: float, most: float, time: str = "occurred_at", hours: float = 12
) -> exp.Select:
    """Volume: the new rows of `source` a day are `least` to `most` times those of the four weeks before.

    The new days are counted from the newest old row to the newest new one, once they are `hours` at least.
    """
    moment = exp.TimeToUnix(this=exp.column(time))
    rows = _rows(place, source, {"moment": moment}, time=time)
    if rows is None:
        return never()
    measures = [
        exp.alias_(function(this=_when(flag, exp.column("moment"))), f"{label}_{word}")
        for flag, label in (("new", "new"), ("old", "old"))
        for function, word in ((exp.Min, "first"), (exp.Max, "last"))
    ]
    counts = [exp.alias_(exp.Sum(this=_when(flag, number(1))), label) for flag, label in _SIDES]
    measured = exp.select(*counts, *measures).from_(rows.subquery("rows_of_both"))
    seconds_new = exp.paren(exp.column("new_last") - exp.column("old_last"))
    seconds_old = exp.paren(exp.column("old_last") - exp.column("old_first"))
    usual = exp.column("old_rows") * seconds_new / seconds_old
    broken = exp.or_(exp.column("new_rows") < usual * number(least), exp.column("new_rows") > usual * number(most))
    enough = exp.and_(
        exp.column("old_rows") >= number(LEAST_OLD), seconds_old > number(0), seconds_new >= number(hours * 3600)
    )
    return (
        exp.select("new_rows", exp.alias_(usual, "usual_rows"))
        .from_(measured.subquery("measured"))
        .where(enough, broken)
    )


_SIDES = (("new", "new_rows"), ("old", "old_rows"))


def _rows(place: Place, source: str, columns: Mapping[str, exp.Expr], *, time: str) -> exp.Select | None:
    """Return `columns` of the rows of four weeks, each `is_new` or not; None before the first publication."""
    table, since = place.source(source), place.published_until()
    if table is None or since is None:
        return None
    is_new = exp.Case().when(exp.column(LOADED_AT) > since, number(1)).else_(number(0))
    return (
        exp.select(exp.alias_(is_new, "is_new"), *(exp.alias_(each, name) for name, each in columns.items()))
        .from_(table)
        .where(exp.column(time) >= place.days_ago(HISTORY_DAYS))
        .where(exp.column(LOADED_AT) <= latest(BATCH.copy(), LOADED_AT).subquery())
    )


def _when(side: str, value: exp.Expr) -> exp.Expr:
    """Return `value` on rows of one side, null on the other's."""
    return exp.Case().when(_IS_NEW.eq(number(1 if side == "new" else 0)), value.copy())


def _moments(name: str) -> list[exp.Expr]:
    """Return the means of a measure on both sides, its scatter on the old one, and how many new rows have one."""
    return [
        exp.alias_(exp.Count(this=_when("new", exp.column(name))), f"{name}_known"),
        exp.alias_(exp.Avg(this=_when("new", exp.column(name))), f"{name}_new"),
        exp.alias_(exp.Avg(this=_when("old", exp.column(name))), f"{name}_old"),
        exp.alias_(exp.Stddev(this=_when("old", exp.column(name))), f"{name}_scatter"),
    ]


def _is_off(name: str, within: float) -> exp.Expr:
    now, then = exp.column(f"{name}_new"), exp.column(f"{name}_old")
    distance = exp.Abs(this=exp.paren(now - then))
    # Rows without the measure are none that its mean is of: a note that one order in ten has scatters as few rows do.
    known = exp.func("NULLIF", exp.column(f"{name}_known"), number(0))
    error = exp.column(f"{name}_scatter") * number(SIGMAS) / exp.Sqrt(this=known)
    return exp.or_(
        exp.and_(distance > error, distance.copy() > exp.Abs(this=then) * number(within)),
        exp.and_(now.is_(exp.null()), then.is_(exp.null()).not_()),
    )


def _off_shares(name: str, groups: exp.Select, totals: exp.Select, within: float) -> exp.Select:
    new, old = exp.column("new_rows", "totals"), exp.column("old_rows", "totals")
    one = number(1.0)
    now = exp.func("COALESCE", exp.column("new_rows", "each_value"), number(0)) * one / new
    then = exp.func("COALESCE", exp.column("old_rows", "each_value"), number(0)) * one / old
    distance = exp.Abs(this=exp.paren(now - then))
    error = exp.Sqrt(this=exp.paren(then.copy()) * exp.paren(one - exp.paren(then.copy())) / new) * number(SIGMAS)
    return (
        exp.select(exp.alias_(exp.Literal.string(name), "share_by"), exp.column("share_of", "each_value"))
        .from_(groups.subquery("each_value"))
        .join(totals.subquery("totals"), join_type="cross")
        .where(new >= number(LEAST_NEW), old >= number(LEAST_OLD))
        .where(distance > error, distance.copy() > number(within))
    )


def _union(queries: Sequence[exp.Query]) -> exp.Select:
    found = queries[0]
    for query in queries[1:]:
        found = exp.union(found, query, distinct=False)
    return exp.select("*").from_(found.subquery("found"))
