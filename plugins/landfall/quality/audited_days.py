"""The days whose rows a gate looks at: those that may differ from what was audited before. Pure values, no engine.

Days are kept as whole months: that is how the lake's tables are partitioned, and what a month's rows add up to is then
whole, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlglot import exp

Ranges = tuple[tuple[date, date], ...]
"""Ranges of days in order, each (first day, day after the last); none touches the next."""

MARKER = "IN_AUDITED_DAYS"
"""What a query in a suite calls with a column of its own: true on the rows of the audited days."""

_MONTHS = 12
_EPOCH = 1970


@dataclass(frozen=True, kw_only=True)
class AuditedDays:
    """The days that every relation is audited on, and those of relations (`own`) that changed on more days."""

    everywhere: Ranges
    own: Mapping[str, Ranges] = field(default_factory=dict)

    def of(self, relation: str) -> Ranges:
        """Return the days that `relation` ("database.name") is audited on."""
        return self.own.get(relation, self.everywhere)


def months_of(ranges: Iterable[tuple[date, date]]) -> Ranges:
    """Return the whole months that `ranges` of days (the end exclusive) lie in, joined where they touch."""
    months: set[date] = set()
    for first, after in ranges:
        month = first.replace(day=1)
        while month < after:
            months.add(month)
            month = _next_month(month)
    found: list[tuple[date, date]] = []
    for month in sorted(months):
        if found and found[-1][1] == month:
            found[-1] = (found[-1][0], _next_month(month))
        else:
            found.append((month, _next_month(month)))
    return tuple(found)


def partition_days(address: str) -> tuple[date, date] | None:
    """Return the days of the partition that a data file's address names, None if it names none by year, month or day.

    Iceberg writes `<column>_<transform>=<value>`, the value as a date's part or as a count since 1970.
    https://iceberg.apache.org/spec/#partition-transforms
    """
    match = re.search(r"/[^/=]+_(year|month|day)=([0-9-]+)/", address)
    return _PARTITIONS[match[1]](match[2]) if match else None


def on_days(column: exp.Column, ranges: Ranges) -> exp.Condition:
    """Return the condition that `column` lies in `ranges`, in literals, by which engines prune.

    A name that ends in `_at` is a timestamp's, any other a date's: STYLE's names of columns.
    """
    kind, midnight = ("timestamp", " 00:00:00") if column.name.endswith("_at") else ("date", "")

    def literal(day: date) -> exp.Expr:
        return exp.cast(exp.Literal.string(f"{day.isoformat()}{midnight}"), kind)

    pairs = [
        exp.and_(column.copy() >= literal(first), column.copy() < literal(after), wrap=False) for first, after in ranges
    ]
    return exp.paren(exp.or_(*pairs)) if pairs else exp.false()


def with_marker_replaced(query: exp.Expr, ranges: Ranges | None) -> exp.Expr:
    """Return `query` with each call of MARKER as the condition on its column; it is true without `ranges`."""

    def replaced(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Anonymous) and node.name.upper() == MARKER:
            return exp.true() if ranges is None else on_days(node.expressions[0], ranges)
        return node

    return query.transform(replaced)


def _of_year(text: str) -> tuple[date, date]:
    year = int(text) if len(text) == len(str(_EPOCH)) else _EPOCH + int(text)
    return date(year, 1, 1), date(year + 1, 1, 1)


def _of_month(text: str) -> tuple[date, date]:
    if "-" in text.lstrip("-"):
        first = date.fromisoformat(f"{text}-01")
    else:
        years, months = divmod(int(text), _MONTHS)
        first = date(_EPOCH + years, months + 1, 1)
    return first, _next_month(first)


def _of_day(text: str) -> tuple[date, date]:
    iso = "-" in text.lstrip("-")
    first = date.fromisoformat(text) if iso else date(_EPOCH, 1, 1) + timedelta(days=int(text))
    return first, first + timedelta(days=1)


_PARTITIONS: Mapping[str, Callable[[str], tuple[date, date]]] = {"year": _of_year, "month": _of_month, "day": _of_day}


def _next_month(day: date) -> date:
    year, month = divmod(day.year * _MONTHS + day.month, _MONTHS)
    return date(year, month + 1, 1)
