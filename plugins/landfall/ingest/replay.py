"""Replay quarantined records: check them again, corrected, and load those that are good now, each exactly once.

A replay goes through the statements of a load, with quarantine in the place of landing: scratch table, merge into raw,
mark in quarantine, drop scratch. The merge only adds what is not there, a record keeps the identity it landed with,
and what was marked as loaded or duplicate is not selected again: so a replay that died anywhere is simply run again.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

from sqlglot import exp

from landfall.aws import s3
from landfall.contracts import StreamContract
from landfall.errors import ConservationError, RequestError
from landfall.ingest.audits import OwedAudits
from landfall.ingest.batch import MOST_LANDING_DAYS
from landfall.ingest.corrections import Correction
from landfall.ingest.merge import day_groups, merge_raw
from landfall.ingest.outcomes import days_of, select_days
from landfall.ingest.replay_lease import AbandonedBatch, ReplayLease
from landfall.ingest.replay_report import Outcomes, ReplayReport, outcomes_in
from landfall.ingest.replay_statements import (
    LOADED,
    LOST,
    ReplayMark,
    Selection,
    checked_again,
    count_marks,
    count_marks_of_run,
    count_records,
    foresee_outcomes,
    mark_abandoned,
    mark_outcomes,
    quarantined_days,
)
from landfall.ingest.scratch import create_scratch_of, drop_scratch
from landfall.ingest.statements import Statements, day_counts
from landfall.lineage.batch import LoadedBatch

logger = logging.getLogger(__name__)


class Replayer:
    """Replays what one selection of a stream's quarantine holds."""

    def __init__(
        self,
        *,
        contract: StreamContract,
        selection: Selection,
        correction: Correction | None,
        statements: Statements,
        audits: OwedAudits,
        lake_bucket: str,
        tell: Callable[[LoadedBatch], None] = lambda batch: None,
    ) -> None:
        """`tell` is told of each batch that was replayed."""
        self._contract = contract
        self._selection = selection
        self._correction = correction
        self._steps = correction.steps if correction else ()
        self._statements = statements
        self._audits = audits
        self._lake_bucket = lake_bucket
        self._tell = tell

    def preview(self) -> ReplayReport:
        """Return what `run` would do now; nothing is written. Raises EngineError."""
        report = self._empty_report()
        for landing_days, _ in self._groups():
            checked = self._checked(landing_days)
            days, _ = day_counts(self._statements.rows(days_of(self._contract, checked.subquery("checked_again"))))
            rows = self._statements.rows(foresee_outcomes(self._contract, checked, days=sorted(days)))
            outcomes = outcomes_in(rows)
            report.outcomes.update(outcomes)
            report.records += outcomes.total()
            report.days.update(days)
        return report

    def run(self, *, lease: ReplayLease, most_records: int, run_id: str) -> ReplayReport:
        """Replay what is selected and return what became of it.

        `most_records` is what was previewed and, where that is asked for, approved. Raises ReplayRunningError,
        RequestError if there is more to replay than that, EngineError, ConservationError or LeaseLostError; what was
        marked before stays, and the rest can be replayed again.
        """
        abandoned = lease.acquire()
        report = self._empty_report()
        try:
            if abandoned:
                self._settle(abandoned)
                report.days.update(abandoned.days)
            lease.settled()
            self._refuse_more_than(most_records)
            for landing_days, _ in self._groups():
                self._replay(landing_days, lease=lease, run_id=run_id, report=report)
        except Exception:
            _give_up_if_possible(lease)
            raise
        self._count_run(run_id, report)
        lease.release()
        return report

    def _settle(self, left: AbandonedBatch) -> None:
        """Mark what a replay that died had loaded and not marked; whatever else it was at can be done anew."""
        # Without its scratch table a run that is not dead after all can begin no further merge.
        self._clear_scratch(left.batch_id)
        if left.days:
            mark = ReplayMark(
                batch_id=left.batch_id,
                contract_version=left.contract_version,
                loaded_at=datetime.now(UTC),
                run_id=left.run_id,
                correction=left.correction,
            )
            for days in day_groups(left.days):
                self._statements.run(
                    mark_abandoned(self._contract, mark=mark, days=days, landing_days=left.landing_days)
                )

    def _refuse_more_than(self, most_records: int) -> None:
        found = sum(records for _, records in self._groups())
        if found > most_records:
            raise RequestError(
                f"{self._contract.stream}: {found} records are to be replayed, {most_records} were previewed: "
                "start a new run, which previews them all"
            )

    def _replay(self, landing_days: Sequence[date], *, lease: ReplayLease, run_id: str, report: ReplayReport) -> None:
        batch_id = uuid.uuid4().hex
        mark = ReplayMark(
            batch_id=batch_id,
            contract_version=self._contract.version,
            loaded_at=datetime.now(UTC),
            run_id=run_id,
            correction=self._correction.name if self._correction else None,
        )
        lease.name_batch(batch_id, landing_days=landing_days)
        self._statements.run(
            create_scratch_of(
                self._checked(landing_days),
                self._contract,
                batch_id=batch_id,
                location=f"s3://{self._lake_bucket}/{self._scratch_prefix(batch_id)}",
            )
        )
        records = int(self._statements.rows(count_records(self._contract, batch_id))[0][0] or 0)
        good_by_day, _ = day_counts(self._statements.rows(select_days(self._contract, batch_id)))
        days = sorted(good_by_day)
        lease.name_days(days)
        if days:
            self._audits.owe(batch_id, days)
        for group in day_groups(days):
            lease.renew()
            self._statements.run(merge_raw(self._contract, mark=mark, days=group))
        lease.renew()
        self._statements.run(mark_outcomes(self._contract, mark=mark, days=days, landing_days=landing_days))
        outcomes = self._counted(batch_id, landing_days=landing_days, records=records)
        self._clear_scratch(batch_id)
        self._audits.make_due(batch_id)
        report.days.update(days)
        loaded = sum(count for (outcome, _, _), count in outcomes.items() if outcome == LOADED)
        self._tell(LoadedBatch(contract=self._contract, batch_id=batch_id, loaded_at=mark.loaded_at, loaded=loaded))
        logger.info("replayed stream=%s batch_id=%s %s", self._contract.stream, batch_id, dict(outcomes))

    def _counted(self, batch_id: str, *, landing_days: Sequence[date], records: int) -> Outcomes:
        """Return what the batch's records are marked with. Raises ConservationError if one is not, or is nowhere."""
        rows = self._statements.rows(count_marks(self._contract, batch_id=batch_id, landing_days=landing_days))
        outcomes = outcomes_in(rows)
        lost = sum(count for (outcome, _, _), count in outcomes.items() if outcome == LOST)
        if outcomes.total() != records or lost:
            raise ConservationError(
                f"{self._contract.stream}: of {records} replayed records {outcomes.total()} are marked, {lost} of them "
                f"as lost: look for replay_batch_id {batch_id} in quarantine, then replay again"
            )
        return outcomes

    def _count_run(self, run_id: str, report: ReplayReport) -> None:
        """Let the report tell of all tries of the run: an earlier one may have died with half of it done."""
        query = count_marks_of_run(self._contract, run_id=run_id, selection=self._selection)
        rows = self._statements.rows(query)
        report.outcomes = outcomes_in([row[:4] for row in rows])
        report.records = report.outcomes.total()
        report.batch_ids = sorted({str(batch_id) for *_, batch_id in rows})

    def _groups(self) -> Iterator[tuple[tuple[date, ...], int]]:
        """Yield the days of arrival that hold something to replay, by as many as a statement can write, with counts."""
        rows = self._statements.rows(quarantined_days(self._contract, self._selection))
        found: Mapping[date, int] = {date.fromisoformat(str(day)): int(count or 0) for day, count in rows}
        days = sorted(found)
        for start in range(0, len(days), MOST_LANDING_DAYS):
            group = tuple(days[start : start + MOST_LANDING_DAYS])
            yield group, sum(found[day] for day in group)

    def _checked(self, landing_days: Sequence[date]) -> exp.Select:
        return checked_again(self._contract, self._selection, landing_days=landing_days, steps=self._steps)

    def _empty_report(self) -> ReplayReport:
        return ReplayReport(
            stream=self._contract.stream,
            contract_version=self._contract.version,
            correction=self._correction.name if self._correction else None,
        )

    def _clear_scratch(self, batch_id: str) -> None:
        self._statements.run(drop_scratch(self._contract, batch_id))
        s3.delete_prefix(bucket=self._lake_bucket, prefix=self._scratch_prefix(batch_id))

    def _scratch_prefix(self, batch_id: str) -> str:
        return f"scratch/{self._contract.stream}_{batch_id}/"


def _give_up_if_possible(lease: ReplayLease) -> None:
    """End the lease after another failure, which must not be hidden by one of this."""
    try:
        lease.give_up()
    except Exception:
        logger.exception("the lease of the replay ends by itself")
