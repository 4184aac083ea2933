"""The statements that move a batch from its scratch table to raw and quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlglot import exp

from landfall.contracts import StreamContract
from landfall.ingest.batch import LandedObject
from landfall.ingest.checks import CONFLICT, text_of
from landfall.ingest.conditions import (
    column,
    contradicts,
    in_raw,
    moment,
    on_days,
    same_key,
    same_quarantined_record,
    time_column,
)
from landfall.ingest.records import IDENTITY, with_records
from landfall.ingest.scratch import scratch_table

_QUARANTINED = (*IDENTITY, "_landed_date", "_reason", "_field", "_raw_text")

MOST_OPEN_PARTITIONS = 100
"""Partitions one statement of Athena may write."""


@dataclass(frozen=True, kw_only=True)
class BatchMark:
    """What a batch writes into each of its rows."""

    batch_id: str
    contract_version: str
    loaded_at: datetime


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
        exp.select(*IDENTITY, *(column(name) for name in fields))
        .from_(scratch_table(contract, mark.batch_id))
        .where(exp.column("_key_rank").eq(1))
        .where(on_days(time_column(contract), days))
    )
    inserted: dict[str, exp.Expr] = {name: column(name, "source") for name in fields}
    inserted |= {name: column(name, "source") for name in IDENTITY}
    inserted |= {
        "_batch_id": text_of(mark.batch_id),
        "_contract_version": text_of(mark.contract_version),
        "_loaded_at": moment(mark.loaded_at),
    }
    condition = exp.and_(same_key(contract), in_raw(contract, days))
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
    same_record = exp.and_(*(column(name, "text").eq(column(name, "source")) for name in IDENTITY))
    source = (
        exp.select(*(column(name, "text") for name in (*IDENTITY, "_landed_date")))
        .select(exp.alias_(text_of(CONFLICT), "_reason"), exp.alias_(exp.cast(exp.null(), "varchar"), "_field"))
        .select(column("_raw_text", "text"))
        .from_(text)
        .join(scratch, on=same_record)
        .join(raw, on=exp.and_(same_key(contract), in_raw(contract, days)))
        .where(exp.and_(column("_reason", "source").is_(exp.null()), contradicts()))
    )
    source = with_records(source, contract, objects, landing_bucket)
    landing_days = [date.fromisoformat(landed.dt) for landed in objects]
    return _merge_into_quarantine(contract, source, mark=mark, landing_days=landing_days)


def _merge_into_quarantine(
    contract: StreamContract, source: exp.Select, *, mark: BatchMark, landing_days: Sequence[date]
) -> exp.Merge:
    inserted: dict[str, exp.Expr] = {name.removeprefix("_"): column(name, "source") for name in _QUARANTINED}
    inserted |= {
        "contract_version": text_of(mark.contract_version),
        "batch_id": text_of(mark.batch_id),
        "quarantined_at": moment(mark.loaded_at),
    }
    target = exp.table_(contract.stream, db="quarantine", quoted=True)
    return _merge(target, source, same_quarantined_record(landing_days), inserted)


def _merge(target: exp.Table, source: exp.Select, condition: exp.Expr, inserted: dict[str, exp.Expr]) -> exp.Merge:
    insert = exp.Insert(
        this=exp.Tuple(expressions=[column(name) for name in inserted]),
        expression=exp.Tuple(expressions=list(inserted.values())),
    )
    return exp.Merge(
        this=exp.alias_(target, "target", table=True),
        using=source.subquery("source"),
        on=condition,
        whens=exp.Whens(expressions=[exp.When(matched=False, then=insert)]),
    )
