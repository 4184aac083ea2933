"""What a model's task does next, from what dbt said of it and from the tasks before it: pure decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from landfall.transform.outcomes import Outcome, Status

NOT_FINAL: Final = frozenset(
    {None, "scheduled", "queued", "running", "restarting", "up_for_retry", "up_for_reschedule", "deferred"}
)
"""States of a task, as Airflow names them, after which another one follows."""


class Step(StrEnum):
    """What a model's task can do: stay, end, or run dbt for its model alone."""

    WAIT = "wait"
    SUCCEED = "succeed"
    FAIL = "fail"
    SKIP = "skip"
    BUILD_ALONE = "build_alone"


@dataclass(frozen=True, kw_only=True)
class Look:
    """What can be seen of a run: the state of the task that runs dbt, of all tasks, and what dbt said of its models."""

    build_state: str | None
    states: Mapping[str, str | None] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)

    @property
    def is_built(self) -> bool:
        """Whether the task that runs dbt is at its end, well or not."""
        return self.build_state not in NOT_FINAL


def is_alone(look: Look, *, model: str, try_number: int) -> bool:
    """Tell, from the first look of a try, whether the model is tried again for itself, not with the whole build.

    What dbt said before a later try began is what that try is to better.
    """
    return try_number > 1 and (look.is_built or model in look.outcomes)


def next_step(look: Look, *, model: str, upstream_tasks: Sequence[str], alone: bool) -> tuple[Step, str]:
    """Return what a model's task does now, and why, in words for its log."""
    if not alone:
        outcome = look.outcomes.get(model)
        if outcome is not None and outcome.status is Status.BUILT:
            return Step.SUCCEED, "dbt has built and tested the model"
        if outcome is not None and outcome.status is Status.FAILED:
            return Step.FAIL, "dbt has failed the model, or a test of it"
        if not look.is_built:
            return Step.WAIT, "dbt has not come to the model"
        if look.build_state != "success":
            return Step.SKIP, f"dbt did not build the model: its task is {look.build_state}; clear that with this one"
    return _after_upstream(look, upstream_tasks)


def _after_upstream(look: Look, upstream_tasks: Sequence[str]) -> tuple[Step, str]:
    states = {task: look.states.get(task) for task in upstream_tasks}
    ended_ill = sorted(task for task, state in states.items() if state not in NOT_FINAL and state != "success")
    if ended_ill:
        return Step.SKIP, f"not built, since {', '.join(ended_ill)} failed: clear it with its downstream tasks"
    if any(state != "success" for state in states.values()):
        return Step.WAIT, "a model that this one reads is not built"
    return Step.BUILD_ALONE, "the model is built alone"
