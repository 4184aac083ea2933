"""The reaper, and a run killed at every point: nothing half-made is reachable, nothing is left, nobody waits on."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from landfall.aws import kms, s3
from landfall.contracts.extract_product import load_products
from landfall.errors import KeyUnusableError, VerificationError
from landfall.extract.door import pinning
from landfall.extract.engines import attempt
from landfall.extract.engines.unload import Unloaded
from landfall.extract.files import reuse
from landfall.extract.proof import certificate
from landfall.extract.records import reaping, store
from landfall.extract.records.record import ExtractRecord, RunState
from landfall.extract.records.store import ExtractStore
from landfall.extract.run import admission as admission_module
from landfall.extract.run import course, publish
from landfall.extract.run.admission import WRITING, admit
from landfall.notify import events
from landfall.publish.last_gate import LastGate
from landfall.publish.publication import Publication, PublishedDataset
from landfall.settings import Settings

from tests.unit.extract.memory import MemoryBuckets, MemoryItems

SETTINGS = Settings(**{name: name for name in Settings.__dataclass_fields__})
CERTIFIER: Any = SimpleNamespace(credentials=nullcontext())
PARAMS = {"customer_id": "cus_000042", "product": "orders", "format": "csv"}
BUCKET = "extracts_bucket"
PUBLICATION = Publication(
    group="lake",
    version=7,
    datasets={"ext_orders": PublishedDataset(table="published.ext_orders__v7", snapshot_id=5, metadata_location="m")},
    gate="passed",
    contract_versions={},
    cause_run_id="nightly",
    published_at=datetime(2026, 11, 20, tzinfo=UTC),
)
PRODUCTS = load_products()
LAST_GATE = LastGate(group="lake", verdict="passed", broken=(), run_id="n", at=datetime(2026, 11, 20, tzinfo=UTC))


class WorkerKilledError(BaseException):
    """The process is gone: no handler, no callback."""


class World:
    """An extract's surroundings in memory; every effect on them is a point where the worker may be killed."""

    def __init__(self) -> None:
        self.items, self.buckets = MemoryItems(), MemoryBuckets()
        self.points = 0
        self.kill_at: int | None = None

    def effect(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function` with a point before and a point after it."""

        def called(*args: Any, **kwargs: Any) -> Any:
            self._point()
            found = function(*args, **kwargs)
            self._point()
            return found

        return called

    def _point(self) -> None:
        self.points += 1
        if self.points == self.kill_at:
            self.kill_at = None
            raise WorkerKilledError

    @property
    def store(self) -> ExtractStore:
        return ExtractStore(self.items)

    @property
    def record(self) -> ExtractRecord:
        found = self.store.read("run-1")
        assert found is not None
        return found

    def left(self) -> list[str]:
        """Return what is in the extract's prefix."""
        return [key.removeprefix("cus_000042/run-1/") for key in self.buckets.keys_below(BUCKET, "cus_000042/run-1/")]


class Items:
    """The table, each of whose writes is an effect of the world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._world.items, name)
        return self._world.effect(found) if name in ("change", "join", "leave") else found


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A customer's request in an Airflow of which every effect may be the last."""
    return new_world(monkeypatch)


def new_world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Return surroundings in which nothing has happened yet, in place of those of before."""
    found = World()
    for module in (admission_module, pinning, publish):
        monkeypatch.setattr(module, "load_products", lambda: PRODUCTS)
    for holder in (store, reuse):
        monkeypatch.setattr(holder, "ItemTable", lambda *, name: Items(found))
    monkeypatch.setattr(pinning, "PublicationStore", Publications)
    for name in ("read_object", "list_objects", "list_folders"):
        monkeypatch.setattr(s3, name, getattr(found.buckets, name))
    for name in ("write_object", "write_new_object", "delete_prefix", "delete_objects"):
        monkeypatch.setattr(s3, name, found.effect(getattr(found.buckets, name)))
    monkeypatch.setattr(certificate, "_public_key", lambda key_id: b"key")
    monkeypatch.setattr(kms, "sign", lambda body, *, key_id: b"signature")
    monkeypatch.setattr(publish, "_certify", certified)
    monkeypatch.setattr(publish.lineage, "extracted", lambda *args, **kwargs: None)
    monkeypatch.setattr(events, "announce", lambda **values: None)
    return found


class Publications:
    """What is published, and that its gate passed."""

    def __init__(self, settings: Settings) -> None:
        pass

    def current(self, group: str) -> Publication:
        return PUBLICATION

    def last_gate(self, group: str) -> LastGate | None:
        return LAST_GATE


def certified(unloaded: Unloaded, _certifier: Any, *, settings: Settings, **_: Any) -> dict[str, Any]:
    """Return the certificate of the files that are there, which must be two."""
    base = "cus_000042/run-1/"
    files = [found.key for found in s3.list_objects(bucket=BUCKET, prefix=unloaded.prefix)]
    if len(files) != unloaded.expected_rows:
        raise VerificationError("files are missing")
    listed = [{"path": key.removeprefix(base), "bytes": 3, "sha256": "ab"} for key in files]
    request = unloaded.admission.request.to_json()
    told = {"rows": 2, "files": listed, "published": {"version": PUBLICATION.version}}
    return {"request": request, **told, "expires_at": "2999-01-01T00:00:00Z"}


def play(world: World, *, attempt: int) -> None:
    """Do what the task does; the engine writes two files, one after the other."""
    admitted = admit(PARAMS, run_id="run-1", settings=SETTINGS, requested_by="staff:ada")
    course.enter_step(admitted, WRITING, settings=SETTINGS)
    prefix = f"cus_000042/run-1/attempt-{attempt}/"
    s3.delete_prefix(bucket=BUCKET, prefix=prefix)
    for number in range(2):
        world.effect(world.buckets.__setitem__)((BUCKET, f"{prefix}orders_{number}"), b"row")
    unloaded = Unloaded(
        admission=admitted,
        prefix=prefix,
        expected_rows=2,
        engine={"name": "redshift"},
        scanned_bytes=(7,),
        files_id="x",
    )
    course.enter_step(admitted, course.CHECKING, settings=SETTINGS)
    with ExitStack() as afterwards:
        published = publish.publish_extract(unloaded, CERTIFIER, settings=SETTINGS, afterwards=afterwards)
        course.finish(admitted, published, settings=SETTINGS)


def reap(*, minutes: int, run: RunState) -> reaping.Reaped:
    """Let the reaper come by in so many minutes, when the run stands so in Airflow."""
    now = datetime.now(UTC) + timedelta(minutes=minutes)
    return reaping.reap(run_state=lambda run_id: run, settings=SETTINGS, now=now)


def points_of(monkeypatch: pytest.MonkeyPatch) -> int:
    """Return at how many points an undisturbed run may be killed."""
    with monkeypatch.context() as patch:
        counted = new_world(patch)
        play(counted, attempt=1)
        return int(counted.points)


def check_nothing_half_made_is_reachable(world: World) -> None:
    record = world.store.read("run-1")
    if record is None or record.state != "done":
        return
    document = json.loads(world.buckets[BUCKET, "cus_000042/run-1/manifest.json"])
    assert len(document["files"]) == 2
    assert {file["path"] for file in document["files"]} <= set(world.left())


def check_nothing_is_left_over(world: World) -> None:
    record = world.store.read("run-1")
    held = {name: item for name, item in world.items.items.items() if name.startswith(("slots#", "under_way#"))}
    if record is None:
        assert world.left() == []
        return
    assert record.state in ("done", "failed")
    if record.state == "failed":
        assert world.left() == []
    else:
        document = json.loads(world.buckets[BUCKET, "cus_000042/run-1/manifest.json"])
        certified_files = [*(file["path"] for file in document["files"]), document["signature"]["path"]]
        assert world.left() == sorted([*certified_files, "manifest.json"])
    # Whoever comes next may run, whether the slot was given back or is found to be nobody's.
    for number in range(world.store.slots.limits.default.at_once):
        name = f"next-{number}"
        world.items.items[name] = {"extract_id": name, "state": "running"}
        assert world.store.slots.take("cus_000042", name), held


def test_a_run_killed_at_any_point_and_never_tried_again_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    points = points_of(monkeypatch)
    assert points > 30
    for point in range(1, points + 1):
        with monkeypatch.context() as patch:
            here = new_world(patch)
            here.kill_at = point
            with pytest.raises(WorkerKilledError):
                play(here, attempt=1)
            check_nothing_half_made_is_reachable(here)
            reap(minutes=3, run="failed")
            reap(minutes=9, run="failed")
            check_nothing_is_left_over(here)


def test_a_run_killed_at_any_point_and_tried_again_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for point in range(1, points_of(monkeypatch) + 1):
        with monkeypatch.context() as patch:
            here = new_world(patch)
            here.kill_at = point
            with pytest.raises(WorkerKilledError):
                play(here, attempt=1)
            play(here, attempt=2)
            assert here.record.state == "done"
            check_nothing_half_made_is_reachable(here)
            reap(minutes=9, run="success")
            check_nothing_is_left_over(here)


def test_a_reaper_killed_at_any_point_is_followed_by_one_that_ends_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        here = new_world(patch)
        half_done(here)
        before = here.points
        reap(minutes=9, run="failed")
        points = here.points - before
    assert points > 4
    for point in range(1, points + 1):
        with monkeypatch.context() as patch:
            here = new_world(patch)
            half_done(here)
            here.kill_at = here.points + point
            with pytest.raises(WorkerKilledError):
                reap(minutes=9, run="failed")
            reap(minutes=18, run="failed")
            reap(minutes=27, run="failed")
            check_nothing_is_left_over(here)


def half_done(world: World) -> None:
    """Kill a run while its engine writes."""
    admitted = admit(PARAMS, run_id="run-1", settings=SETTINGS, requested_by="staff:ada")
    course.enter_step(admitted, WRITING, settings=SETTINGS)
    world.buckets[BUCKET, "cus_000042/run-1/attempt-1/orders_0"] = b"row"


@pytest.mark.parametrize(
    ("run", "hours", "cause"),
    [
        ("failed", 0, "did not say why"),
        ("success", 0, "did not say why"),
        ("unknown", 0, "is gone from Airflow"),
        ("running", 5, "has said nothing for 4:00:00"),
    ],
)
def test_what_is_stuck_ends_with_its_cause(world: World, run: RunState, hours: int, cause: str) -> None:
    half_done(world)
    reap(minutes=3 + 60 * hours, run=run)
    assert world.record.state == "failed" and cause in (world.record.cause or "")


@pytest.mark.parametrize(("run", "minutes"), [("running", 60), ("queued", 60), ("failed", 1)])
def test_what_lives_or_has_just_spoken_is_left_alone(world: World, run: RunState, minutes: int) -> None:
    half_done(world)
    assert reap(minutes=minutes, run=run).ended == 0
    assert world.record.state == "running" and world.left() == ["attempt-1/orders_0"]


def test_a_request_whose_run_was_never_started_is_given_up_after_an_hour(world: World) -> None:
    half_done(world)
    world.items.items["run-1"].update(state="queued", triggered=False)
    assert reap(minutes=30, run="unknown").ended == 0
    assert reap(minutes=61, run="unknown").ended == 1
    assert "could not be started" in (world.record.cause or "")


def test_a_statement_that_outlived_its_run_is_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    monkeypatch.setattr(attempt, "stop", lambda statement, settings: stopped.append(statement))
    half_done(world)
    world.store.mark("run-1", statement="redshift:s-1")
    reap(minutes=3, run="failed")
    reap(minutes=9, run="failed")
    reap(minutes=15, run="failed")
    assert stopped == ["redshift:s-1"] and world.left() == []


def test_an_extract_whose_key_is_shut_waits_without_an_error_until_it_is_opened(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    half_done(world)
    world.store.move("run-1", "done", step=None)

    def shut(*_: Any) -> None:
        raise KeyUnusableError("the customer's key cannot be used: it is disabled")

    with monkeypatch.context() as closed, caplog.at_level(logging.INFO, logger=reaping.__name__):
        closed.setattr(reaping, "read_manifest", shut)
        assert reap(minutes=9, run="success").swept == 0
    assert [(each.levelname, "it is disabled" in each.message) for each in caplog.records] == [("INFO", True)]
    monkeypatch.setattr(reaping, "read_manifest", lambda *_: None)
    assert reap(minutes=14, run="success").swept == 1


def test_a_run_that_is_cleared_while_it_is_swept_keeps_its_files(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    half_done(world)
    reap(minutes=3, run="failed")
    swept, listed = world.record, s3.list_objects

    def cleared_meanwhile(**values: Any) -> Any:
        found = list(listed(**values))
        world.store.move("run-1", "queued")
        return found

    monkeypatch.setattr(s3, "list_objects", cleared_meanwhile)
    assert reaping.sweep(swept, store=world.store, settings=SETTINGS, now=datetime.now(UTC)) == 0
    assert world.left() == ["attempt-1/orders_0"]
