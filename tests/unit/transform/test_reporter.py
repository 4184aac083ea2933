"""What is told of a run of dbt: a model when all of it has ended, once, and everything by the end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from landfall.transform.models import Model
from landfall.transform.outcomes import CONTENTS_KEY, Contents, Outcome, Status, page_from_json, page_key
from landfall.transform.reporter import Reporter

ORDERS = Model(unique_id="model.orders", name="orders", kind="model", tests=("test.orders",), selectors=(), upstream=())
SALES = Model(unique_id="model.sales", name="sales", kind="model", tests=(), selectors=(), upstream=("orders",))


class Told(dict[str, Any]):
    """What was pushed, as the models' tasks read it."""

    @property
    def contents(self) -> Contents:
        return Contents.from_json(self[CONTENTS_KEY])

    @property
    def outcomes(self) -> dict[str, Outcome]:
        pages = (page_from_json(self[page_key(number)]) for number in range(self.contents.pages))
        return {model: outcome for page in pages for model, outcome in page.items()}


def _reporter(told: Told) -> Reporter:
    reporter = Reporter([ORDERS, SALES], attempt="one", push=told.__setitem__)
    reporter.begin()
    return reporter


def _event(node: str, *, name: str = "LogLine", message: str = "", status: str = "", level: str = "info") -> Any:
    data = SimpleNamespace(node_info=SimpleNamespace(unique_id=node), run_result=SimpleNamespace(status=status))
    return SimpleNamespace(info=SimpleNamespace(name=name, msg=message, level=level), data=data)


def _finished(node: str, status: str) -> Any:
    return _event(node, name="NodeFinished", status=status, level="debug")


def _result(node: str, status: str, message: str = "") -> Any:
    return SimpleNamespace(node=SimpleNamespace(unique_id=node), status=status, message=message)


def test_a_model_is_told_when_its_last_test_has_ended() -> None:
    told = Told()
    reporter = _reporter(told)
    reporter.on_event(_finished("model.orders", "success"))
    assert told.outcomes == {}
    reporter.on_event(_event("test.orders", message="PASS orders"))
    reporter.on_event(_event("test.orders", message="select ...", level="debug"))
    reporter.on_event(_finished("test.orders", "pass"))
    assert told.outcomes == {"model.orders": Outcome(status=Status.BUILT, lines=("PASS orders",))}
    assert not told.contents.is_complete


def test_a_failing_test_fails_its_model() -> None:
    told = Told()
    reporter = _reporter(told)
    reporter.on_event(_finished("model.orders", "success"))
    reporter.on_event(_finished("test.orders", "fail"))
    assert told.outcomes["model.orders"].status is Status.FAILED


def test_what_dbt_gave_no_event_for_is_told_at_the_end() -> None:
    told = Told()
    reporter = _reporter(told)
    strays = reporter.finish([_result("model.orders", "error"), _result("test.orders", "skipped"), *_sales_skipped()])
    assert {model: outcome.status for model, outcome in told.outcomes.items()} == {
        "model.orders": Status.FAILED,
        "model.sales": Status.SKIPPED,
    }
    assert told.contents.is_complete
    assert strays == []


def test_what_failed_and_is_no_models_is_returned() -> None:
    strays = _reporter(Told()).finish([_result("operation.on_run_start", "error", "no such schema")])
    assert strays == ["operation.on_run_start: no such schema"]


def test_what_could_not_be_told_is_on_the_next_page() -> None:
    told = Told()
    answers = iter([False, True])

    def push(key: str, value: Any) -> None:
        if key == page_key(0) and not next(answers):
            raise ConnectionError("Airflow does not answer")
        told[key] = value

    reporter = Reporter([ORDERS, SALES], attempt="one", push=push)
    reporter.on_event(_finished("model.sales", "success"))
    assert told == {}
    reporter.finish([_result("model.orders", "success"), _result("test.orders", "pass")])
    assert set(told.outcomes) == {"model.orders", "model.sales"}


def test_what_cannot_be_told_at_the_end_fails_the_task() -> None:
    def push(key: str, value: Any) -> None:
        raise ConnectionError("Airflow does not answer")

    with pytest.raises(ConnectionError):
        Reporter([ORDERS], attempt="one", push=push).finish([])


def _sales_skipped() -> list[Any]:
    return [_result("model.sales", "skipped")]
