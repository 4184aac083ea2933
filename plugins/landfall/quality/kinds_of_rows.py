"""Kinds of check that hold rows against those of another table: copies, sums by key, children and their parents.

They look at what came since the last publication where a table says when its rows were loaded: what was published
before has been held against its source already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from landfall.quality.audited_days import Ranges, on_days
from landfall.quality.place import BATCH, LOADED_AT, Place, expression, latest, never, number


def same_rows(
    place: Place,
    *,
    columns: Sequence[str],
    source: str,
    values: Mapping[str, str] | None = None,
    by: Sequence[str] = (),
    where: str | None = None,
    is_loaded: bool = False,
    begins: str | None = None,
    is_whole: str | None = None,
) -> exp.Select:
    """Conservation: the rows are, in `columns`, those of `source`: none is missing, none is too many, none differs.

    `values` gives the expressions of `source` for columns that it does not have under the same name; `by` the columns
    that it is grouped by. With `is_loaded` rows of the source that are newer than the candidate are left out.

    A group of rows of several days belongs to the day in its column `begins`. Where only some days are audited,
    `is_whole` is the condition on a group that it does not reach back to days before them: one that may do so is
    compared only if its key, the first of `by`, is among the candidates of those days.
    """
    table = place.source(source, later_too=begins is not None)
    if table is None:
        return never()
    of_source = {name: expression((values or {}).get(name, name)) for name in columns}
    theirs = exp.select(*(exp.alias_(each, name) for name, each in of_source.items())).from_(table)
    if where is not None:
        theirs = theirs.where(expression(where))
    if is_loaded:
        theirs = theirs.where(exp.column(LOADED_AT) <= latest(BATCH.copy(), LOADED_AT).subquery())
    if by:
        theirs = theirs.group_by(*(of_source[name].copy() for name in by))
    if begins is not None and is_whole is not None and place.days is not None:
        theirs = _begun(theirs, place.days, columns=columns, key=by[0], begins=begins, is_whole=is_whole)
    mine = exp.select(*map(exp.column, columns)).from_(BATCH.copy())
    too_many = exp.except_(mine.copy(), theirs.copy(), distinct=True).subquery("too_many")
    missing = exp.except_(theirs, mine, distinct=True).subquery("missing")
    keys = list(columns[:1])
    return exp.select("*").from_(
        exp.union(exp.select(*keys).from_(too_many), exp.select(*keys).from_(missing), distinct=False).subquery("found")
    )


def _begun(
    groups: exp.Select, days: Ranges, *, columns: Sequence[str], key: str, begins: str, is_whole: str
) -> exp.Select:
    """Return the groups that begin on `days`, as far as can be told from rows of these days and later ones."""
    told = groups.select(exp.alias_(expression(is_whole), "is_whole")).subquery("told")
    known = exp.column(key).isin(query=exp.select(key).from_(BATCH.copy()))
    return (
        exp.select(*map(exp.column, columns))
        .from_(told)
        .where(on_days(exp.column(begins), days), exp.or_(exp.column("is_whole"), known))
    )


def reconciles(
    place: Place,
    *,
    key: str,
    total: str,
    source: str,
    source_total: str,
    share: float,
    where: str = "1 = 1",
    least: int = 20,
) -> exp.Select:
    """Conservation across streams: for all but `share` of the new keys, `total` is `source_total` of `source`.

    A key is new when one of its rows that meet `where` came since the last publication. Streams arrive apart, so a
    small share may differ for a day; fewer keys than `least` say nothing.
    """
    table, since = place.source(source), place.published_until()
    if table is None or since is None:
        return never()
    chosen = exp.select(key).from_(BATCH.copy()).where(exp.column(LOADED_AT) > since, expression(where))
    mine = _totals(BATCH.copy(), key, total, chosen).where(expression(where)).subquery("mine")
    theirs = _totals(table, key, source_total, chosen).subquery("theirs")
    differs = exp.func("COALESCE", exp.column("total", "theirs"), number(0)).neq(exp.column("total", "mine"))
    off = exp.Sum(this=exp.Case().when(differs, number(1)).else_(number(0)))
    return (
        exp.select(exp.alias_(exp.Count(this=exp.Star()), "key_count"), exp.alias_(off, "keys_off"))
        .from_(mine)
        .join(theirs, on=exp.column(key, "mine").eq(exp.column(key, "theirs")), join_type="left")
        .having(exp.Count(this=exp.Star()) >= number(least), off.copy() > exp.Count(this=exp.Star()) * number(share))
    )


def agrees_with_parent(
    place: Place, *, key: str, parent: str, columns: Sequence[str], where: str = "1 = 1"
) -> exp.Select:
    """Referential integrity: a new row whose `key` the table `parent` knows has the parent's values in `columns`."""
    table, since = place.source(parent), place.published_until()
    if table is None or since is None:
        return never()
    news = exp.select(key, *columns).from_(BATCH.copy()).where(exp.column(LOADED_AT) > since, expression(where))
    parents = exp.select(key, *columns).distinct().from_(table)
    differs = exp.or_(*(exp.column(name, "child").neq(exp.column(name, "parent")) for name in columns))
    return (
        exp.select(exp.column(key, "child"))
        .from_(news.subquery("child"))
        .join(parents.subquery("parent"), on=exp.column(key, "child").eq(exp.column(key, "parent")))
        .where(differs)
    )


def _totals(table: exp.Expr, key: str, total: str, chosen: exp.Select) -> exp.Select:
    return (
        exp.select(key, exp.alias_(expression(total), "total"))
        .from_(table)
        .where(exp.column(key).isin(query=chosen.copy()))
        .group_by(key)
    )
