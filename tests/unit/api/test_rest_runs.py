"""Runs by Airflow's REST API: one run whatever becomes of the answers, and a login of the API's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from landfall.api.rest_runs import RestRuns
from landfall.api.serve_command import served_alone
from landfall.errors import RunsUnavailableError, SettingsError

LOGIN = {
    "LANDFALL_AIRFLOW_URL": "http://airflow",
    "LANDFALL_AIRFLOW_USER": "extract-api",
    "LANDFALL_AIRFLOW_PASSWORD": "secret",
}


class Airflow:
    """The answers of an Airflow to the few requests that are made of it."""

    def __init__(self) -> None:
        self.runs: dict[str, str] = {}
        self.logins = 0
        self.tokens: set[str] = set()
        self.losing = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body: dict[str, Any] = json.loads(request.content or b"{}")
        if request.url.path == "/auth/token":
            assert body == {"username": "extract-api", "password": "secret"}
            self.logins += 1
            self.tokens = {f"token-{self.logins}"}
            return httpx.Response(201, json={"access_token": f"token-{self.logins}"})
        if request.headers["Authorization"].removeprefix("Bearer ") not in self.tokens:
            return httpx.Response(401)
        return self._answer(request.method, request.url.path.rpartition("/dagRuns")[2].strip("/"), body)

    def _answer(self, method: str, run_id: str, body: dict[str, Any]) -> httpx.Response:
        if run_id.endswith("/clear"):
            assert body == {"dry_run": False, "only_failed": False}
            found = run_id.removesuffix("/clear")
            if found in self.runs:
                self.runs[found] = "queued"
            return httpx.Response(200 if found in self.runs else 404, json={})
        if method == "POST":
            known = body["dag_run_id"] in self.runs
            self.runs.setdefault(body["dag_run_id"], "queued")
            if self.losing:
                self.losing -= 1
                raise httpx.ReadTimeout("lost")
            return httpx.Response(409 if known else 200, json={})
        if run_id not in self.runs:
            return httpx.Response(404)
        self.runs[run_id] = body.get("state", self.runs[run_id])
        return httpx.Response(200, json={"state": self.runs[run_id]})


def runs_at(answer: Callable[[httpx.Request], httpx.Response]) -> RestRuns:
    client = httpx.Client(base_url="http://airflow", transport=httpx.MockTransport(answer))
    return RestRuns(client=client, user="extract-api", password="secret")


def test_a_run_is_started_once_however_often_it_is_asked_for() -> None:
    airflow = Airflow()
    runs = runs_at(airflow)
    for _ in range(3):
        runs.start("run-1", {"product": "orders"}, who="key:a")
    assert airflow.runs == {"run-1": "queued"}
    assert airflow.logins == 1
    assert (runs.state("run-1"), runs.state("run-2")) == ("queued", "unknown")


def test_a_lost_answer_is_settled_by_looking_for_the_run() -> None:
    airflow = Airflow()
    airflow.losing = 1
    runs_at(airflow).start("run-1", {}, who="key:a")
    assert airflow.runs == {"run-1": "queued"}


def test_a_token_that_is_not_taken_any_more_is_got_anew() -> None:
    airflow = Airflow()
    runs = runs_at(airflow)
    assert runs.state("run-1") == "unknown"
    airflow.tokens = set()
    assert runs.state("run-1") == "unknown"
    assert airflow.logins == 2


def test_a_run_is_stopped_unless_it_has_ended() -> None:
    airflow = Airflow()
    runs = runs_at(airflow)
    airflow.runs = {"run-1": "running", "run-2": "success"}
    for run_id in ("run-1", "run-2", "run-3"):
        runs.stop(run_id)
    assert airflow.runs == {"run-1": "failed", "run-2": "success"}


def test_a_run_that_has_ended_begins_anew() -> None:
    airflow = Airflow()
    airflow.runs = {"run-1": "failed"}
    runs_at(airflow).again("run-1")
    assert airflow.runs == {"run-1": "queued"}
    with pytest.raises(RunsUnavailableError):
        runs_at(airflow).again("run-2")


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_what_airflow_does_not_do_is_told_as_unavailable(status: int) -> None:
    airflow = Airflow()

    def answer(request: httpx.Request) -> httpx.Response:
        return airflow(request) if request.url.path == "/auth/token" else httpx.Response(status, json={})

    with pytest.raises(RunsUnavailableError):
        runs_at(answer).start("run-1", {}, who="key:a")


def test_a_dead_airflow_is_unavailable_and_its_login_is_not_told() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused secret")

    with pytest.raises(RunsUnavailableError) as caught:
        runs_at(answer).state("run-1")
    assert "secret" not in str(caught.value)


def test_alone_the_api_is_found_where_airflow_has_it() -> None:
    api = TestClient(served_alone(LOGIN))
    assert api.get("/landfall/v1/health").json() == {"status": "ok"}
    assert api.get("/landfall/v1/products").status_code == 401
    with pytest.raises(SettingsError, match="LANDFALL_AIRFLOW_PASSWORD not set"):
        served_alone({**LOGIN, "LANDFALL_AIRFLOW_PASSWORD": ""})
