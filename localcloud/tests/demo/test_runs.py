"""Driving Airflow: a second start finds the first one's run, failures name the station."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from localcloud.demo.airflow import Airflow
from localcloud.demo.errors import DemoError
from localcloud.demo.runs import Runs
from rich.console import Console


class FakeAirflow(ThreadingHTTPServer):
    """As much of Airflow's REST API as the demo uses; a run ends after two looks at it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.runs: dict[str, str] = {}
        self.outcome = "success"
        self.answers_lost = 0
        self.logins = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: FakeAirflow

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/auth/token":
            self.server.logins += 1
            return self._answer(201, {"access_token": f"token-{self.server.logins}"})
        if body["dag_run_id"] in self.server.runs:
            return self._answer(409, {"detail": "exists"})
        self.server.runs[body["dag_run_id"]] = "running"
        if self.server.answers_lost:
            self.server.answers_lost -= 1
            return self._answer(503, {})
        return self._answer(200, {})

    def do_GET(self) -> None:
        if self.headers["Authorization"] == "Bearer token-0":
            return self._answer(401, {})
        if "taskInstances" in self.path:
            tasks = [
                {"dag_id": "nightly_batch", "dag_run_id": run, "task_id": "report", "state": state}
                for run, state in self.server.runs.items()
            ]
            return self._answer(200, {"task_instances": tasks})
        run = self.path.rsplit("/", 1)[1]
        if run not in self.server.runs:
            return self._answer(404, {})
        state = self.server.runs[run]
        if state == "running":
            self.server.runs[run] = self.server.outcome
        return self._answer(200, {"state": state, "run_after": "2026-11-20T00:00:00Z"})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[FakeAirflow]:
    with FakeAirflow() as fake:
        thread = threading.Thread(target=fake.serve_forever, args=(0.01,))
        thread.start()
        yield fake
        fake.shutdown()
        thread.join()


@pytest.fixture
def runs(server: FakeAirflow, monkeypatch: pytest.MonkeyPatch) -> Runs:
    monkeypatch.setattr("localcloud.demo.airflow._POLL_SECONDS", 0.01)
    airflow = Airflow(url=server.url, user="admin", password="secret")
    return Runs(airflow=airflow, console=Console(quiet=True), task_logs=Path("logs"))


def test_a_run_is_started_and_followed_to_its_end(server: FakeAirflow, runs: Runs) -> None:
    assert runs.finish("nightly_batch", "demo-1", {}, timeout_seconds=5) == "demo-1"
    assert server.runs == {"demo-1": "success"}


def test_a_second_start_takes_the_run_that_exists(server: FakeAirflow, runs: Runs) -> None:
    server.runs["demo-1"] = "running"
    assert runs.finish("nightly_batch", "demo-1", {}, timeout_seconds=5) == "demo-1"
    assert list(server.runs) == ["demo-1"]


def test_a_lost_answer_to_the_trigger_starts_no_second_run(server: FakeAirflow, runs: Runs) -> None:
    server.answers_lost = 1
    assert runs.finish("nightly_batch", "demo-1", {}, timeout_seconds=5) == "demo-1"
    assert list(server.runs) == ["demo-1"]


def test_a_failed_run_is_followed_by_a_new_one_at_the_next_start(server: FakeAirflow, runs: Runs) -> None:
    server.outcome = "failed"
    with pytest.raises(DemoError, match=r"nightly_batch\.report: .*/runs/demo-1"):
        runs.finish("nightly_batch", "demo-1", {}, timeout_seconds=5)
    server.outcome = "success"
    assert runs.finish("nightly_batch", "demo-1", {}, timeout_seconds=5) == "demo-1-2"


def test_a_run_that_takes_too_long_says_where_to_look(server: FakeAirflow, runs: Runs) -> None:
    server.outcome = "running"
    with pytest.raises(
        DemoError, match=r"still running after 0 s: http://127\.0\.0\.1:\d+/dags/nightly_batch/runs/demo-1"
    ):
        runs.finish("nightly_batch", "demo-1", {}, timeout_seconds=0.2)


def test_an_expired_token_is_renewed(server: FakeAirflow, runs: Runs) -> None:
    runs._airflow._token = "token-0"
    assert runs.finish("nightly_batch", "demo-1", {}, timeout_seconds=5) == "demo-1"
    assert server.logins == 1
