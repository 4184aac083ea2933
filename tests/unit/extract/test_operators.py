"""Tasks that come back from a wait: with an event, without one, and in another try than they left in."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from landfall.assets import extract_files
from landfall.errors import NoSlotError
from landfall.extract.door.pinning import Admission
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines import attempt
from landfall.extract.engines import unload as unload_module
from landfall.extract.engines.attempt import StillRunningError
from landfall.extract.records import store
from landfall.extract.run import admission, course
from landfall.extract.run import publish as publish_module
from landfall.extract.run.operators import MakeExtract
from landfall.extract.run.publish import Published
from landfall.settings import Settings

from tests.pinned import PINNED
from tests.unit.extract.memory import MemoryItems

REQUEST = ExtractRequest(
    extract_id="run-1", customer_id="cus_000042", product="orders", format="csv", filters={}, columns=("order_id",)
)
KNOWN = {"count": "athena:c-1", "unload": "redshift:u-1"}


ADMITTED = Admission(request=REQUEST, pinned=PINNED)
OUTCOME = {"manifest": "s3://extracts/cus_000042/run-1/manifest.json", "rows": 3, "files": 1, "bytes": 99}


class Engine:
    """What an attempt finds: statements that are known run on, others are started; a manifest, perhaps."""

    def __init__(self) -> None:
        self.stopped: list[str] = []
        self.calls: list[tuple[int, dict[str, str]]] = []
        self.raised: Exception | None = None
        self.published: list[int] = []
        self.finished: list[Published] = []
        self.has_manifest = False

    def unload(self, admitted: Admission, *, attempt: int, settings: Settings, statements: Any, **_: Any) -> Any:
        self.calls.append((attempt, statements.known))
        if self.raised is not None:
            raise self.raised
        return attempt

    def publish(self, unloaded: int, certifier: Any, **kwargs: Any) -> Published:
        assert certifier.run_id == "run-1"
        self.published.append(unloaded)
        return published()

    def published_before(self, admitted: Admission, *, settings: Settings) -> Published | None:
        return published() if self.has_manifest else None


def published() -> Published:
    return Published(manifest_uri=str(OUTCOME["manifest"]), manifest={"rows": 3, "files": [{"bytes": 99}]})


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine in memory, and the settings of nowhere."""
    found = Engine()
    monkeypatch.setattr(unload_module, "unload", found.unload)
    monkeypatch.setattr(attempt, "stop", lambda statement, settings: found.stopped.append(statement))
    monkeypatch.setattr(admission, "admit", lambda params, **kwargs: ADMITTED)
    monkeypatch.setattr(course, "enter_step", lambda *args, **kwargs: None)
    monkeypatch.setattr(course, "finish", lambda admitted, done, **_: found.finished.append(done))
    monkeypatch.setattr(publish_module, "publish_extract", found.publish)
    monkeypatch.setattr(publish_module, "published_before", found.published_before)
    monkeypatch.setattr(store, "ItemTable", lambda *, name: MemoryItems())
    for name in Settings.__dataclass_fields__:
        monkeypatch.setenv(f"LANDFALL_{name.upper()}", name)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return found


def context(*, try_number: int) -> Any:
    run = SimpleNamespace(
        dag_id="extract_customer_file",
        run_id="run-1",
        triggering_user_name="ada",
        run_after=SimpleNamespace(isoformat=lambda: "t"),
    )
    return {
        "ti": SimpleNamespace(try_number=try_number),
        "dag_run": run,
        "run_id": "run-1",
        "params": {},
        "outlet_events": defaultdict(SimpleNamespace),
    }


def task() -> MakeExtract:
    return MakeExtract(task_id="make_extract")


def test_an_extract_that_nothing_holds_up_is_made_in_one_go_and_tells_its_asset(engine: Engine) -> None:
    told = context(try_number=1)
    assert task().execute(told) == OUTCOME
    assert (engine.calls, engine.published, engine.finished) == ([(1, {})], [1], [published()])
    assert told["outlet_events"][extract_files].extra == {**OUTCOME, "cause": "run-1"}


def test_a_slow_statement_is_left_to_the_triggerer_with_all_ids_of_the_attempt(engine: Engine) -> None:
    engine.raised = StillRunningError("redshift:u-1")
    with pytest.raises(TaskDeferred) as deferred:
        task().on_waited(context(try_number=2), ADMITTED.to_json(), KNOWN, 2, {"state": "ended"})
    assert deferred.value.method_name == "on_waited"
    assert deferred.value.kwargs == {"admission": ADMITTED.to_json(), "known": KNOWN, "attempt": 2}
    assert deferred.value.trigger.serialize()[1]["prefix"] == "cus_000042/run-1/attempt-2/"
    assert (engine.published, engine.finished) == ([], [])


@pytest.mark.parametrize("event", [{"state": "ended"}, None])
def test_the_same_try_goes_on_with_its_statements(engine: Engine, event: dict[str, str] | None) -> None:
    assert task().on_waited(context(try_number=1), ADMITTED.to_json(), KNOWN, 1, event) == OUTCOME
    assert (engine.calls, engine.stopped, engine.published) == ([(1, KNOWN)], [], [1])


def test_another_try_stops_the_statements_of_the_one_before_and_starts_its_own(engine: Engine) -> None:
    assert task().on_waited(context(try_number=2), ADMITTED.to_json(), KNOWN, 1) == OUTCOME
    assert (engine.calls, engine.stopped) == ([(2, {})], ["athena:c-1", "redshift:u-1"])


def test_another_try_of_what_is_certified_asks_no_engine_again(engine: Engine) -> None:
    engine.has_manifest = True
    assert task().execute(context(try_number=2)) == OUTCOME
    assert (engine.calls, engine.published, engine.finished) == ([], [], [published()])


def test_an_engine_that_takes_too_long_is_stopped_and_not_tried_again(engine: Engine) -> None:
    with pytest.raises(AirflowFailException, match="too long for an engine"):
        task().on_waited(context(try_number=1), ADMITTED.to_json(), KNOWN, 1, {"state": "late"})
    assert (engine.calls, engine.stopped) == ([], ["athena:c-1", "redshift:u-1"])


def test_large_extracts_wait_for_their_turn_with_what_they_have_counted(engine: Engine) -> None:
    engine.raised = NoSlotError("large")
    with pytest.raises(TaskDeferred) as deferred:
        task().on_waited(context(try_number=1), ADMITTED.to_json(), {"count": "athena:c-1"}, 1)
    assert deferred.value.trigger.serialize()[1]["slot"] == "large"
    waited = {"admission": ADMITTED.to_json(), "known": {"count": "athena:c-1"}, "attempt": 1}
    assert (deferred.value.method_name, deferred.value.kwargs) == ("on_waited", waited)


@pytest.mark.parametrize("event", [{"state": "taken"}, None])
def test_an_extract_waits_for_its_turn_without_a_worker_and_then_goes_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, event: dict[str, str] | None
) -> None:
    def full(params: Any, **kwargs: Any) -> Admission:
        raise NoSlotError("cus_000042")

    monkeypatch.setattr(admission, "admit", full)
    with pytest.raises(TaskDeferred) as deferred:
        task().execute(context(try_number=1))
    assert deferred.value.trigger.serialize()[1]["slot"] == "cus_000042"
    assert (deferred.value.method_name, engine.calls) == ("on_turn", [])

    monkeypatch.setattr(admission, "admit", lambda params, **kwargs: ADMITTED)
    assert task().on_turn(context(try_number=1), event) == OUTCOME
