"""Watch a channel's queue from Airflow's triggerer, and let its DAG run when something waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, Final, cast

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from landfall.aws import sqs
from landfall.notify.deliver import Channel, queue_of
from landfall.settings import Settings

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0
REST_SECONDS: Final = 20.0
"""Least time between two runs: one delivers a thousand messages as readily as one."""


class WaitingTrigger(BaseEventTrigger):  # type: ignore[misc]  # mypy does not follow Airflow's imports
    """Fires when messages wait in a channel's queue. It takes none: what a run does not deliver waits on."""

    def __init__(self, *, channel: str) -> None:
        super().__init__()
        self._channel = cast("Channel", channel)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return how the triggerer makes this trigger anew."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"channel": self._channel}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield an event whenever something waits, for ever; what AWS refuses is logged and asked again."""
        while True:
            waiting = await asyncio.to_thread(self._waiting)
            if waiting:
                yield TriggerEvent({"messages": waiting})
            await asyncio.sleep(REST_SECONDS if waiting else LOOK_SECONDS)

    def _waiting(self) -> int:
        try:
            return sqs.waiting(url=sqs.queue_url(queue_of(self._channel, Settings.from_environment())))
        except Exception:
            logger.exception("the queue of %s cannot be watched", self._channel)
            return 0
