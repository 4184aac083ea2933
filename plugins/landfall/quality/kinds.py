"""Kinds of check that Great Expectations lacks, each as one query that returns a row only when it is broken.

A suite names a kind as its `type` and gives its arguments and a `description` as `kwargs`. The query runs on the
engine under audit; it returns aggregates or keys and never a row of a customer. A kind that compares with the last
published version, or with the lake, passes while there is none: the first publication has no history.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlglot import exp

from landfall.quality.kinds_of_history import new_like_history, rate_like_history, shares_like_history
from landfall.quality.kinds_of_rows import agrees_with_parent, reconciles, same_rows
from landfall.quality.place import (
    BATCH,
    LOADED_AT,
    Place,
    Surroundings,
    expression,
    latest,
    naming_batch,
    never,
    number,
)

__all__ = ["BATCH", "KINDS", "Place", "Surroundings", "argument_problem", "broken_rows"]

SOURCE_DAYS = 28
"""How far back the newest row of a source is looked for."""

LEAST_ROWS = 1000
"""Fewer rows than these in the published version say nothing of a distribution."""


def row_count_near_published(place: Place, *, least: float = 0.0, most: float | None = None) -> exp.Select:
    """Volume: the rows are at least `least` times and at most `most` times those of the last published version.

    All rows are counted, which reads none of them.
    """
    published = place.whole_published()
    if published is None:
        return never()
    counts = exp.select(exp.alias_(exp.Count(this=exp.Star()), "row_count"))
    now, then = exp.column("row_count", "candidate"), exp.column("row_count", "published")
    broken = [now < then * number(least)] + ([now > then * number(most)] if most is not None else [])
    compared = _compared(counts, place.whole(), published, [now, then]).where(exp.or_(*broken))
    return compared if place.days is None else naming_batch(compared)


def mean_near_published(place: Place, *, column: str, within: float, least_rows: int = LEAST_ROWS) -> exp.Select:
    """Distribution: the mean of `column` is off that of the last published version by at most the share `within`."""
    return _measure_near_published(place, exp.column(column), within=within, relative=True, least_rows=least_rows)


def share_near_published(
    place: Place, *, column: str, value: str, within: float, least_rows: int = LEAST_ROWS
) -> exp.Select:
    """Distribution: the share of rows whose `column` is `value` is off the published one by at most `within` (of 1)."""
    is_value = exp.column(column).eq(exp.Literal.string(value))
    measured = exp.Case().when(is_value, exp.Literal.number(1)).else_(exp.Literal.number(0))
    return _measure_near_published(place, measured, within=within, relative=False, least_rows=least_rows)


def no_orphans(
    place: Place,
    *,
    columns: Sequence[str],
    parent: str,
    parent_columns: Sequence[str] | None = None,
    late: str | None = None,
) -> exp.Select:
    """Referential integrity: each key in `columns` that is not null is one of the table `parent`.

    Where only some days are audited and a child's parent may be of an earlier day, `late` is the condition on children
    that come long after it: of the others those are looked at that came since the last publication.
    """
    table = place.source(parent)
    if table is None:
        return never()
    keys = [exp.column(name) for name in columns]
    children = exp.select(*keys).distinct().from_(BATCH.copy()).where(*(key.is_(exp.null()).not_() for key in keys))
    since = place.published_until()
    if late is not None and place.days is not None and since is not None:
        children = children.where(exp.column(LOADED_AT) > since, exp.not_(exp.paren(expression(late))))
    others = list(parent_columns or columns)
    parents = exp.select(*map(exp.column, others)).distinct().from_(table)
    pairs = [
        exp.column(mine, "child").eq(exp.column(theirs, "parent")) for mine, theirs in zip(columns, others, strict=True)
    ]
    return (
        exp.select(*(exp.column(name, "child") for name in columns))
        .from_(children.subquery("child"))
        .join(parents.subquery("parent"), on=exp.and_(*pairs), join_type="left")
        .where(exp.column(others[0], "parent").is_(exp.null()))
    )


def fresh_within(place: Place, *, column: str, hours: float) -> exp.Select:
    """Freshness: the newest `column` (a UTC timestamp) is at most `hours` older than the audit."""
    newest = exp.column("latest", "candidate")
    return (
        exp.select(newest)
        .from_(latest(BATCH.copy(), column).subquery("candidate"))
        .where(newest < place.days_ago(hours / 24))
    )


def as_fresh_as(
    place: Place, *, column: str, source: str, hours: float, source_column: str | None = None
) -> exp.Select:
    """Freshness: the newest `column` is at most `hours` older than that, or `source_column`, of the table `source`.

    Rows of the source older than SOURCE_DAYS are not looked at, so that it need not be read whole: where nothing is
    newer, there is nothing to be behind of.
    """
    table = place.source(source)
    if table is None:
        return never()
    moment = source_column or column
    newest = latest(table, moment).where(exp.column(moment) >= place.days_ago(SOURCE_DAYS))
    now, then = exp.column("latest", "candidate"), exp.column("latest", "source")
    span = exp.Interval(this=exp.Literal.string(str(round(hours * 3600))), unit=exp.var("SECOND"))
    return (
        exp.select(now, exp.alias_(then, "source_latest"))
        .from_(latest(BATCH.copy(), column).subquery("candidate"))
        .join(newest.subquery("source"), join_type="cross")
        .where(exp.or_(now.is_(exp.null()).and_(then.is_(exp.null()).not_()), now + span < then))
    )


def same_total(
    place: Place,
    *,
    total: str,
    by: Sequence[str],
    source: str,
    source_total: str | None = None,
    until: str | None = None,
) -> exp.Select:
    """Conservation and equality: `total` by the columns `by` is, to the last unit, `source_total` of `source`.

    `until` names a timestamp column of both: rows of the source that came after the candidate's newest are left out.
    """
    table = place.source(source)
    if table is None:
        return never()
    keys = [exp.column(name) for name in by]
    mine = exp.select(*keys, exp.alias_(expression(total), "total")).from_(BATCH.copy()).group_by(*keys)
    theirs = exp.select(*keys, exp.alias_(expression(source_total or total), "total")).from_(table).group_by(*keys)
    if until is not None:
        theirs = theirs.where(exp.column(until) <= latest(BATCH.copy(), until).subquery())
    now, then = exp.column("total", "candidate"), exp.column("total", "source")
    pairs = [exp.column(name, "candidate").eq(exp.column(name, "source")) for name in by]
    return (
        exp.select(*(exp.column(name, "candidate") for name in by), now, exp.alias_(then, "source_total"))
        .from_(mine.subquery("candidate"))
        .join(theirs.subquery("source"), on=exp.and_(*pairs), join_type="full")
        .where(exp.or_(now.is_(exp.null()), then.is_(exp.null()), now.neq(then)))
    )


KINDS: Mapping[str, Callable[..., exp.Select]] = {
    kind.__name__: kind
    for kind in (
        row_count_near_published,
        mean_near_published,
        share_near_published,
        no_orphans,
        fresh_within,
        as_fresh_as,
        same_total,
        same_rows,
        reconciles,
        agrees_with_parent,
        new_like_history,
        shares_like_history,
        rate_like_history,
    )
}
"""Kind, as a suite's `type` -> the function that makes its query."""


def row_count_between(place: Place, *, min_value: int | None = None, max_value: int | None = None) -> exp.Select:
    """Return the query that Great Expectations' check of a table's row count stands for, over all rows."""
    counted = exp.select(exp.alias_(exp.Count(this=exp.Star()), "row_count")).from_(place.whole())
    found = exp.column("row_count", "counted")
    broken: list[exp.Expr] = [found < exp.Literal.number(min_value)] if min_value is not None else []
    broken += [found > exp.Literal.number(max_value)] if max_value is not None else []
    return naming_batch(exp.select(found).from_(counted.subquery("counted")).where(exp.or_(*broken)))


def argument_problem(kind: str, kwargs: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the arguments a suite gives `kind`, None if nothing is or it is no kind of these."""
    if kind not in KINDS:
        return None
    if not kwargs.get("description"):
        return f"{kind} needs a description in words"
    try:
        inspect.signature(KINDS[kind]).bind(None, **_arguments(kwargs))
    except TypeError as error:
        return f"{kind}: {error}"
    return None


def broken_rows(kind: str, kwargs: Mapping[str, Any], place: Place) -> exp.Select:
    """Return the query of a check of this `kind`: it has rows only if the check is broken."""
    return KINDS[kind](place, **_arguments(kwargs))


def _arguments(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kwargs.items() if name != "description"}


def _compared(measures: exp.Select, candidate: exp.Expr, published: exp.Expr, shown: Sequence[exp.Expr]) -> exp.Select:
    """Return `shown` of the one row of `measures` over the candidate beside that over its published version."""
    now, then = shown
    return (
        exp.select(now, exp.alias_(then, "published"))
        .from_(measures.copy().from_(candidate).subquery("candidate"))
        .join(measures.copy().from_(published).subquery("published"), join_type="cross")
    )


def _measure_near_published(
    place: Place, measured: exp.Expr, *, within: float, relative: bool, least_rows: int
) -> exp.Select:
    """Return the check that the mean of `measured` is near the published one, where that has rows enough."""
    published = place.last_published()
    if published is None:
        return never()
    mean = exp.Avg(this=exp.cast(measured, "double"))
    measures = exp.select(exp.alias_(mean, "mean"), exp.alias_(exp.Count(this=exp.Star()), "row_count"))
    now, then = exp.column("mean", "candidate"), exp.column("mean", "published")
    bound = number(within) * exp.Abs(this=then) if relative else number(within)
    far = exp.or_(now.is_(exp.null()), exp.Abs(this=exp.paren(now - then)) > bound)
    enough = exp.column("row_count", "published") >= exp.Literal.number(least_rows)
    return _compared(measures, BATCH.copy(), published, [now, then]).where(exp.and_(enough, far))
