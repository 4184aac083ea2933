"""Emission never fails, never holds up and is never silent for ever."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

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
    kept = {name: value for name, value in os.environ.items() if "OPENLINEAGE" not in name}
    folder = tmp_path / "events"
    folder.mkdir()
    # The client itself writes into the environment, too: all of it is put back.
    with patch.dict(os.environ, kept, clear=True):
        os.environ["OPENLINEAGE__TRANSPORT__TYPE"] = "file"
        os.environ["OPENLINEAGE__TRANSPORT__LOG_FILE_PATH"] = str(folder / "event")
        os.environ["OPENLINEAGE__TRANSPORT__DEBUG_MODE"] = "true"
        monkeypatch.setattr(emitter, "_state", emitter._State())
        yield folder


def forget_transport() -> None:
    for name in ("TYPE", "LOG_FILE_PATH", "DEBUG_MODE"):
        del os.environ[f"OPENLINEAGE__TRANSPORT__{name}"]


def test_an_event_is_written(transport: Path) -> None:
    emitter.tell(lambda: [STEP])
    (file,) = transport.iterdir()
    assert json.loads(file.read_text())["job"]["name"] == "load_orders"


def test_an_event_is_posted_where_a_url_says() -> None:
    posted: list[tuple[str, str, dict[str, Any]]] = []

    class Backend(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            posted.append((self.path, self.headers["Authorization"], body))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Backend)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    forget_transport()
    os.environ["OPENLINEAGE_URL"] = f"http://127.0.0.1:{server.server_port}"
    os.environ["OPENLINEAGE_API_KEY"] = "a-key"
    os.environ["NO_PROXY"] = "127.0.0.1"
    emitter.tell(lambda: [STEP])
    server.shutdown()
    server.server_close()
    ((path, key, body),) = posted
    assert (path, key, body["job"]["name"]) == ("/api/v1/lineage", "Bearer a-key", "load_orders")
    assert "a-key" not in json.dumps(body)


def test_nothing_is_made_where_nobody_wants_events() -> None:
    forget_transport()

    def make() -> list[Step]:
        raise AssertionError("made nevertheless")

    emitter.tell(make)
    assert emitter._state.lost == 0


def test_a_dead_transport_is_logged_once_and_every_loss_is_counted(
    transport: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.environ["OPENLINEAGE__TRANSPORT__LOG_FILE_PATH"] = str(transport / "nowhere" / "event")
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


def test_a_slow_transport_holds_a_process_up_for_a_moment_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, transport: Path
) -> None:
    monkeypatch.setattr(emitter, "WAIT_SECONDS", 0.05)
    released = threading.Event()

    def slow() -> list[Step]:
        released.wait(30)
        return [STEP]

    began = time.monotonic()
    for _ in range(5):
        emitter.tell(slow)
    assert time.monotonic() - began < 5
    assert not list(transport.iterdir())
    released.set()
    for thread in threading.enumerate():
        if thread.name == "lineage":
            thread.join(30)
    assert len(list(transport.iterdir())) == 5
    assert not emitter._state.is_dead


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
