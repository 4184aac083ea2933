"""On which days a candidate may differ from what readers have, by what Iceberg's own records say.

A lake table's rows can only differ where it has other files than its published version: files never change. To these
days come those of rows that were loaded since, whether a model took them in or not, and the last weeks, with which new
rows are compared. What lies on other days was audited as it is, by this gate or one before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from sqlglot import exp

from landfall.aws.athena import Athena
from landfall.publish.record import PublishedDataset
from landfall.quality.audited_days import AuditedDays, Ranges, months_of, partition_days
from landfall.quality.kinds_of_history import HISTORY_DAYS
from landfall.quality.place import LOADED_AT, moment

LOADED_WITHIN = timedelta(days=2)
"""Rows that a publication lacks were stamped so long before it at most: a load stamps when it begins, may take hours,
and a candidate may wait twelve hours for a human."""

REACH_DAYS = HISTORY_DAYS + 7
"""Days back that are always audited: those that new rows are compared with, and a week of what led to them."""

_LONGEST_MONTH = timedelta(days=31)

Pair = tuple[PublishedDataset, PublishedDataset]
"""A table as it is now, and as it was published."""


class UnknownDaysError(Exception):
    """It cannot be told on which days a table changed: all of it has to be audited."""


def audited_days(changed: Mapping[str, Ranges], more: Iterable[tuple[date, date]], *, at: datetime) -> AuditedDays:
    """Return the days to audit: those on which a table `changed` or that are `more`, and the last weeks before `at`.

    A table that is partitioned by years is small, and what changed in it says little of others: its years are its own.
    """
    own = {table: found for table, found in changed.items() if _is_coarse(found)}
    fine = [each for table, found in changed.items() if table not in own for each in found]
    recent = (at.date() - timedelta(days=REACH_DAYS), at.date() + timedelta(days=1))
    everywhere = months_of([*fine, *more, recent])
    return AuditedDays(
        everywhere=everywhere, own={table: months_of([*everywhere, *found]) for table, found in own.items()}
    )


def changed_days(athena: Athena, pairs: Mapping[str, Pair]) -> dict[str, Ranges]:
    """Return for each table that differs the partitions in which it has other data files or deletes than before.

    Raises UnknownDaysError if a table that differs is not partitioned by time.
    """
    differing = {table: pair for table, pair in pairs.items() if pair[0].snapshot_id != pair[1].snapshot_id}
    found: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for table, address in athena.run(other_files(differing), fetch=True).rows if differing else ():
        days = partition_days(str(address))
        if days is None:
            raise UnknownDaysError(f"{table} has files outside of any partition by time")
        found[str(table)].append(days)
    return {table: tuple(sorted(set(days))) for table, days in found.items()}


def other_files(pairs: Mapping[str, Pair]) -> exp.Union:
    """Return the query (table, address) of the files that one of two tables has and the other has not.

    It reads metadata alone: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-table-metadata.html
    """
    differences: list[exp.Query] = []
    for table, (now, then) in sorted(pairs.items()):
        mine, theirs = _files(now.table), _files(then.table)
        for one, other in ((mine, theirs), (theirs.copy(), mine.copy())):
            files = exp.except_(one, other, distinct=True).subquery("files")
            differences.append(exp.select(exp.alias_(exp.Literal.string(table), "name"), "file_path").from_(files))
    return exp.union(*differences, distinct=False)


def loaded_days(athena: Athena, raw: Mapping[str, str], *, published_at: datetime) -> list[tuple[date, date]]:
    """Return the months of the rows of `raw` (table -> its column of days) that a publication may lack."""
    since = moment(published_at - LOADED_WITHIN)
    queries = []
    for table, column in sorted(raw.items()):
        database, _, name = table.partition(".")
        month = exp.cast(exp.TimestampTrunc(this=exp.column(column), unit=exp.var("MONTH")), "date")
        rows = exp.select(exp.alias_(exp.cast(month, "varchar"), "month")).distinct()
        source = exp.table_(name, db=database, quoted=True)
        queries.append(rows.from_(source).where(exp.column(LOADED_AT) > since.copy()))
    found = athena.run(exp.union(*queries, distinct=True), fetch=True).rows
    firsts = [date.fromisoformat(str(month)) for (month,) in found]
    return [(first, first + timedelta(days=1)) for first in firsts]


def _files(table: str) -> exp.Select:
    database, _, name = table.partition(".")
    return exp.select("file_path").from_(exp.table_(f"{name}$files", db=database, quoted=True))


def _is_coarse(ranges: Ranges) -> bool:
    return any(after - first > _LONGEST_MONTH for first, after in ranges)
