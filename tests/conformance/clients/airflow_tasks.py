"""Running Airflow's operators without Airflow's processes, and their triggers as the triggerer does."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import MagicMock

TRIGGER_SECONDS = 60


def context() -> Any:
    """As much of a task's context as the operators read."""
    return {"ti": MagicMock(), "task_instance": MagicMock(), "params": {}}


def in_the_triggerer(trigger: Any) -> Any:
    """The trigger as the triggerer gets it: by way of its row in the metadata database."""
    from airflow.models.trigger import Trigger
    from airflow.sdk.module_loading import import_string

    row = Trigger.from_object(trigger)
    return import_string(row.classpath)(**row.kwargs)


async def first_event(trigger: Any) -> Any:
    async for event in trigger.run():
        return event.payload


def finished(deferred: Any, operator: Any) -> Any:
    """Run a deferred operator's trigger to its event, and the operator's end with that event."""
    trigger = in_the_triggerer(deferred.trigger)
    payload = asyncio.run(asyncio.wait_for(first_event(trigger), TRIGGER_SECONDS))
    return getattr(operator, deferred.method_name)(context(), payload)
