"""The night's waits: without a worker, woken by what becomes of the attempt, patient with humans and not beyond."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from landfall.night import waiting
from landfall.night.waiting import AwaitPublication, PublicationTrigger
from landfall.publish.record import Attempt
from landfall.quality.approval import LONGEST_WAIT

CONTEXT: dict[str, Any] = {"run_id": "night_1"}


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[Attempt | Exception | None]:
    """What the record answers, one look after the other; the last answer stays."""
    answers: list[Attempt | Exception | None] = [None]

    def attempt(group: str, *, cause: str) -> Attempt | None:
        assert (group, cause) == ("lake", "night_1")
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr("landfall.publish.steps.attempt", attempt)
    monkeypatch.setattr(waiting, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(waiting, "RETRY_SECONDS", 0.0)
    return answers


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    subjects: list[str] = []
    monkeypatch.setattr("landfall.night.telling.tell", lambda message: subjects.append(message.subject) or "sent")
    return subjects


def at(state: Any, **values: Any) -> Attempt:
    return Attempt(group="lake", cause="night_1", state=state, **values)


def event_of(*, known: str = "running", seconds: float = 60.0) -> dict[str, Any]:
    trigger = PublicationTrigger(group="lake", cause="night_1", known=known, until=time.time() + seconds)

    async def first() -> Any:
        async for event in trigger.run():
            return event.payload

    return asyncio.run(asyncio.wait_for(first(), timeout=10))


def deferred(task: AwaitPublication, event: dict[str, Any] | None = None, **kwargs: Any) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        if event is None:
            task.execute(CONTEXT)
        else:
            task.on_change(CONTEXT, event, **kwargs)
    return caught.value


def task() -> AwaitPublication:
    return AwaitPublication(task_id="await_lake", group="lake")


def test_the_wait_gives_its_worker_back_and_can_be_made_anew_by_any_triggerer() -> None:
    trigger = deferred(task()).trigger
    path, values = trigger.serialize()
    assert path == "landfall.night.waiting.PublicationTrigger"
    assert PublicationTrigger(**values).serialize() == (path, values)


@pytest.mark.parametrize("state", ["held", "published", "failed"])
def test_a_wait_is_woken_by_each_change_and_not_before(attempts: list[Any], state: str) -> None:
    attempts[:] = [None, at("running"), at("running"), at(state, detail="why", version=3, run_id="t1")]
    assert event_of() == {"state": state, "detail": "why", "version": 3, "run_id": "t1"}


def test_what_aws_refuses_is_asked_again(attempts: list[Any]) -> None:
    attempts[:] = [ConnectionError("throttled"), at("published", version=1)]
    assert event_of()["state"] == "published"


def test_an_approval_wakes_the_wait_of_a_held_gate(attempts: list[Any]) -> None:
    attempts[:] = [at("held"), at("running")]
    assert event_of(known="held")["state"] == "running"


def test_a_run_that_ended_without_a_word_is_a_failed_attempt(
    attempts: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts[:] = [at("running", run_id="t1")]
    asked: dict[str, Any] = {}

    def get_dr_count(**kwargs: Any) -> int:
        asked.update(kwargs)
        return 1

    monkeypatch.setattr(
        "airflow.sdk.execution_time.task_runner.RuntimeTaskInstance.get_dr_count", staticmethod(get_dr_count)
    )
    assert event_of()["state"] == "failed"
    assert asked == {"dag_id": "transform_lake", "run_ids": ["t1"], "states": ["failed"]}


def test_a_wait_does_not_outlast_its_time(attempts: list[Any]) -> None:
    assert event_of(seconds=0.0)["state"] == "late"


def test_a_held_gate_is_told_of_and_waited_for_longer_than_a_human_may_take(told: list[str]) -> None:
    held = deferred(task(), {"state": "held", "detail": "marts.fct_orders: volume"}, held_seconds=0.0)
    assert told == ["Landfall: night_1 is held, a human must decide on lake"]
    _, values = held.trigger.serialize()
    assert values["known"] == "held"
    assert values["until"] - time.time() > LONGEST_WAIT.total_seconds()


def test_the_transform_gets_its_own_time_again_after_an_approval(told: list[str]) -> None:
    since = time.time() - timedelta(hours=11).total_seconds()
    going = deferred(task(), {"state": "running", "detail": ""}, held_seconds=0.0, held_since=since)
    _, values = going.trigger.serialize()
    assert values["known"] == "running"
    assert values["until"] - time.time() > waiting.LONGEST_TRANSFORM.total_seconds() - 5
    assert going.kwargs["held_seconds"] == pytest.approx(11 * 3600, abs=5)
    assert told == []


def test_the_end_of_the_wait_says_version_run_and_how_long_it_was_held() -> None:
    event = {"state": "published", "detail": "", "version": 7, "run_id": "t1"}
    found = task().on_change(CONTEXT, event, held_seconds=30.0)
    assert (found["version"], found["run_id"], found["held_seconds"]) == (7, "t1", 30)


@pytest.mark.parametrize("state", ["failed", "late"])
def test_what_is_not_published_fails_the_task_for_good_and_says_why(state: str) -> None:
    with pytest.raises(AirflowFailException, match="run t1 failed in audit_marts; readers stay"):
        task().on_change(CONTEXT, {"state": state, "detail": "run t1 failed in audit_marts"}, held_seconds=0.0)


def test_an_approval_records_that_the_attempt_was_held_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from landfall.quality.approval import HeldGateApproval

    recorded: list[tuple[str, str]] = []
    monkeypatch.setattr(
        "landfall.publish.steps.record_held",
        lambda group, *, causes, run_id, detail: recorded.append((group, detail)),
    )
    monkeypatch.setattr("landfall.quality.approval._tell", lambda *_: None)
    monkeypatch.setattr("airflow.providers.standard.operators.hitl.HITLOperator.execute", lambda *_: None)
    monkeypatch.setattr(
        HeldGateApproval, "generate_link_to_ui_from_context", staticmethod(lambda *, context: "http://airflow/answer")
    )
    held = [{"relation": "marts.fct_orders", "check": "volume", "owner": "analytics", "why": "Rows do not vanish."}]
    asking = HeldGateApproval(
        task_id="approve_held",
        gate="lake_candidate",
        audited={"held": held, "data_docs_url": "s3://ops/x", "candidate": {"group": "lake"}},
    )
    asking.execute({"run_id": "t1", "ti": SimpleNamespace(dag_id="transform_lake", run_id="t1")})
    ((group, detail),) = recorded
    assert group == "lake"
    assert detail.startswith("marts.fct_orders: volume (owner: analytics). Answer at http://airflow/answer before ")
