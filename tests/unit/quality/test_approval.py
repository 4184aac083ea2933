"""The task that asks a human: it asks only if a check holds, and takes no approval without person and reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from landfall.errors import RequestError
from landfall.quality.approval import HeldGateApproval, approval_form, data_docs_page, decided, question

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HELD = [{"relation": "marts.fct_orders", "check": "volume", "owner": "analytics", "why": "Rows do not vanish."}]
ANSWER: dict[str, Any] = {
    "responded_by_user": {"id": "1", "name": "jane"},
    "responded_at": NOW,
    "params_input": {"reason": "the shop closed for a day", "valid_hours": 3},
}


def _task(held: list[dict[str, str]]) -> HeldGateApproval:
    return HeldGateApproval(
        task_id="approve_held", gate="lake_candidate", audited={"held": held, "data_docs_url": "s3://ops/x"}
    )


def test_nobody_is_asked_when_nothing_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landfall.quality.approval._tell", lambda *_: pytest.fail("somebody was told"))
    assert _task([]).execute({}) is None


def test_a_held_candidate_waits_until_it_is_approved_with_a_bound_and_without_a_worker() -> None:
    task = _task(HELD)
    assert task.fail_on_reject, "a rejection must end the run"
    assert task.defaults is None, "no answer must not publish"
    assert task.response_timeout == timedelta(hours=12)
    assert task.execution_timeout is None


def test_the_question_names_each_check_its_owner_and_why_it_is_there() -> None:
    body = question(HELD, data_docs_url="s3://ops/x")
    for words in ("marts.fct_orders", "volume", "analytics", "Rows do not vanish.", "s3://ops/x"):
        assert words in body


def test_the_question_leads_to_the_data_docs_that_a_browser_can_open() -> None:
    link = "https://airflow.example/team/dags/transform_lake/runs/r/tasks/approve_held/required_actions"
    page = data_docs_page(link, dag_id="transform_lake", run_id="asset_triggered__2026-11-21T21:42:28+00:00_x")
    assert page == (
        "https://airflow.example/team/landfall/data-docs/transform_lake/"
        "asset_triggered__2026-11-21T21%3A42%3A28%2B00%3A00_x/"
    )


def test_an_approval_overrides_the_checks_that_hold_for_its_hours() -> None:
    (override,) = decided(ANSWER, HELD, gate="lake_candidate", dag_id="d", run_id="r")
    assert (override.relation, override.expectation) == ("marts.fct_orders", "volume")
    assert (override.decided_by, override.reason) == ("jane", "the shop closed for a day")
    assert override.valid_until == NOW + timedelta(hours=3)
    assert (override.gate, override.dag_id, override.run_id) == ("lake_candidate", "d", "r")


@pytest.mark.parametrize(
    "lacking",
    [{"responded_by_user": None}, {"params_input": {}}, {"params_input": {"reason": None, "valid_hours": 3}}],
    ids=str,
)
def test_an_approval_without_person_or_reason_is_refused(lacking: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        decided({**ANSWER, **lacking}, HELD, gate="g", dag_id="d", run_id="r")


def test_the_form_bounds_what_may_be_answered() -> None:
    form = approval_form()
    assert form["reason"].schema["minLength"] == 10
    assert (form["valid_hours"].schema["minimum"], form["valid_hours"].schema["maximum"]) == (1, 720)
