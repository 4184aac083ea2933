"""Conditions that the statements of a load share: which rows are meant, in ways that prune partitions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlglot import exp

from landfall.contracts import StreamContract
from landfall.ingest.checks import data_type, text_of
from landfall.ingest.records import IDENTITY


def same_key(contract: StreamContract) -> exp.Expr:
    """Whether raw's row (`target`) and the record (`source`) have one key."""
    return exp.and_(*(column(name, "target").eq(column(name, "source")) for name in contract.key))


def contradicts() -> exp.Expr:
    """Whether raw's row (`target`) says other than the record (`source`) of its key; rows without a hash never do."""
    return exp.func("COALESCE", column("_content_hash", "target").neq(column("_content_hash", "source")), exp.false())


def in_raw(contract: StreamContract, days: Sequence[date]) -> exp.Expr:
    """Whether raw's row (`target`) lies where an event of `days` may have been loaded before."""
    reach = range(-contract.duplicate_days, contract.duplicate_days + 1)
    near = [day + timedelta(days=distance) for day in days for distance in reach]
    return on_days(time_column(contract, "target"), near)


def same_quarantined_record(landing_days: Sequence[date], *, table: str = "target") -> exp.Expr:
    """Whether quarantine's row (`table`), in the partitions of `landing_days`, is the record (`source`)."""
    same = (column(name.removeprefix("_"), table).eq(column(name, "source")) for name in IDENTITY)
    dates = [exp.cast(text_of(day.isoformat()), "date") for day in sorted(set(landing_days))]
    return exp.and_(*same, column("landed_date", table).isin(*dates))


def within_days(time_field: str, *, first: date, last: date) -> exp.Condition:
    """Return the condition that a time lies between two days, both included."""
    time = column(time_field)
    return exp.and_(time >= _midnight(first), time.copy() < _midnight(last + timedelta(days=1)))


def on_days(time: exp.Column, days: Sequence[date]) -> exp.Expr:
    """Return the condition that `time` lies on one of `days`, as ranges that prune partitions."""
    ranges: list[list[date]] = []
    for day in sorted(set(days)):
        if ranges and ranges[-1][1] == day:
            ranges[-1][1] = day + timedelta(days=1)
        else:
            ranges.append([day, day + timedelta(days=1)])
    return exp.or_(*(exp.and_(time.copy() >= _midnight(start), time.copy() < _midnight(end)) for start, end in ranges))


def _midnight(day: date) -> exp.Expr:
    return exp.Cast(this=text_of(f"{day.isoformat()} 00:00:00.000000"), to=data_type("timestamp(6)"))


def time_column(contract: StreamContract, table: str | None = None) -> exp.Column:
    """Return the column that says when an event happened."""
    return column(contract.time_field, table)


def column(name: str, table: str | None = None) -> exp.Column:
    """Return a column, quoted."""
    return exp.column(name, table=table, quoted=True)


def moment(value: datetime) -> exp.Expr:
    """Return a UTC time as a timestamp(6) literal."""
    text = value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    return exp.Cast(this=text_of(text), to=data_type("timestamp(6)"))
