"""Load landed objects into raw and quarantine: every record exactly once, however often a step is repeated.

A batch goes through: claim, scratch table, merge into raw, merge into quarantine, count, drop scratch, close. The
merges only add what is not there yet, so a run that died anywhere is simply run again; and as an object is closed last,
whoever claims it again knows of the scratch table that was left behind.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from landfall.aws import s3
from landfall.contracts import StreamContract
from landfall.errors import ConservationError, EngineError
from landfall.ingest.audits import OwedAudits
from landfall.ingest.batch import LandedObject, plan_batches
from landfall.ingest.checks import CONFLICT
from landfall.ingest.claims import Claim, Entry, Outcome
from landfall.ingest.emptiness import holds_no_record
from landfall.ingest.ledger import Ledger
from landfall.ingest.limit import limit_passed
from landfall.ingest.merge import BatchMark, day_groups, merge_conflicts, merge_quarantine, merge_raw
from landfall.ingest.outcomes import count_outcomes, select_days
from landfall.ingest.report import LoadReport, outcomes_of
from landfall.ingest.scratch import create_scratch, drop_scratch
from landfall.ingest.statements import Statements, day_counts, is_unreadable_data
from landfall.lineage.batch import LoadedBatch

logger = logging.getLogger(__name__)


class Loader:
    """Loads what one stream's ledger has open, batch by batch."""

    def __init__(
        self,
        *,
        contract: StreamContract,
        ledger: Ledger,
        audits: OwedAudits,
        statements: Statements,
        landing_bucket: str,
        lake_bucket: str,
        raw_snapshot: Callable[[], int],
        tell: Callable[[LoadedBatch], None] = lambda batch: None,
    ) -> None:
        """`raw_snapshot` returns the id of the raw table's current Iceberg snapshot; `tell` is told of each batch."""
        self._contract = contract
        self._ledger = ledger
        self._audits = audits
        self._statements = statements
        self._landing_bucket = landing_bucket
        self._lake_bucket = lake_bucket
        self._raw_snapshot = raw_snapshot
        self._tell = tell
        self._accept_quarantine = False
        self._report = LoadReport(stream=contract.stream, contract_version=contract.version)

    def run(
        self, *, retry_failed: bool = False, accept_quarantine: bool = False, most_seconds: float = float("inf")
    ) -> LoadReport:
        """Load every claimable object and return the counts; unreadable objects are closed as failed and named there.

        Objects that land meanwhile are loaded too, but none is begun after `most_seconds`. With `accept_quarantine` a
        batch is loaded whose contract would stop it. Raises EngineError, ConservationError, QuarantineLimitError or
        LeaseLostError; what was closed before stays closed.
        """
        self._accept_quarantine = accept_quarantine
        ends_at = time.monotonic() + most_seconds
        open_entries = self._ledger.claimable(retry_failed=retry_failed)
        while open_entries and self._load_entries(open_entries) and time.monotonic() < ends_at:
            open_entries = self._ledger.claimable()
        self._report.scanned_bytes = self._statements.scanned_bytes
        return self._report

    def _load_entries(self, entries: Sequence[Entry]) -> int:
        """Load the entries and return how many of them could be claimed."""
        by_key = {entry.landed.key: entry for entry in entries}
        batches = plan_batches((entry.landed for entry in entries), bucket=self._landing_bucket)
        return sum(self._load_batch([by_key[landed.key] for landed in batch]) for batch in batches)

    def _load_batch(self, entries: Sequence[Entry]) -> int:
        claims = self._ledger.claim(entries)
        claimed = {claim.landed.key for claim in claims}
        abandoned = {entry.batch_id for entry in entries if entry.batch_id and entry.landed.key in claimed}
        batch_id = uuid.uuid4().hex
        try:
            # A run that died may have left its scratch table; if it still lives, this stops it.
            for left in sorted(abandoned):
                self._clear_scratch(left)
            if claims:
                self._ledger.name_batch(claims, batch_id=batch_id)
                if self._read_into_scratch(claims, batch_id):
                    self._move(claims, batch_id)
        except Exception:
            self._ledger.give_back(claims)
            self._clear_scratch_if_possible(batch_id)
            raise
        return len(claims)

    def _read_into_scratch(self, claims: Sequence[Claim], batch_id: str) -> bool:
        """Create the scratch table; False if an object is unreadable, after its readable neighbours were loaded."""
        statement = create_scratch(
            self._contract,
            batch_id=batch_id,
            objects=[claim.landed for claim in claims],
            landing_bucket=self._landing_bucket,
            location=f"s3://{self._lake_bucket}/{self._scratch_prefix(batch_id)}",
        )
        try:
            self._statements.run(statement)
        except EngineError as error:
            if not is_unreadable_data(error):
                raise
            self._clear_scratch(batch_id)
            self._isolate_unreadable(claims, batch_id, error)
            return False
        return True

    def _isolate_unreadable(self, claims: Sequence[Claim], batch_id: str, error: EngineError) -> None:
        """Halve the batch until the unreadable objects are alone, and close these as failed."""
        if len(claims) == 1:
            logger.error("object %s cannot be read: %s", claims[0].landed.key, error)
            self._ledger.fail(claims[0], error=str(error))
            self._report.failed.append(claims[0].landed.key)
            return
        middle = len(claims) // 2
        for half in (claims[:middle], claims[middle:]):
            # Each statement may take as long as a lease; and a run that lost its own makes no table nobody knows of.
            self._ledger.renew(half)
            if self._read_into_scratch(half, batch_id):
                self._move(half, batch_id)

    def _move(self, claims: Sequence[Claim], batch_id: str) -> None:
        """Merge the scratch table into raw and quarantine, count what is there now, and close the objects."""
        mark = BatchMark(batch_id=batch_id, contract_version=self._contract.version, loaded_at=datetime.now(UTC))
        landing_days = sorted({date.fromisoformat(claim.landed.dt) for claim in claims})
        good_by_day, bad = day_counts(self._statements.rows(select_days(self._contract, batch_id)))
        passed = limit_passed(self._contract, bad=bad, good=sum(good_by_day.values()), accept=self._accept_quarantine)
        if good_by_day:
            self._audits.owe(batch_id, good_by_day)
        for days in day_groups(good_by_day):
            self._ledger.renew(claims)
            self._statements.run(merge_raw(self._contract, mark=mark, days=days))
        if bad:
            self._ledger.renew(claims)
            self._statements.run(merge_quarantine(self._contract, mark=mark, landing_days=landing_days))
        counts = count_outcomes(self._contract, batch_id=batch_id, days=sorted(good_by_day), landing_days=landing_days)
        rows = self._statements.rows(counts)
        if contradicted := self._contradicted(claims, rows):
            self._ledger.renew(claims)
            self._statements.run(
                merge_conflicts(
                    self._contract,
                    mark=mark,
                    days=sorted(good_by_day),
                    objects=contradicted,
                    landing_bucket=self._landing_bucket,
                )
            )
            rows = self._statements.rows(counts)
        outcomes = outcomes_of(claims, rows, bucket=self._landing_bucket)
        self._confirm_empty_objects(outcomes)
        snapshot_id = self._raw_snapshot() if good_by_day else None
        self._clear_scratch(batch_id)
        self._ledger.close(
            outcomes, batch_id=batch_id, contract_version=self._contract.version, snapshot_id=snapshot_id
        )
        self._report.over_limit += passed
        self._audits.make_due(batch_id)
        self._report.add(outcomes, batch_id=batch_id, days=good_by_day)
        self._report.raw_snapshot_id = snapshot_id or self._report.raw_snapshot_id
        self._tell(
            LoadedBatch(
                contract=self._contract,
                batch_id=batch_id,
                loaded_at=mark.loaded_at,
                objects=tuple(f"s3://{self._landing_bucket}/{claim.landed.key}" for claim in outcomes),
                loaded=sum(outcome.loaded for outcome in outcomes.values()),
                quarantined=sum(sum(outcome.quarantined.values()) for outcome in outcomes.values()),
                raw_snapshot_id=snapshot_id,
            )
        )
        logger.info(
            "loaded stream=%s batch_id=%s objects=%d records=%d loaded=%d duplicates=%d quarantined=%d",
            self._contract.stream,
            batch_id,
            len(outcomes),
            sum(outcome.records for outcome in outcomes.values()),
            sum(outcome.loaded for outcome in outcomes.values()),
            sum(outcome.duplicates for outcome in outcomes.values()),
            sum(sum(outcome.quarantined.values()) for outcome in outcomes.values()),
        )

    def _contradicted(self, claims: Sequence[Claim], rows: Sequence[tuple[str | None, ...]]) -> list[LandedObject]:
        """Return the objects with records that raw contradicts and that quarantine does not hold yet."""
        objects = {source for source, outcome, _, _ in rows if outcome == CONFLICT}
        return [claim.landed for claim in claims if f"s3://{self._landing_bucket}/{claim.landed.key}" in objects]

    def _confirm_empty_objects(self, outcomes: dict[Claim, Outcome]) -> None:
        """Look into the objects of which Athena returned no record. Raises ConservationError if one holds any."""
        for claim, outcome in outcomes.items():
            key = claim.landed.key
            if outcome.records == 0 and not holds_no_record(bucket=self._landing_bucket, key=key):
                raise ConservationError(
                    f"s3://{self._landing_bucket}/{key}: Athena read no record, but the object holds some: "
                    "is its day within the landing table's projected range?"
                )

    def _clear_scratch_if_possible(self, batch_id: str) -> None:
        """Clear the scratch table after another failure, which must not be hidden by one of this."""
        try:
            self._clear_scratch(batch_id)
        except Exception:
            logger.exception("scratch table of batch %s is left behind until its objects are claimed again", batch_id)

    def _clear_scratch(self, batch_id: str) -> None:
        """Drop the scratch table, and the files a failed statement may have left; repeatable."""
        self._statements.run(drop_scratch(self._contract, batch_id))
        s3.delete_prefix(bucket=self._lake_bucket, prefix=self._scratch_prefix(batch_id))

    def _scratch_prefix(self, batch_id: str) -> str:
        return f"scratch/{self._contract.stream}_{batch_id}/"
