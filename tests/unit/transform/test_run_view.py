"""What a waiting task sees of a run: the outcomes of the try that is under way, never those of one before it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from landfall.transform import run_view
from landfall.transform.following import Look
from landfall.transform.outcomes import CONTENTS_KEY, Contents, Outcome, Status, page_key, page_to_json
from landfall.transform.run_view import RunView

BUILD = "dbt.dbt_build"


class Airflow:
    """Airflow's answers: the states of the run's tasks, and the XComs of the one that runs dbt."""

    def __init__(self) -> None:
        self.states: dict[str, str | None] = {BUILD: None}
        self.xcoms: dict[str, Any] = {}
        self.fails = False

    def write(self, attempt: str, *models: str, is_complete: bool = False) -> None:
        for number, model in enumerate(models):
            page = {model: Outcome(status=Status.BUILT, lines=())}
            self.xcoms[page_key(number)] = page_to_json(page)
        contents = Contents(attempt=attempt, pages=len(models), is_complete=is_complete)
        self.xcoms[CONTENTS_KEY] = contents.to_json()


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Airflow]:
    airflow = Airflow()

    async def states(view: RunView) -> dict[str, str | None]:
        if airflow.fails:
            raise ConnectionError("Airflow does not answer")
        return dict(airflow.states)

    async def xcom(view: RunView, key: str) -> Any:
        return airflow.xcoms.get(key)

    monkeypatch.setattr(RunView, "_states", states)
    monkeypatch.setattr(RunView, "_xcom", xcom)
    monkeypatch.setattr(run_view, "POLL_SECONDS", 0.0)
    return airflow


def _look(view: RunView) -> Look:
    return asyncio.run(view.look())


def test_outcomes_are_seen_while_dbt_runs(airflow: Airflow) -> None:
    view = RunView("dag", "run", BUILD)
    airflow.states[BUILD] = "running"
    airflow.write("one", "a")
    assert set(_look(view).outcomes) == {"a"}
    airflow.write("one", "a", "b")
    assert set(_look(view).outcomes) == {"a", "b"}


def test_what_a_try_before_left_is_not_seen_while_the_next_one_waits_and_begins(airflow: Airflow) -> None:
    view = RunView("dag", "run", BUILD)
    airflow.write("one", "a")
    for state in ("up_for_retry", "queued", "running"):
        airflow.states[BUILD] = state
        assert _look(view).outcomes == {}, state
    airflow.write("two", "b")
    assert set(_look(view).outcomes) == {"b"}


def test_a_complete_account_is_not_believed_before_its_task_has_ended(airflow: Airflow) -> None:
    view = RunView("dag", "run", BUILD)
    airflow.states[BUILD] = "running"
    airflow.write("one", "a", is_complete=True)
    assert _look(view).outcomes == {}
    airflow.states[BUILD] = "success"
    assert set(_look(view).outcomes) == {"a"}


def test_a_moment_without_answer_is_borne(airflow: Airflow, monkeypatch: pytest.MonkeyPatch) -> None:
    view = RunView("dag", "run", BUILD)
    airflow.states[BUILD] = "running"
    seen = _look(view)
    airflow.fails = True
    assert _look(view) == seen
    monkeypatch.setattr(run_view, "LONGEST_BLIND_SECONDS", -1.0)
    with pytest.raises(ConnectionError):
        _look(view)


def test_all_who_wait_for_a_run_share_a_view() -> None:
    view = RunView.of("dag", "run", BUILD)
    assert RunView.of("dag", "run", BUILD) is view
    assert RunView.of("dag", "another", BUILD) is not view
