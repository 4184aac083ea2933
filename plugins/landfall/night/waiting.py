"""Wait for a publication in Airflow's triggerer, without a worker, for as long as the transform or a human may take."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from airflow.triggers.base import BaseTrigger, TriggerEvent

from landfall.quality.approval import LONGEST_WAIT

if TYPE_CHECKING:
    from airflow.sdk import Context

    from landfall.publish.record import Attempt

logger = logging.getLogger(__name__)

LONGEST_TRANSFORM: Final = timedelta(hours=3)
"""How long a transform may be under way, the wait for a human not counted."""

LONGEST_HOLD: Final = LONGEST_WAIT + timedelta(minutes=15)
"""How long a held gate is waited for: what a human may take, and the transform then needs to say that nobody did."""

POLL_SECONDS: Final = 2.0

RETRY_SECONDS: Final = 15.0
"""Time between two looks while AWS or Airflow refuses."""


class PublicationTrigger(BaseTrigger):  # type: ignore[misc]  # mypy does not follow Airflow's imports
    """Fires once the attempt at a publication is in another state than the `known` one, or at `until` (Unix seconds).

    The event has `state` (running, held, published, failed or late), `detail`, `version` and `run_id`. A run of the
    transform that ended without saying so, such as one that somebody marked as failed, is a failed attempt.
    """

    def __init__(self, *, group: str, cause: str, known: str, until: float) -> None:
        super().__init__()
        self._group = group
        self._cause = cause
        self._known = known
        self._until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return how the triggerer makes this trigger anew."""
        values = {"group": self._group, "cause": self._cause, "known": self._known, "until": self._until}
        return f"{type(self).__module__}.{type(self).__qualname__}", values

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield the one event; what AWS or Airflow refuses meanwhile is logged and asked again."""
        # A thread of its own: boto3 blocks, and the event loop's threads are few for many triggers.
        thread = ThreadPoolExecutor(1, thread_name_prefix=f"published_{self._group}")
        try:
            while time.time() < self._until:
                pause = POLL_SECONDS
                try:
                    event = await self._look(thread)
                except Exception:
                    logger.exception("group %s cannot be looked at, next try in %d s", self._group, RETRY_SECONDS)
                    event, pause = None, RETRY_SECONDS
                if event:
                    yield TriggerEvent(event)
                    return
                await asyncio.sleep(pause)
            yield TriggerEvent({"state": "late", "detail": f"still {self._known}", "version": None, "run_id": ""})
        finally:
            thread.shutdown(wait=False, cancel_futures=True)

    async def _look(self, thread: ThreadPoolExecutor) -> dict[str, Any] | None:
        """Return the event that the attempt's state calls for, None if it is the known one."""
        from landfall.publish import steps

        loop = asyncio.get_running_loop()
        found: Attempt | None = await loop.run_in_executor(
            thread, lambda: steps.attempt(self._group, cause=self._cause)
        )
        if found is None:
            return None
        event = {"state": found.state, "detail": found.detail, "version": found.version, "run_id": found.run_id}
        if found.state != self._known:
            return event
        if found.run_id and await self._has_failed(found.run_id):
            return event | {"state": "failed", "detail": f"run {found.run_id} ended as failed"}
        return None

    async def _has_failed(self, run_id: str) -> bool:
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
        from asgiref.sync import sync_to_async

        count = sync_to_async(RuntimeTaskInstance.get_dr_count)
        return bool(await count(dag_id=f"transform_{self._group}", run_ids=[run_id], states=["failed"]))


class AwaitPublication(BaseOperator):  # type: ignore[misc]  # mypy does not follow Airflow's imports
    """Wait for the publication of `group` that this run asked for, and say so when a human is asked meanwhile.

    Returns `version`, the transform's `run_id`, `held_seconds` and when it `ended_at` (UTC). A publication that failed,
    or that takes longer than LONGEST_TRANSFORM and LONGEST_HOLD, fails the task at once: a retry would not mend it.
    """

    def __init__(self, *, group: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.group = group

    def execute(self, context: Context) -> NoReturn:
        """Give the worker back until the attempt changes its state."""
        self._wait(context, known="running", held_seconds=0.0)

    def on_change(
        self, context: Context, event: dict[str, Any], held_seconds: float, held_since: float | None = None
    ) -> dict[str, Any]:
        """Act on the attempt's new state: end, fail, or tell people and wait on."""
        state = event["state"]
        held_seconds += time.time() - held_since if held_since else 0.0
        if state == "held":
            self._tell_held(context, event["detail"])
            self._wait(context, known="held", held_seconds=held_seconds)
        if state == "running":
            logger.info("the candidate of %s was let pass after %.0f s", self.group, held_seconds)
            self._wait(context, known="running", held_seconds=held_seconds)
        if state != "published":
            raise AirflowFailException(
                f"group {self.group!r} was not published ({state}): {event['detail']}; readers stay on the last version"
            )
        return {
            "version": event["version"],
            "run_id": event["run_id"],
            "held_seconds": round(held_seconds),
            "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }

    def _wait(self, context: Context, *, known: str, held_seconds: float) -> NoReturn:
        longest = LONGEST_HOLD if known == "held" else LONGEST_TRANSFORM
        now = time.time()
        raise TaskDeferred(
            trigger=PublicationTrigger(
                group=self.group, cause=context["run_id"], known=known, until=now + longest.total_seconds()
            ),
            method_name=self.on_change.__name__,
            kwargs={"held_seconds": held_seconds, "held_since": now if known == "held" else None},
        )

    def _tell_held(self, context: Context, detail: str) -> None:
        from landfall.night.messages import held_message
        from landfall.night.telling import tell

        tell(held_message(self.group, run_id=context["run_id"], detail=detail))
