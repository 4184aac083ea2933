"""End extracts whose run is gone or has ended without a word, and remove what ended ones have left.

Everything here may be done again, by others at the same moment, and broken off anywhere.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from landfall.aws import s3
from landfall.errors import KeyUnusableError
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines import attempt
from landfall.extract.files.layout import extract_prefix
from landfall.extract.proof.certificate import read_manifest, remove_what_is_not_certified
from landfall.extract.records.ending import end
from landfall.extract.records.record import ENDED_WITHOUT_A_WORD, UNDER_WAY, ExtractRecord, RunState, State, timestamp
from landfall.extract.records.store import ExtractStore
from landfall.settings import Settings

logger = logging.getLogger(__name__)

SILENT: Final = timedelta(minutes=2)
"""An extract is looked after when its record has said nothing for so long."""

LONGEST_SILENCE: Final = timedelta(hours=4)
"""Longer than a step takes with all its tries: a statement is waited for an hour at most, a task runs as long."""

NEVER_STARTED: Final = timedelta(hours=1)
"""A request whose run was never started in so long is given up: nobody has asked after it."""

SETTLED: Final = timedelta(minutes=5)
"""After so long nothing of an ended extract writes any more: its tasks were killed, its statement is stopped first."""

SWEPT_DAYS: Final = 7
"""Extracts asked for longer ago are taken for swept."""

_SWEPT: tuple[State, ...] = ("done", "failed", "held", "cancelled", "expired", "deleted")


@dataclass
class Reaped:
    """What was done: extracts ended, extracts swept, and objects removed."""

    ended: int = 0
    swept: int = 0
    objects: int = 0

    def to_json(self) -> dict[str, int]:
        """Return JSON values for an XCom."""
        return asdict(self)


def reap(*, run_state: Callable[[str], RunState], settings: Settings, now: datetime | None = None) -> Reaped:
    """End what is stuck and sweep what has ended; `run_state` tells how a run of the extract's DAG stands in Airflow.

    One extract that cannot be looked after does not keep the others from it.
    """
    now = now or datetime.now(UTC)
    store, reaped = ExtractStore.of(settings), Reaped()
    for record in _in_states(store, *UNDER_WAY):
        if _age(record, now) > SILENT and (cause := _stuck(record, run_state, now)):
            logger.warning("extract %s: %s", record.extract_id, cause)
            moved, _ = end(store, record.extract_id, "failed", settings=settings, cause=cause, step=None)
            reaped.ended += moved
    for record in _unswept(store, now):
        try:
            reaped.objects += sweep(record, store=store, settings=settings, now=now)
            reaped.swept += 1
        except KeyUnusableError as error:
            # What to keep is written under the customer's own key, and the customer alone can let us use it again.
            logger.info("extract %s is swept when its key can be used: %s", record.extract_id, error)
        except Exception:
            logger.exception("extract %s cannot be swept, another try follows", record.extract_id)
    return reaped


def state_of(is_in: Callable[[str], bool]) -> RunState:
    """Return the state that a run `is_in`."""
    known: tuple[RunState, ...] = ("running", "queued", "failed", "success")
    return next((state for state in known if is_in(state)), "unknown")


def sweep(record: ExtractRecord, *, store: ExtractStore, settings: Settings, now: datetime) -> int:
    """Remove what an ended extract has left that nobody can reach; return how many objects there were.

    What a done one has certified stays, and that of one that could not be delivered. A run that is cleared meanwhile
    writes to a prefix of its own, which is not among those that were there before.
    """
    base = extract_prefix(customer_id=record.customer_id, extract_id=record.extract_id)
    if record.statement is not None:
        attempt.stop(record.statement, settings)
    found = [each.key for each in s3.list_objects(bucket=settings.extracts_bucket, prefix=base)]
    if store.read(record.extract_id) != record:
        return 0  # it has moved on; the next round looks again
    if record.state != "done" and not record.is_kept:
        s3.delete_objects(bucket=settings.extracts_bucket, keys=found)
        removed = len(found)
    else:
        removed = _uncertified(record, settings)
    store.note(record, swept_at=timestamp(now), statement=None)
    return removed


def _uncertified(record: ExtractRecord, settings: Settings) -> int:
    """Remove what the manifest of a certified extract does not name; return how many objects there were."""
    request = ExtractRequest.from_json({**json.loads(record.request), "extract_id": record.extract_id})
    document = read_manifest(request, settings)
    return remove_what_is_not_certified(request, document, settings) if document else 0


def _stuck(record: ExtractRecord, run_state: Callable[[str], RunState], now: datetime) -> str | None:
    """Return why an extract under way that is silent must end, None if it need not."""
    state = run_state(record.run_id)
    if state in ("failed", "success"):
        return ENDED_WITHOUT_A_WORD
    if state == "unknown":
        if record.triggered:
            return "its run is gone from Airflow; ask for a new one"
        return "its run could not be started; ask for a new one" if _age(record, now) > NEVER_STARTED else None
    if record.state == "running" and _age(record, now) > LONGEST_SILENCE:
        return f"its run has said nothing for {LONGEST_SILENCE}; staff find it in Airflow"
    return None


def _unswept(store: ExtractStore, now: datetime) -> Iterator[ExtractRecord]:
    earliest = timestamp(now - timedelta(days=SWEPT_DAYS))
    for state in _SWEPT:
        for record in store.in_state(state):  # the newest first
            if record.requested_at < earliest:
                break
            if record.swept_at is None and _age(record, now) > SETTLED:
                yield record


def _in_states(store: ExtractStore, *states: State) -> Iterator[ExtractRecord]:
    for state in states:
        yield from list(store.in_state(state))


def _age(record: ExtractRecord, now: datetime) -> timedelta:
    return now - datetime.fromisoformat(record.changed_at)
