"""The statements of a replay: quarantined records read as landed ones are, and marked with what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlglot import exp

from landfall.contracts import StreamContract
from landfall.ingest.checks import CONFLICT, function, text_of
from landfall.ingest.conditions import column, in_raw, moment, on_days, same_key, same_quarantined_record, time_column
from landfall.ingest.corrections import Step
from landfall.ingest.corrections_sql import corrected_records
from landfall.ingest.merge import BatchMark
from landfall.ingest.outcomes import outcome_in_raw
from landfall.ingest.records import IDENTITY, with_ctes_before
from landfall.ingest.scratch import checked_records, scratch_table

LOADED = "loaded"
DUPLICATE = "duplicate"
STILL_BROKEN = "still_broken"
LOST = "lost"
"""Raw lacks a good record after the merge: never right, and never the end of it."""
FINAL = (LOADED, DUPLICATE)
"""Outcomes after which a record is not replayed again."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which quarantined records are meant: arrived from `first` to `last` (days), of `reasons` (all if empty).

    They were quarantined before `before` (UTC), and not from objects that are still being loaded (`excluded`).
    """

    first: date
    last: date
    reasons: tuple[str, ...]
    before: datetime
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReplayMark(BatchMark):
    """What a replay writes into each quarantined record: besides the batch, its run and its correction's name."""

    run_id: str
    correction: str | None


def quarantined_days(contract: StreamContract, selection: Selection) -> exp.Select:
    """Return the query (day of arrival, records) of what is selected."""
    return (
        exp.select("landed_date", exp.Count(this=exp.Star()))
        .from_(_quarantine(contract))
        .where(_selected(selection))
        .group_by("landed_date")
    )


def checked_again(
    contract: StreamContract, selection: Selection, *, landing_days: Sequence[date], steps: Sequence[Step]
) -> exp.Select:
    """Return the query of the selected records of these days of arrival, corrected and checked as landed ones are."""
    names = {name: name.removeprefix("_") for name in (*IDENTITY, "_landed_date", "_raw_text")}
    source = (
        exp.select(*(exp.alias_(column(stored), name) for name, stored in names.items()))
        .select(exp.alias_(function("try", function("json_parse", column("raw_text"))), "_document"))
        .from_(_quarantine(contract))
        .where(_selected(selection), column("landed_date").isin(*_dates(landing_days)))
    )
    return with_ctes_before(checked_records(contract), corrected_records(source, steps))


def count_records(contract: StreamContract, batch_id: str) -> exp.Select:
    """Return the query for the number of records in a batch."""
    return exp.select(exp.Count(this=exp.Star())).from_(scratch_table(contract, batch_id))


def foresee_outcomes(contract: StreamContract, checked: exp.Select, *, days: Sequence[date]) -> exp.Select:
    """Return the query (outcome, reason, field, records) of what a replay would do; it writes nothing."""
    is_good = column("_reason").is_(exp.null())
    first = exp.Window(
        this=exp.FirstValue(this=column("_content_hash")),
        partition_by=[is_good, *(column(name) for name in contract.key)],
        order=exp.Order(expressions=[exp.Ordered(this=column(name)) for name in IDENTITY]),
    )
    ranked = exp.select(exp.Star(), exp.alias_(first, "_first_hash")).from_(checked.subquery("checked_again"))
    is_absent = column("_source_object", "target").is_(exp.null())
    says_the_same = column("_content_hash", "source").eq(column("_first_hash", "source"))
    in_batch = (
        exp.Case()
        .when(column("_key_rank", "source").eq(1), text_of(LOADED))
        .when(says_the_same, text_of(DUPLICATE))
        .else_(text_of(CONFLICT))
    )
    good = exp.func("IF", is_absent, in_batch, outcome_in_raw(is_absent=LOST).else_(text_of(CONFLICT)))
    return (
        exp.select(exp.alias_(_verdict(good), "outcome"), column("_reason", "source"), column("_field", "source"))
        .select(exp.Count(this=exp.Star()))
        .from_(ranked.subquery("source"))
        .join(_raw(contract), on=_in_raw(contract, days), join_type="left")
        .group_by(*(exp.Literal.number(position) for position in (1, 2, 3)))
    )


def mark_outcomes(
    contract: StreamContract, *, mark: ReplayMark, days: Sequence[date], landing_days: Sequence[date]
) -> exp.Merge:
    """Return the MERGE that writes into each quarantined record of the batch what became of it; after merge_raw."""
    good = outcome_in_raw(is_absent=LOST).else_(text_of(CONFLICT))
    source = (
        exp.select(*(column(name, "source") for name in (*IDENTITY, "_reason", "_field")))
        .select(exp.alias_(_verdict(good), "_outcome"))
        .from_(exp.alias_(scratch_table(contract, mark.batch_id), "source", table=True))
        .join(_raw(contract), on=_in_raw(contract, days), join_type="left")
    )
    return _mark(contract, source, mark=mark, landing_days=landing_days)


def mark_abandoned(
    contract: StreamContract, *, mark: ReplayMark, days: Sequence[date], landing_days: Sequence[date]
) -> exp.Merge:
    """Return the MERGE that marks as loaded what a replay that died had merged into raw and not marked."""
    no_text = exp.cast(exp.null(), "varchar")
    source = (
        exp.select(*(column(name) for name in IDENTITY))
        .select(exp.alias_(no_text, "_reason"), exp.alias_(no_text.copy(), "_field"))
        .select(exp.alias_(text_of(LOADED), "_outcome"))
        .from_(exp.table_(contract.stream, db="raw", quoted=True))
        .where(column("_batch_id").eq(text_of(mark.batch_id)), on_days(time_column(contract), days))
    )
    return _mark(contract, source, mark=mark, landing_days=landing_days)


def count_marks(contract: StreamContract, *, batch_id: str, landing_days: Sequence[date]) -> exp.Select:
    """Return the query (outcome, reason, field, records) of what a batch's records are marked with."""
    where = column("replay_batch_id").eq(text_of(batch_id))
    return _marks(contract).where(where, column("landed_date").isin(*_dates(landing_days)))


def count_marks_of_run(contract: StreamContract, *, run_id: str, selection: Selection) -> exp.Select:
    """Return the query (outcome, reason, field, records, batch) of what a run's tries have marked, all together."""
    where = column("replay_run_id").eq(text_of(run_id))
    batch = column("replay_batch_id")
    return _marks(contract).select(batch).where(where, _arrived(selection)).group_by(batch)


def _marks(contract: StreamContract) -> exp.Select:
    names = ("replay_outcome", "replay_reason", "replay_field")
    return (
        exp.select(*(column(name) for name in names), exp.Count(this=exp.Star()))
        .from_(_quarantine(contract))
        .group_by(*(column(name) for name in names))
    )


def _mark(contract: StreamContract, source: exp.Select, *, mark: ReplayMark, landing_days: Sequence[date]) -> exp.Merge:
    written: dict[str, exp.Expr] = {
        "replay_outcome": column("_outcome", "source"),
        "replay_reason": column("_reason", "source"),
        "replay_field": column("_field", "source"),
        "replay_run_id": text_of(mark.run_id),
        "replay_batch_id": text_of(mark.batch_id),
        "replay_contract_version": text_of(mark.contract_version),
        "replay_correction": exp.cast(exp.null(), "varchar") if mark.correction is None else text_of(mark.correction),
        "replayed_at": moment(mark.loaded_at),
    }
    update = exp.Update(expressions=[exp.EQ(this=column(name), expression=value) for name, value in written.items()])
    return exp.Merge(
        this=exp.alias_(_quarantine(contract), "target", table=True),
        using=source.subquery("source"),
        on=same_quarantined_record(landing_days),
        whens=exp.Whens(expressions=[exp.When(matched=True, then=update)]),
    )


def _selected(selection: Selection) -> exp.Expr:
    outcome = exp.func("COALESCE", column("replay_outcome"), text_of(""))
    conditions: list[exp.Expr] = [
        _arrived(selection),
        column("quarantined_at") < moment(selection.before),
        exp.not_(outcome.isin(*FINAL)),
    ]
    if selection.reasons:
        conditions.append(column("reason").isin(*selection.reasons))
    if selection.excluded:
        conditions.append(exp.not_(column("source_object").isin(*selection.excluded)))
    return exp.and_(*conditions)


def _arrived(selection: Selection) -> exp.Expr:
    first, last = _dates([selection.first, selection.last])
    return exp.and_(column("landed_date") >= first, column("landed_date") <= last)


def _verdict(good: exp.Expr) -> exp.Expr:
    return exp.func("IF", column("_reason", "source").is_(exp.null()), good, text_of(STILL_BROKEN))


def _in_raw(contract: StreamContract, days: Sequence[date]) -> exp.Expr:
    is_good = column("_reason", "source").is_(exp.null())
    return exp.and_(is_good, same_key(contract), in_raw(contract, days)) if days else exp.false()


def _raw(contract: StreamContract) -> exp.Expr:
    return exp.alias_(exp.table_(contract.stream, db="raw", quoted=True), "target", table=True)


def _quarantine(contract: StreamContract) -> exp.Table:
    return exp.table_(contract.stream, db="quarantine", quoted=True)


def _dates(days: Sequence[date]) -> list[exp.Expr]:
    return [exp.cast(text_of(day.isoformat()), "date") for day in days]
