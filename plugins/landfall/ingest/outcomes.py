"""The queries that look at a batch: which days its records are of, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlglot import exp

from landfall.contracts import StreamContract
from landfall.ingest.checks import CONFLICT, text_of
from landfall.ingest.conditions import column, contradicts, in_raw, same_key, same_quarantined_record, time_column
from landfall.ingest.records import IDENTITY
from landfall.ingest.scratch import scratch_table


def select_days(contract: StreamContract, batch_id: str) -> exp.Select:
    """Return the query for a batch's days: (day, good records first of their key); day NULL counts bad records."""
    return days_of(contract, scratch_table(contract, batch_id))


def days_of(contract: StreamContract, records: exp.Table | exp.Subquery) -> exp.Select:
    """Return the query of `select_days` over checked records that need not be a table."""
    is_good = exp.column("_reason").is_(exp.null())
    day = exp.func("IF", is_good, exp.cast(time_column(contract), "date"))
    return (
        exp.select(exp.alias_(day, "day"), exp.alias_(exp.Count(this=exp.Star()), "records"))
        .from_(records)
        .where(exp.or_(exp.column("_reason").is_(exp.null()).not_(), exp.column("_key_rank").eq(1)))
        .group_by(exp.Literal.number(1))
    )


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
    is_good = column("_reason", "source").is_(exp.null())
    in_quarantine = column("source_object", "kept")
    good = (
        outcome_in_raw(is_absent="lost")
        .when(in_quarantine.is_(exp.null()), text_of(CONFLICT))
        .else_(text_of("quarantined"))
    )
    bad = exp.func("IF", in_quarantine.is_(exp.null()), text_of("lost"), text_of("quarantined"))
    raw = exp.alias_(exp.table_(contract.stream, db="raw", quoted=True), "target", table=True)
    quarantine = exp.alias_(exp.table_(contract.stream, db="quarantine", quoted=True), "kept", table=True)
    raw_match = exp.and_(same_key(contract), in_raw(contract, days) if days else exp.false())
    kept_match = same_quarantined_record(landing_days, table="kept")
    no_reason = exp.cast(exp.null(), "varchar")
    reason = exp.func("IF", exp.and_(contradicts(), in_quarantine.is_(exp.null()).not_()), text_of(CONFLICT))
    good_records = (
        _outcomes(scratch, good, reason)
        .join(raw, on=raw_match, join_type="left")
        .join(quarantine, on=kept_match, join_type="left")
        .where(is_good)
    )
    bad_records = (
        _outcomes(scratch, bad, column("_reason", "source"))
        .join(quarantine.copy(), on=kept_match.copy(), join_type="left")
        .where(is_good.copy().not_())
    )
    every = exp.union(good_records, bad_records, _outcomes(scratch, text_of("records"), no_reason), distinct=False)
    return (
        exp.select("source_object", "outcome", "reason", exp.alias_(exp.Count(this=exp.Star()), "records"))
        .from_(every.subquery("outcomes"))
        .group_by(*(exp.Literal.number(position) for position in (1, 2, 3)))
    )


def outcome_in_raw(*, is_absent: str) -> exp.Case:
    """What raw's row (`target`) makes of a good record (`source`); the caller says what one is that it contradicts."""
    is_that_row = exp.and_(*(column(name, "target").eq(column(name, "source")) for name in IDENTITY))
    return (
        exp.Case()
        .when(column("_source_object", "target").is_(exp.null()), text_of(is_absent))
        .when(is_that_row, text_of("loaded"))
        .when(exp.not_(contradicts()), text_of("duplicate"))
    )


def _outcomes(scratch: exp.Expr, outcome: exp.Expr, reason: exp.Expr) -> exp.Select:
    return exp.select(
        exp.alias_(column("_source_object", "source"), "source_object"),
        exp.alias_(outcome, "outcome"),
        exp.alias_(reason.copy(), "reason"),
    ).from_(scratch.copy())
