"""A night whose processes are killed at any point ends as if they had not been, when its tasks are tried or cleared."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from airflow.sdk.exceptions import TaskDeferred
from landfall.night import waiting
from landfall.night.waiting import AwaitPublication, PublicationTrigger
from landfall.publish.record import Attempt, AttemptState

CONTEXT: dict[str, Any] = {"run_id": "night_1"}

STORY: tuple[AttemptState, ...] = ("running", "held", "held", "running", "published")
"""What becomes of the attempt from one look to the next."""


class Night:
    """One wait of a night, as Airflow drives it, with a record that moves on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[str] = []
        self.chapter = 0
        monkeypatch.setattr("landfall.publish.steps.attempt", lambda group, *, cause: self._attempt())
        monkeypatch.setattr("landfall.night.telling.tell", lambda message: self.told.append(message.subject) or "sent")
        monkeypatch.setattr(waiting, "POLL_SECONDS", 0.0)

    def _attempt(self) -> Attempt:
        state = STORY[self.chapter]
        self.chapter = min(self.chapter + 1, len(STORY) - 1)
        return Attempt(group="lake", cause="night_1", state=state, detail="volume", version=7)

    def event(self, trigger: PublicationTrigger) -> dict[str, Any]:
        """Return the event of a triggerer that made `trigger` anew from the database."""
        _, values = trigger.serialize()
        remade = PublicationTrigger(**values)

        async def first() -> Any:
            async for event in remade.run():
                return event.payload

        return dict(asyncio.run(asyncio.wait_for(first(), timeout=10)))

    def wait(self, *, killed_after: int) -> dict[str, Any]:
        """Drive the wait to its end; the worker is killed once after so many deferrals, and the task begins anew."""
        task = AwaitPublication(task_id="await_lake", group="lake")
        step, deferrals = lambda: task.execute(CONTEXT), 0
        while True:
            try:
                return dict(step())
            except TaskDeferred as deferred:
                deferrals += 1
                if deferrals == killed_after:
                    step = lambda: task.execute(CONTEXT)  # noqa: E731
                    continue
                event = self.event(deferred.trigger)
                step = lambda event=event, kwargs=deferred.kwargs: task.on_change(CONTEXT, event, **kwargs)  # noqa: E731


@pytest.mark.parametrize("killed_after", range(4))
def test_a_wait_whose_worker_was_killed_ends_with_the_same_version(
    monkeypatch: pytest.MonkeyPatch, killed_after: int
) -> None:
    night = Night(monkeypatch)
    found = night.wait(killed_after=killed_after)
    assert found["version"] == 7
    assert "Landfall: night_1 is held, a human must decide on lake" in night.told


def test_a_wait_that_begins_when_all_is_over_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    night = Night(monkeypatch)
    night.chapter = len(STORY) - 1
    assert night.wait(killed_after=0)["version"] == 7
    assert night.told == []
