"""What extracts wait for in Airflow's triggerer, without a worker: their turn, and a statement of an engine."""

from __future__ import annotations

import asyncio
import logging
import time
from bisect import insort
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from landfall.extract.records.store import ExtractStore

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 15.0
"""Time between two looks while AWS refuses."""

_THREADS: Final = ThreadPoolExecutor(8, thread_name_prefix="extracts")
"""boto3 blocks, and the event loop's own threads are few for many triggers. Threads start when they are needed."""

_QUEUES: Final[dict[str, list[tuple[str, str]]]] = defaultdict(list)
"""Slot -> (since, extract_id) of the triggers of this process that wait for it, the first to come first."""


class ExtractTrigger(BaseTrigger):  # type: ignore[misc]  # mypy does not follow Airflow's imports
    """Fires once `_look` has found something, or at `until` (Unix seconds); the event's `state` says what."""

    def __init__(self, *, extract_id: str, until: float) -> None:
        super().__init__()
        self._extract_id = extract_id
        self._until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return how the triggerer makes this trigger anew."""
        return f"{type(self).__module__}.{type(self).__qualname__}", self._values()

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield the one event; what AWS refuses meanwhile is logged and asked again."""
        while time.time() < self._until:
            pause = POLL_SECONDS
            try:
                found = await _in_thread(self._look) if self._is_to_look() else None
            except Exception:
                logger.exception("extract %s cannot be looked at, next try in %d s", self._extract_id, RETRY_SECONDS)
                found, pause = None, RETRY_SECONDS
            if found:
                yield TriggerEvent({"state": found})
                return
            await asyncio.sleep(pause)
        yield TriggerEvent({"state": "late"})

    def _values(self) -> dict[str, Any]:
        return {"extract_id": self._extract_id, "until": self._until}

    def _is_to_look(self) -> bool:
        return True

    def _look(self) -> str | None:
        """Return what the wait has come to, None while it goes on. Runs in a thread."""
        raise NotImplementedError

    def _has_ended(self) -> bool:
        """Tell whether the extract is not under way any more: there is nothing to wait for."""
        from landfall.extract.records.record import UNDER_WAY

        record = _store().read(self._extract_id)
        return record is None or record.state not in UNDER_WAY


class TurnTrigger(ExtractTrigger):
    """Fires once the extract has the `slot` (its customer's, or that of large extracts), or has ended.

    Of those that wait for one slot only the first, by `since`, asks for it.
    """

    def __init__(self, *, slot: str, since: str, **values: Any) -> None:
        super().__init__(**values)
        self._slot = slot
        self._place = (since, self._extract_id)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait in the queue of the slot."""
        queue = _QUEUES[self._slot]
        insort(queue, self._place)
        try:
            async for event in super().run():
                yield event
        finally:
            queue.remove(self._place)

    def _values(self) -> dict[str, Any]:
        return {**super()._values(), "slot": self._slot, "since": self._place[0]}

    def _is_to_look(self) -> bool:
        return _QUEUES[self._slot][0] == self._place

    def _look(self) -> str | None:
        if self._has_ended():
            return "ended"
        taken = _store().slots.take(self._slot, self._extract_id)
        return "taken" if taken else None


class StatementTrigger(ExtractTrigger):
    """Fires once `statement` (`<engine>:<id>`) has ended, well or not, or its extract has.

    Whoever ends the waiting task, or cancels the extract, stops the statement, and what it wrote to `prefix` of the
    extracts bucket is removed.
    """

    def __init__(self, *, statement: str, prefix: str, **values: Any) -> None:
        super().__init__(**values)
        self._statement = statement
        self._prefix = prefix

    async def on_kill(self) -> None:
        """Stop the statement: somebody marked the task or cleared it."""
        await _in_thread(self._undo)

    def _values(self) -> dict[str, Any]:
        return {**super()._values(), "statement": self._statement, "prefix": self._prefix}

    def _look(self) -> str | None:
        from landfall.extract.engines import attempt
        from landfall.settings import Settings

        if attempt.has_ended(self._statement, Settings.from_environment()):
            return "ended"
        if self._has_ended():
            self._undo()
            return "ended"
        return None

    def _undo(self) -> None:
        from landfall.aws import s3
        from landfall.extract.engines import attempt
        from landfall.settings import Settings

        settings = Settings.from_environment()
        attempt.stop(self._statement, settings)
        s3.delete_prefix(bucket=settings.extracts_bucket, prefix=self._prefix)


def _store() -> ExtractStore:
    from landfall.extract.records.store import ExtractStore
    from landfall.settings import Settings

    return ExtractStore.of(Settings.from_environment())


async def _in_thread(function: Callable[[], Any]) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, function)
