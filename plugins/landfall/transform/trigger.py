"""A model's wait for dbt, in the triggerer: its task costs no process until its model has to be built alone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from airflow.triggers.base import BaseTrigger, TaskFailedEvent, TaskSkippedEvent, TaskSuccessEvent, TriggerEvent

from landfall.transform.following import Step, is_alone, next_step
from landfall.transform.run_view import POLL_SECONDS, RunView

logger = logging.getLogger(__name__)

_ENDS = {Step.SUCCEED: TaskSuccessEvent, Step.FAIL: TaskFailedEvent, Step.SKIP: TaskSkippedEvent}


class ModelTrigger(BaseTrigger):  # type: ignore[misc]  # mypy does not follow Airflow's imports
    """Follow `model` (dbt's unique id) through the run's `dbt build`, and end its task as dbt ended the model."""

    def __init__(self, *, model: str, build_task_id: str, upstream_tasks: Sequence[str]) -> None:
        super().__init__()
        self.model = model
        self.build_task_id = build_task_id
        self.upstream_tasks = list(upstream_tasks)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow makes the trigger anew from."""
        arguments = {
            "model": self.model,
            "build_task_id": self.build_task_id,
            "upstream_tasks": self.upstream_tasks,
        }
        return f"{type(self).__module__}.{type(self).__qualname__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, log dbt's lines of the model, and yield the one event that ends the wait."""
        instance = self.task_instance
        view = RunView.of(instance.dag_id, instance.run_id, self.build_task_id)
        look = await view.look()
        alone = is_alone(look, model=self.model, try_number=instance.try_number)
        while True:
            step, why = next_step(look, model=self.model, upstream_tasks=self.upstream_tasks, alone=alone)
            if step is not Step.WAIT:
                break
            await asyncio.sleep(POLL_SECONDS)
            look = await view.look()
        outcome = look.outcomes.get(self.model)
        if outcome is not None and not alone:
            for line in outcome.lines:
                logger.info("%s", line)
        logger.info("%s: %s", self.model, why)
        yield _ENDS[step]() if step in _ENDS else TriggerEvent({"step": step.value})
