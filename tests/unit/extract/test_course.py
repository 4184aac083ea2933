"""What a run tells the record of its extract: steps, how it ended, and that a cancelled one publishes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from landfall.aws import s3
from landfall.errors import EngineError, ExtractEndedError, GateFailed, RequestError, VerificationError
from landfall.extract.delivery.destination import Destination
from landfall.extract.door.pinning import Admission, PinnedDataset
from landfall.extract.door.request import ExtractRequest
from landfall.extract.records import store
from landfall.extract.records.record import MAY_FOLLOW, STATES, ExtractRecord
from landfall.extract.records.store import ExtractStore
from landfall.extract.run import course
from landfall.extract.run.admission import WRITING
from landfall.extract.run.publish import Published
from landfall.notify import events
from landfall.settings import Settings

from tests.unit.extract.memory import MemoryBuckets, MemoryItems

SETTINGS = Settings(**{name: name for name in Settings.__dataclass_fields__})
REQUEST = ExtractRequest(
    extract_id="run-1", customer_id="cus_000042", product="orders", format="csv", filters={}, columns=("order_id",)
)
PINNED = PinnedDataset(
    group="lake", version=7, table="t", snapshot_id=1, gate="g", contract_versions={}, published_at="2026-11-21"
)
ADMISSION = Admission(request=REQUEST, pinned=PINNED)
MANIFEST: dict[str, Any] = {
    "created_at": "2026-11-21",
    "rows": 3,
    "files": [{"bytes": 9, "sha256": "ab"}],
    "published": {"version": 7},
    "expires_at": "2999-01-01T00:00:00Z",
}
PUBLISHED = Published(manifest_uri="s3://m", manifest=MANIFEST)
FOLDER = "cus_000042/run-1"


class World:
    def __init__(self) -> None:
        self.items, self.buckets = MemoryItems(), MemoryBuckets()
        self.told: list[str] = []
        self.store = ExtractStore(self.items)
        moment = "2026-11-21T00:00:00.000000Z"
        record = ExtractRecord(
            extract_id="run-1",
            customer_id="cus_000042",
            product="orders",
            request="{}",
            requested_by="key:abc",
            requested_at=moment,
            changed_at=moment,
            state="running",
            run_id="run-1",
            pii=False,
        )
        self.store.create(record)
        for name, body in {"manifest.json": json.dumps(MANIFEST), "attempt-1/a": "rows", "attempt-2/a": "rows"}.items():
            self.buckets["extracts_bucket", f"{FOLDER}/{name}"] = body.encode()

    @property
    def record(self) -> ExtractRecord:
        found = self.store.read("run-1")
        assert found is not None
        return found


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A running extract with the files of two attempts."""
    found = World()
    monkeypatch.setattr(store, "ItemTable", lambda *, name: found.items)
    for name in ("read_object", "write_new_object", "list_objects", "delete_prefix"):
        monkeypatch.setattr(s3, name, getattr(found.buckets, name))
    for name in Settings.__dataclass_fields__:
        monkeypatch.setenv(f"LANDFALL_{name.upper()}", name)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setattr(events, "announce", lambda *, topic_arn, message, attributes: found.told.append(message))
    return found


def fail(error: BaseException) -> None:
    course.record_failure({"exception": error, "task_instance": SimpleNamespace(run_id="run-1")})


def test_a_finished_run_makes_its_extract_done_and_the_log_has_what_was_delivered(world: World) -> None:
    course.enter_step(ADMISSION, course.CHECKING, settings=SETTINGS)
    assert world.record.step == "step 2 of 2: the files are checked and certified"
    for _ in range(2):  # a task that is tried again
        course.finish(ADMISSION, PUBLISHED, settings=SETTINGS)

    record = world.record
    assert (record.state, record.step, record.rows, record.expires_at) == ("done", None, 3, "2999-01-01T00:00:00Z")
    (key,) = world.buckets.keys_below("ops_bucket", "audit/extracts/dt=")
    event = json.loads(world.buckets["ops_bucket", key])
    assert (event["action"], event["caller"]) == ("delivered", "key:abc")
    assert json.loads(event["details"])["files"] == ["ab"]


def test_the_event_tells_where_an_extract_was_delivered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Destination(
        customer_id="cus_000042", name="in", created_at="", created_by="", bucket="theirs", role_arn="arn"
    )
    monkeypatch.setattr(course, "deliver", lambda _, destination, *, settings: destination.uri("run-1"))
    course.finish(replace(ADMISSION, destination=bucket), PUBLISHED, settings=SETTINGS)

    (told,) = map(json.loads, world.told)
    assert told["data"]["delivered_to"] == "s3://theirs/run-1/"


def test_a_run_that_was_cancelled_stops_at_its_next_step(world: World) -> None:
    world.store.move("run-1", "cancelled")
    with pytest.raises(ExtractEndedError, match="run-1 is cancelled"):
        course.enter_step(ADMISSION, WRITING, settings=SETTINGS)


def test_a_record_that_has_changed_since_it_was_seen_is_read_again(world: World) -> None:
    seen = world.record
    moved, now = world.store.move("run-1", "running", seen=seen, step="once")
    assert moved and now == world.record and now.step == "once"
    world.store.move("run-1", "cancelled")
    assert world.store.move("run-1", "running", seen=now, step="twice") == (False, world.record)
    assert world.record.state == "cancelled"


def test_a_run_that_was_cancelled_while_it_published_leaves_no_file(world: World) -> None:
    world.store.move("run-1", "cancelled")
    with pytest.raises(ExtractEndedError, match="not published"):
        course.finish(ADMISSION, PUBLISHED, settings=SETTINGS)
    assert world.buckets.keys_below("extracts_bucket", "cus_000042/") == []
    assert world.record.state == "cancelled"


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (GateFailed("unique(order_id): 'secret'"), "held", "did not pass the checks"),
        (VerificationError("1 rows of another customer"), "held", "did not pass the checks"),
        (RequestError("customer_id: 9 rows are more than the 3"), "failed", "9 rows are more"),
        (EngineError("cannot cast 'secret'"), "failed", "the run failed (EngineError)"),
        (MemoryError(), "failed", "the run failed (MemoryError)"),
    ],
)
def test_a_failed_run_says_why_without_an_engines_words(
    world: World, error: BaseException, state: str, words: str
) -> None:
    wrapped = RuntimeError("x")
    wrapped.__cause__ = error
    fail(wrapped)
    assert world.record.state == state
    assert words in (world.record.cause or "")
    assert "secret" not in (world.record.cause or "")


def test_the_failure_of_a_cancelled_run_leaves_it_cancelled(world: World) -> None:
    world.store.move("run-1", "cancelled", cause="the caller cancelled it")
    fail(course.RunKilledError())
    assert (world.record.state, world.record.cause) == ("cancelled", "the caller cancelled it")


def test_a_killed_attempt_removes_its_own_files_only(world: World) -> None:
    task: Any = SimpleNamespace()
    with (
        pytest.raises(course.RunKilledError),
        course.undone_when_killed(task, ADMISSION, attempt=2, settings=SETTINGS),
    ):
        task.on_kill()  # as the task runner does on SIGTERM
    left = [key.removeprefix(FOLDER) for key in world.buckets.keys_below("extracts_bucket", FOLDER)]
    assert left == ["/attempt-1/a", "/manifest.json"]
    assert not hasattr(task, "on_kill")


def test_no_state_follows_one_whose_files_are_gone_but_deletion() -> None:
    followers = {state: {after for after in STATES if state in MAY_FOLLOW[after]} for state in STATES}
    assert followers["deleted"] == set()
    assert followers["expired"] == {"deleted"}
    assert followers["cancelled"] == {"deleted"}
    assert followers["done"] == {"expired", "deleted"}


def test_the_end_of_an_extract_is_told_once_however_often_its_last_step_runs(world: World) -> None:
    for _ in range(3):
        course.finish(ADMISSION, PUBLISHED, settings=SETTINGS)

    (told,) = map(json.loads, world.told)
    assert (told["id"], told["type"]) == ("run-1.done", "extract.done")
    assert told["data"] == {
        "extract_id": "run-1",
        "customer_id": "cus_000042",
        "product": "orders",
        "state": "done",
        "cause": None,
        "rows": 3,
        "bytes": 9,
        "files": 1,
        "expires_at": "2999-01-01T00:00:00Z",
        "delivered_to": None,
    }


def test_what_could_not_be_told_is_told_by_the_step_that_comes_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(events, "announce", _refusing)
        course.finish(ADMISSION, PUBLISHED, settings=SETTINGS)
    assert (world.record.state, world.told) == ("done", [])

    course.finish(ADMISSION, PUBLISHED, settings=SETTINGS)
    assert len(world.told) == 1


@pytest.mark.parametrize(("error", "kind"), [(EngineError("x"), "failed"), (GateFailed("x"), "held")])
def test_each_failure_is_told_and_told_anew_when_a_run_tried_again_fails(
    world: World, error: Exception, kind: str
) -> None:
    for _ in range(2):
        fail(error)
        course.enter_step(ADMISSION, WRITING, settings=SETTINGS)
    assert [json.loads(message)["type"] for message in world.told] == [f"extract.{kind}"] * 2


def _refusing(**_: Any) -> None:
    raise ConnectionError("SNS does not answer")
