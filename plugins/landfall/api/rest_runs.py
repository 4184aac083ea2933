"""Runs by Airflow's public REST API, with the technical login of the extract API; never with the customer's."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import httpx

from landfall.errors import RunsUnavailableError
from landfall.extract.records.record import RunState
from landfall.extract.run.line import EXTRACT_DAG

_TIMEOUT_SECONDS: Final = 10.0
_RUNS: Final = f"/api/v2/dags/{EXTRACT_DAG}/dagRuns"
_STATES: Final[Mapping[str, RunState]] = {
    "queued": "queued",
    "running": "running",
    "failed": "failed",
    "success": "success",
}


class RestRuns:
    """Runs of one Airflow. The token is got when it is needed and again when Airflow does not take it any more."""

    def __init__(self, *, client: httpx.Client, user: str, password: str) -> None:
        self._client = client
        self._login = {"username": user, "password": password}
        self._token = ""

    @classmethod
    def at(cls, url: str, *, user: str, password: str) -> RestRuns:
        """Return the runs of the Airflow at `url`."""
        return cls(client=httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS), user=user, password=password)

    def start(self, run_id: str, conf: Mapping[str, Any], *, who: str) -> None:
        """Start the run, or find that it is there. An answer that got lost is settled by looking for the run."""
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf), "note": f"asked for by {who}"}
        try:
            answer = self._call("POST", _RUNS, body)
        except RunsUnavailableError:
            if self.state(run_id) != "unknown":
                return
            answer = self._call("POST", _RUNS, body)
        if answer.status_code == HTTPStatus.CONFLICT and self.state(run_id) != "unknown":
            return
        if not answer.is_success:
            raise RunsUnavailableError(f"Airflow refused to start {EXTRACT_DAG}: HTTP {answer.status_code}")

    def state(self, run_id: str) -> RunState:
        """Return how a run stands."""
        answer = self._call("GET", f"{_RUNS}/{quote(run_id, safe='')}")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return "unknown"
        if not answer.is_success:
            raise RunsUnavailableError(f"Airflow did not tell of a run: HTTP {answer.status_code}")
        return _STATES.get(answer.json()["state"], "unknown")

    def stop(self, run_id: str) -> None:
        """Mark a run that has not ended as failed: Airflow then kills its tasks."""
        if self.state(run_id) not in ("queued", "running"):
            return
        answer = self._call("PATCH", f"{_RUNS}/{quote(run_id, safe='')}", {"state": "failed"})
        if not answer.is_success:
            raise RunsUnavailableError(f"Airflow did not stop a run: HTTP {answer.status_code}")

    def again(self, run_id: str) -> None:
        """Clear all tasks of a run, which begins it anew."""
        body = {"dry_run": False, "only_failed": False}
        answer = self._call("POST", f"{_RUNS}/{quote(run_id, safe='')}/clear", body)
        if not answer.is_success:
            raise RunsUnavailableError(f"Airflow did not begin a run anew: HTTP {answer.status_code}")

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        try:
            answer = self._send(method, path, body)
            if answer.status_code == HTTPStatus.UNAUTHORIZED:
                self._token = ""
                answer = self._send(method, path, body)
        except httpx.HTTPError as error:
            raise RunsUnavailableError(f"Airflow does not answer: {type(error).__name__}") from error
        if answer.is_server_error:
            raise RunsUnavailableError(f"Airflow failed: HTTP {answer.status_code}")
        return answer

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> httpx.Response:
        if not self._token:
            answer = self._client.post("/auth/token", json=self._login)
            answer.raise_for_status()
            self._token = str(answer.json()["access_token"])
        return self._client.request(method, path, json=body, headers={"Authorization": f"Bearer {self._token}"})
