"""What a model's task does, given what dbt said of the model and how the tasks before it stand."""

from __future__ import annotations

import pytest
from landfall.transform.following import Look, Step, is_alone, next_step
from landfall.transform.outcomes import Outcome, Status, status_of

MODEL = "model.landfall.fct_orders"


def _look(
    build_state: str | None = "running", status: Status | None = None, states: dict[str, str | None] | None = None
) -> Look:
    outcomes = {} if status is None else {MODEL: Outcome(status=status, lines=())}
    return Look(build_state=build_state, states=states or {}, outcomes=outcomes)


def _step(look: Look, *, alone: bool = False) -> Step:
    return next_step(look, model=MODEL, upstream_tasks=["dbt.stg_orders"], alone=alone)[0]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["success", "pass", "warn", "no-op"], Status.BUILT),
        (["success", "fail"], Status.FAILED),
        (["error", "skipped"], Status.FAILED),
        (["partial success"], Status.FAILED),
        (["success", "skipped"], Status.SKIPPED),
    ],
)
def test_a_model_is_what_it_and_its_tests_are(words: list[str], status: Status) -> None:
    assert status_of(words) is status


@pytest.mark.parametrize("state", [None, "scheduled", "queued", "running", "up_for_retry"])
def test_it_waits_while_dbt_may_still_come_to_the_model(state: str | None) -> None:
    assert _step(_look(state)) is Step.WAIT


@pytest.mark.parametrize(("status", "step"), [(Status.BUILT, Step.SUCCEED), (Status.FAILED, Step.FAIL)])
def test_it_ends_as_dbt_ended_the_model_while_dbt_goes_on(status: Status, step: Step) -> None:
    assert _step(_look("running", status)) is step


def test_what_dbt_skipped_waits_for_the_end_of_dbt_and_of_what_failed_before_it() -> None:
    assert _step(_look("running", Status.SKIPPED, {"dbt.stg_orders": "success"})) is Step.WAIT
    assert _step(_look("success", Status.SKIPPED, {"dbt.stg_orders": "up_for_retry"})) is Step.WAIT


def test_what_dbt_skipped_is_built_once_its_upstream_was_mended() -> None:
    assert _step(_look("success", Status.SKIPPED, {"dbt.stg_orders": "success"})) is Step.BUILD_ALONE


@pytest.mark.parametrize("state", ["failed", "skipped", "upstream_failed", "removed"])
def test_what_dbt_skipped_is_skipped_when_its_upstream_failed_for_good(state: str) -> None:
    assert _step(_look("success", Status.SKIPPED, {"dbt.stg_orders": state})) is Step.SKIP


@pytest.mark.parametrize("state", ["failed", "upstream_failed", "skipped"])
@pytest.mark.parametrize("status", [None, Status.SKIPPED])
def test_nothing_is_built_alone_when_dbt_itself_failed(state: str, status: Status | None) -> None:
    assert _step(_look(state, status, {"dbt.stg_orders": "success"})) is Step.SKIP


def test_a_model_that_dbt_failed_is_built_alone_when_it_is_tried_again() -> None:
    look = _look("running", Status.FAILED, {"dbt.stg_orders": "success"})
    assert is_alone(look, model=MODEL, try_number=2)
    assert _step(look, alone=True) is Step.BUILD_ALONE


def test_a_model_cleared_after_a_good_run_is_built_again_and_not_taken_as_built() -> None:
    look = _look("success", Status.BUILT, {"dbt.stg_orders": "success"})
    assert is_alone(look, model=MODEL, try_number=2)
    assert _step(look, alone=True) is Step.BUILD_ALONE


def test_a_model_cleared_together_with_dbt_follows_it() -> None:
    assert not is_alone(_look("queued"), model=MODEL, try_number=2)
    assert not is_alone(_look("running"), model=MODEL, try_number=2)


def test_the_first_try_is_never_alone() -> None:
    assert not is_alone(_look("success", Status.FAILED), model=MODEL, try_number=1)


def test_a_model_cleared_with_its_upstream_waits_for_it() -> None:
    assert _step(_look("success", states={"dbt.stg_orders": "deferred"}), alone=True) is Step.WAIT
