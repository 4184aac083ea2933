"""Announce objects in the order they were written, and lose no announcement at a stop or a kill.

ministack starts a thread an object, and a thread that is cut off by the end of the process never sends its message.
"""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from ministack.services import s3


class ObjectEvents:
    """One worker that delivers the events of all buckets, one after the other."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="s3-events")
        self._last: Future[Any] | None = None

    def install(self) -> None:
        """Take the place of ministack's thread an event."""
        s3._fire_s3_event_async = self._fire

    async def delivered(self) -> None:
        """Return once everything that was announced so far is where its rules send it."""
        last = self._last
        if last is not None and not last.done():
            await asyncio.wait([asyncio.wrap_future(last)])

    def finish(self) -> None:
        """Deliver what waits; for the end of the process."""
        self._worker.shutdown(wait=True)

    def _fire(self, bucket: str, key: str, event: str, *details: Any, **more: Any) -> None:
        if bucket not in s3._bucket_notifications:
            return
        # The account and the region of the request decide which bucket and which rules are meant.
        context = contextvars.copy_context()
        sequencer = s3._next_event_sequencer(event)
        self._last = self._worker.submit(
            partial(context.run, s3._fire_s3_event, bucket, key, event, *details, sequencer=sequencer, **more)
        )
