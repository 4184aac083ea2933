"""The statements that move a batch from its scratch table to raw and quarantine, and count what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlglot import exp

from landfall.contracts import StreamContract
from landfall.ingest.batch import LandedObject
from landfall.ingest.checks import CONFLICT, data_type, text_of
from landfall.ingest.records import IDENTITY, with_records
from landfall.ingest.scratch import scratch_table

_QUARANTINED = (*IDENTITY, "_landed_date", "_reason", "_field", "_raw_text")

MOST_OPEN_PARTITIONS = 100
"""Partitions one statement of Athena may write."""

RAW_COLUMNS = {
    "_extra": "map(varchar, varchar)",
    "_content_hash": "varchar",
    "_source_object": "varchar",
    "_line_number": "bigint",
    "_record_number": "bigint",
    "_batch_id": "varchar",
    "_contract_version": "varchar",
    "_loaded_at": "timestamp(6)",
}
"""What a raw row says of its way, besides the contract's fields."""

RAW_COLUMN_MEANINGS = {
    "_extra": "Fields the contract does not know, by name, each as its JSON text; null if there are none.",
    "_content_hash": "MD5 of all the record says: two records of one key are the same event if theirs are equal.",
    "_source_object": "Landed object (s3 address) the record came in.",
    "_line_number": "Line of the record in its object, from 1.",
    "_record_number": "Place of the record among several glued on one line, from 1.",
    "_batch_id": "Batch that loaded the record.",
    "_contract_version": "Version of the stream's contract it was checked by.",
    "_loaded_at": "When the record's batch was merged into raw (UTC).",
}
"""What those columns mean, for the docs."""

QUARANTINE_COLUMNS = {
    "source_object": "varchar",
    "landed_date": "date",
    "line_number": "bigint",
    "record_number": "bigint",
    "reason": "varchar",
    "field": "varchar",
    "raw_text": "varchar",
    "contract_version": "varchar",
    "batch_id": "varchar",
    "quarantined_at": "timestamp(6)",
}
"""What is known of a record that broke its contract; landed_date, its day of arrival, is the partition."""


@dataclass(frozen=True, kw_only=True)
class BatchMark:
    """What a batch writes into each of its rows."""

    batch_id: str
    contract_version: str
    loaded_at: datetime


def select_days(contract: StreamContract, batch_id: str) -> exp.Select:
    """Return the query for a batch's days: (day, good records first of their key); day NULL counts bad records."""
    is_good = exp.column("_reason").is_(exp.null())
    day = exp.func("IF", is_good, exp.cast(_time(contract), "date"))
    return (
        exp.select(exp.alias_(day, "day"), exp.alias_(exp.Count(this=exp.Star()), "records"))
        .from_(scratch_table(contract, batch_id))
        .where(exp.or_(exp.column("_reason").is_(exp.null()).not_(), exp.column("_key_rank").eq(1)))
        .group_by(exp.Literal.number(1))
    )


def day_groups(days: Iterable[date]) -> tuple[tuple[date, ...], ...]:
    """Cut days into ascending groups of which one statement can write each."""
    ordered = sorted(set(days))
    size = MOST_OPEN_PARTITIONS
    return tuple(tuple(ordered[start : start + size]) for start in range(0, len(ordered), size))


def merge_raw(contract: StreamContract, *, mark: BatchMark, days: Sequence[date]) -> exp.Merge:
    """Return the MERGE that inserts those good records of the batch, on `days`, whose key raw lacks.

    The engine reads those partitions of raw only and, where the contract says that a key may come again with another
    time, as many days before and after.
    """
    fields = [*(field.name for field in contract.fields), "_extra", "_content_hash"]
    source = (
        exp.select(*IDENTITY, *(_column(name) for name in fields))
        .from_(scratch_table(contract, mark.batch_id))
        .where(exp.column("_key_rank").eq(1))
        .where(_on_days(_time(contract), days))
    )
    inserted: dict[str, exp.Expr] = {name: _column(name, "source") for name in fields}
    inserted |= {name: _column(name, "source") for name in IDENTITY}
    inserted |= {
        "_batch_id": text_of(mark.batch_id),
        "_contract_version": text_of(mark.contract_version),
        "_loaded_at": moment(mark.loaded_at),
    }
    condition = exp.and_(_same_key(contract), _in_raw(contract, days))
    return _merge(exp.table_(contract.stream, db="raw", quoted=True), source, condition, inserted)


def merge_quarantine(contract: StreamContract, *, mark: BatchMark, landing_days: Sequence[date]) -> exp.Merge:
    """Return the MERGE that inserts the bad records of the batch that quarantine does not hold yet."""
    source = (
        exp.select(*_QUARANTINED)
        .from_(scratch_table(contract, mark.batch_id))
        .where(exp.column("_reason").is_(exp.null()).not_())
    )
    return _merge_into_quarantine(contract, source, mark=mark, landing_days=landing_days)


def merge_conflicts(
    contract: StreamContract,
    *,
    mark: BatchMark,
    days: Sequence[date],
    objects: Sequence[LandedObject],
    landing_bucket: str,
) -> exp.Merge:
    """Return the MERGE that inserts into quarantine the records that raw contradicts: same key, other content.

    Run after merge_raw. Their text is read from landing again, which is cheap for what is rare; a scratch table that
    kept the text of every good record would cost each load.
    """
    text = exp.alias_(exp.table_("records"), "text", table=True)
    scratch = exp.alias_(scratch_table(contract, mark.batch_id), "source", table=True)
    raw = exp.alias_(exp.table_(contract.stream, db="raw", quoted=True), "target", table=True)
    same_record = exp.and_(*(_column(name, "text").eq(_column(name, "source")) for name in IDENTITY))
    source = (
        exp.select(*(_column(name, "text") for name in (*IDENTITY, "_landed_date")))
        .select(exp.alias_(text_of(CONFLICT), "_reason"), exp.alias_(exp.cast(exp.null(), "varchar"), "_field"))
        .select(_column("_raw_text", "text"))
        .from_(text)
        .join(scratch, on=same_record)
        .join(raw, on=exp.and_(_same_key(contract), _in_raw(contract, days)))
        .where(exp.and_(_column("_reason", "source").is_(exp.null()), _contradicts()))
    )
    source = with_records(source, contract, objects, landing_bucket)
    landing_days = [date.fromisoformat(landed.dt) for landed in objects]
    return _merge_into_quarantine(contract, source, mark=mark, landing_days=landing_days)


def _merge_into_quarantine(
    contract: StreamContract, source: exp.Select, *, mark: BatchMark, landing_days: Sequence[date]
) -> exp.Merge:
    inserted: dict[str, exp.Expr] = {name.removeprefix("_"): _column(name, "source") for name in _QUARANTINED}
    inserted |= {
        "contract_version": text_of(mark.contract_version),
        "batch_id": text_of(mark.batch_id),
        "quarantined_at": moment(mark.loaded_at),
    }
    target = exp.table_(contract.stream, db="quarantine", quoted=True)
    return _merge(target, source, _same_quarantined_record(landing_days), inserted)


def count_outcomes(
    contract: StreamContract, *, batch_id: str, days: Sequence[date], landing_days: Sequence[date]
) -> exp.Select:
    """Return the query (source_object, outcome, reason, records) that says what is in the tables now of each record.

    Outcomes: `records`, all that were read; `loaded`, this very record is the row of its key in raw; `duplicate`,
    another record of the same content is; `conflict`, another of other content is, and quarantine lacks this one;
    `quarantined` with its reason; `lost`, neither table has it. If raw held a key twice, its record would count twice
    and the sum would not be that of `records`.
    """
    scratch = exp.alias_(scratch_table(contract, batch_id), "source", table=True)
    is_good = _column("_reason", "source").is_(exp.null())
    in_raw = exp.and_(*(_column(name, "target").eq(_column(name, "source")) for name in IDENTITY))
    in_quarantine = _column("source_object", "kept")
    good = (
        exp.Case()
        .when(_column("_source_object", "target").is_(exp.null()), text_of("lost"))
        .when(in_raw, text_of("loaded"))
        .when(exp.not_(_contradicts()), text_of("duplicate"))
        .when(in_quarantine.is_(exp.null()), text_of(CONFLICT))
        .else_(text_of("quarantined"))
    )
    bad = exp.func("IF", in_quarantine.is_(exp.null()), text_of("lost"), text_of("quarantined"))
    raw = exp.alias_(exp.table_(contract.stream, db="raw", quoted=True), "target", table=True)
    quarantine = exp.alias_(exp.table_(contract.stream, db="quarantine", quoted=True), "kept", table=True)
    raw_match = exp.and_(_same_key(contract), _in_raw(contract, days) if days else exp.false())
    kept_match = _same_quarantined_record(landing_days, table="kept")
    no_reason = exp.cast(exp.null(), "varchar")
    reason = exp.func("IF", exp.and_(_contradicts(), in_quarantine.is_(exp.null()).not_()), text_of(CONFLICT))
    good_records = (
        _outcomes(scratch, good, reason)
        .join(raw, on=raw_match, join_type="left")
        .join(quarantine, on=kept_match, join_type="left")
        .where(is_good)
    )
    bad_records = (
        _outcomes(scratch, bad, _column("_reason", "source"))
        .join(quarantine.copy(), on=kept_match.copy(), join_type="left")
        .where(is_good.copy().not_())
    )
    every = exp.union(good_records, bad_records, _outcomes(scratch, text_of("records"), no_reason), distinct=False)
    return (
        exp.select("source_object", "outcome", "reason", exp.alias_(exp.Count(this=exp.Star()), "records"))
        .from_(every.subquery("outcomes"))
        .group_by(*(exp.Literal.number(position) for position in (1, 2, 3)))
    )


def moment(value: datetime) -> exp.Expr:
    """Return a UTC time as a timestamp(6) literal."""
    text = value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    return exp.Cast(this=text_of(text), to=data_type("timestamp(6)"))


def _outcomes(scratch: exp.Expr, outcome: exp.Expr, reason: exp.Expr) -> exp.Select:
    return exp.select(
        exp.alias_(_column("_source_object", "source"), "source_object"),
        exp.alias_(outcome, "outcome"),
        exp.alias_(reason.copy(), "reason"),
    ).from_(scratch.copy())


def _merge(target: exp.Table, source: exp.Select, condition: exp.Expr, inserted: dict[str, exp.Expr]) -> exp.Merge:
    insert = exp.Insert(
        this=exp.Tuple(expressions=[_column(name) for name in inserted]),
        expression=exp.Tuple(expressions=list(inserted.values())),
    )
    return exp.Merge(
        this=exp.alias_(target, "target", table=True),
        using=source.subquery("source"),
        on=condition,
        whens=exp.Whens(expressions=[exp.When(matched=False, then=insert)]),
    )


def _same_key(contract: StreamContract) -> exp.Expr:
    return exp.and_(*(_column(name, "target").eq(_column(name, "source")) for name in contract.key))


def _contradicts() -> exp.Expr:
    """Whether raw's row (`target`) says other than the record (`source`) of its key; rows without a hash never do."""
    return exp.func("COALESCE", _column("_content_hash", "target").neq(_column("_content_hash", "source")), exp.false())


def _in_raw(contract: StreamContract, days: Sequence[date]) -> exp.Expr:
    """Whether raw's row (`target`) lies where an event of `days` may have been loaded before."""
    reach = range(-contract.duplicate_days, contract.duplicate_days + 1)
    near = [day + timedelta(days=distance) for day in days for distance in reach]
    return _on_days(_time(contract, "target"), near)


def _same_quarantined_record(landing_days: Sequence[date], *, table: str = "target") -> exp.Expr:
    same = (_column(name.removeprefix("_"), table).eq(_column(name, "source")) for name in IDENTITY)
    dates = [exp.cast(text_of(day.isoformat()), "date") for day in sorted(set(landing_days))]
    return exp.and_(*same, _column("landed_date", table).isin(*dates))


def within_days(time_field: str, *, first: date, last: date) -> exp.Condition:
    """Return the condition that a time lies between two days, both included."""
    time = _column(time_field)
    return exp.and_(time >= _midnight(first), time.copy() < _midnight(last + timedelta(days=1)))


def _on_days(time: exp.Column, days: Sequence[date]) -> exp.Expr:
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


def _time(contract: StreamContract, table: str | None = None) -> exp.Column:
    return _column(contract.time_field, table)


def _column(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table, quoted=True)
