"""Watch a stream's queue from Airflow's triggerer, and let its DAG run when objects have landed."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from landfall.aws.dynamodb import ItemTable
from landfall.ingest.discover import drain
from landfall.ingest.ledger import Ledger
from landfall.settings import Settings

logger = logging.getLogger(__name__)

WAIT_SECONDS = 5
"""How long one request waits on an empty queue: the delay of nothing, since SQS answers once a message is there."""

RETRY_SECONDS = 5
"""Time between two tries while AWS refuses."""

CALM_SECONDS = 2
"""Least time between two runs while single objects land."""

BURST_SECONDS = 15
"""Least time between two runs while many land: a run loads hundreds of objects as fast as one."""

BURST_OBJECTS = 20
"""Objects since the last run from which on it is a burst."""


@dataclass
class Pace:
    """Decides when objects that landed are worth a run. Times are seconds of one monotonic clock."""

    waiting: int = 0
    """Objects that landed since the last run was let go."""
    _last_run: float = field(default=float("-inf"))

    def seconds_until_run(self, now: float) -> float:
        """Return how long what waits has to wait still; 0 if it is due."""
        gap = BURST_SECONDS if self.waiting >= BURST_OBJECTS else CALM_SECONDS
        return max(0.0, self._last_run + gap - now)

    def let_run(self, now: float) -> None:
        """Note that a run was let go for all that waited."""
        self.waiting = 0
        self._last_run = now


class LandedTrigger(BaseEventTrigger):  # type: ignore[misc]  # mypy does not follow Airflow's imports
    """Fires when objects of a stream have landed, for a burst of them a few times only.

    It enters what the queue announces into the ledger before it deletes the messages, so that nothing depends on its
    event being heard: any later run loads what the ledger has open. Two of it at once do no harm.
    """

    def __init__(self, *, stream: str, topic: str | None = None) -> None:
        """`topic`: the stream is that Kafka topic's."""
        super().__init__()
        self._stream = stream
        self._topic = topic

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return how the triggerer makes this trigger anew."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"stream": self._stream, "topic": self._topic}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield an event whenever a run is due, for ever; what AWS refuses is logged and asked again."""
        # A thread of its own: boto3 blocks, and the event loop's threads are few for many streams.
        thread = ThreadPoolExecutor(1, thread_name_prefix=f"landed_{self._stream}")
        pace = Pace()
        try:
            # What a watcher before this one entered, and was not heard of.
            pace.waiting = await self._answer(thread, self._open_objects)
            while True:
                left = pace.seconds_until_run(time.monotonic())
                if pace.waiting and not left:
                    yield TriggerEvent({"objects": pace.waiting})
                    pace.let_run(time.monotonic())
                    left = 0.0
                wait = min(WAIT_SECONDS, math.ceil(left)) if pace.waiting else WAIT_SECONDS
                pace.waiting += await self._answer(thread, self._drain, wait)
        finally:
            thread.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, thread: ThreadPoolExecutor, ask: Callable[..., int], *arguments: int) -> int:
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(thread, ask, *arguments)
            except Exception:
                logger.exception(
                    "the landed objects of %s cannot be watched, next try in %d s", self._stream, RETRY_SECONDS
                )
                await asyncio.sleep(RETRY_SECONDS)

    def _open_objects(self) -> int:
        return len(self._ledger(Settings.from_environment()).claimable())

    def _drain(self, wait_seconds: int) -> int:
        settings = Settings.from_environment()
        _, _, announced = drain(
            ledger=self._ledger(settings),
            stream=self._stream,
            bucket=settings.landing_bucket,
            queue=settings.landed_queue(self._stream),
            topic=self._topic,
            wait_seconds=wait_seconds,
        )
        return announced

    def _ledger(self, settings: Settings) -> Ledger:
        return Ledger(
            items=ItemTable(name=settings.ledger_table), stream=self._stream, owner="watcher", clock=time.time
        )
