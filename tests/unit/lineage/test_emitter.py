"""Emission never fails, never holds up and is never silent for ever."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from landfall.lineage import emitter
from landfall.lineage.naming import Dataset
from landfall.lineage.parent import parent_of
from landfall.lineage.steps import Read, Step

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
STEP = Step(
    job="load_orders",
    kind="LOAD",
    tool="athena",
    at=NOON,
    key="batch",
    reads=(Read(dataset=Dataset("s3://landing", "orders")),),
    writes=(),
)


@pytest.fixture(autouse=True)
def transport(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A file transport of the test's own, and a process that has not yet lost anything."""
    for name in ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE_DISABLED", "AIRFLOW__OPENLINEAGE__TRANSPORT"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "events"
    folder.mkdir()
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "file")
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__LOG_FILE_PATH", str(folder / "event"))
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__DEBUG_MODE", "true")
    monkeypatch.setattr(emitter, "_state", emitter._State())
    yield folder


def break_transport(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__LOG_FILE_PATH", str(folder / "nowhere" / "event"))


def test_an_event_is_written(transport: Path) -> None:
    emitter.tell(lambda: [STEP])
    (file,) = transport.iterdir()
    assert json.loads(file.read_text())["job"]["name"] == "load_orders"


def test_nothing_is_made_where_nobody_wants_events(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TYPE", "LOG_FILE_PATH", "DEBUG_MODE"):
        monkeypatch.delenv(f"OPENLINEAGE__TRANSPORT__{name}")

    def make() -> list[Step]:
        raise AssertionError("made nevertheless")

    emitter.tell(make)
    assert emitter._state.lost == 0


def test_a_dead_transport_is_logged_once_and_every_loss_is_counted(
    monkeypatch: pytest.MonkeyPatch, transport: Path, caplog: pytest.LogCaptureFixture
) -> None:
    break_transport(monkeypatch, transport)
    with caplog.at_level(logging.WARNING, logger="landfall.lineage.emitter"):
        for _ in range(3):
            emitter.tell(lambda: [STEP])
    assert len(caplog.records) == 1
    assert emitter._state.lost == 3


def test_a_step_that_cannot_be_told_does_not_end_the_telling(transport: Path) -> None:
    def broken() -> list[Step]:
        raise KeyError("compiled_code")

    emitter.tell(broken)
    emitter.tell(lambda: [STEP])
    assert emitter._state.lost == 1
    assert len(list(transport.iterdir())) == 1


def test_a_slow_transport_holds_a_step_up_once_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emitter, "WAIT_SECONDS", 0.05)
    released = threading.Event()

    def slow() -> list[Step]:
        released.wait(5)
        return []

    began = time.monotonic()
    for _ in range(20):
        emitter.tell(slow)
    assert time.monotonic() - began < 1
    assert emitter._state.lost == 20
    released.set()


def test_a_tasks_ids_are_those_of_airflows_own_events() -> None:
    macros = pytest.importorskip("airflow.providers.openlineage.plugins.macros")
    for logical_date in (NOON, None):
        run = SimpleNamespace(logical_date=logical_date, run_after=NOON, clear_number=2, conf={})
        context: dict[str, Any] = {"dag_run": run}
        task = SimpleNamespace(
            dag_id="ingest_orders",
            task_id="load_objects",
            try_number=3,
            map_index=-1,
            get_template_context=lambda context=context: context,
        )
        found = parent_of({"ti": task, "dag_run": run})
        assert found.task_run_id == macros.lineage_run_id(task)
        assert found.dag_run_id == macros.lineage_root_run_id(task)
