"""Runs of a DAG on the running Airflow, by its REST API."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

_POLL_SECONDS = 2.0
_QUICK_POLL_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class EndedRun:
    """A run at its end: its state, how long it took (seconds), and its tasks' states."""

    state: str
    seconds: float
    tasks: dict[str, str | None]


@dataclass
class Airflow:
    """Airflow's REST API with the login of the stack's environment."""

    url: str = field(default_factory=lambda: os.environ["LANDFALL_AIRFLOW_URL"])
    _token: str = ""

    def wait_for_dag(self, dag_id: str, *, timeout_seconds: float) -> None:
        """Return once Airflow has parsed the DAG; TimeoutError when it has not by then."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            if self._ask("GET", f"dags/{dag_id}") is not None:
                return
            time.sleep(_POLL_SECONDS)
        raise TimeoutError(f"Airflow has not parsed the DAG {dag_id!r} in {timeout_seconds:.0f} s")

    def run(self, dag_id: str) -> EndedRun:
        """Run a DAG to its end, well or not."""
        began = self._ask("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None})
        path = f"dags/{dag_id}/dagRuns/{quote(began['dag_run_id'], safe='')}"
        while (found := self._ask("GET", path))["state"] not in ("success", "failed"):
            time.sleep(_POLL_SECONDS)
        tasks = self._ask("GET", f"{path}/taskInstances?limit=1000")["task_instances"]
        seconds = datetime.fromisoformat(found["end_date"]) - datetime.fromisoformat(found["start_date"])
        return EndedRun(
            state=found["state"],
            seconds=seconds.total_seconds(),
            tasks={task["task_id"]: task["state"] for task in tasks},
        )

    def run_quickly(self, dag_id: str) -> datetime:
        """Run a DAG to its end, looking often, and return when it ended; RuntimeError if it did not end well."""
        began = self._ask("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None})
        path = f"dags/{dag_id}/dagRuns/{quote(began['dag_run_id'], safe='')}"
        while (found := self._ask("GET", path))["state"] not in ("success", "failed"):
            time.sleep(_QUICK_POLL_SECONDS)
        if found["state"] != "success":
            raise RuntimeError(f"run {began['dag_run_id']} of {dag_id} failed")
        return datetime.fromisoformat(found["end_date"])

    def seconds_of(self, path: str) -> float:
        """Return how long Airflow takes to answer GET `path` (below its root)."""
        began = time.monotonic()
        headers = {"Authorization": f"Bearer {self._token}"}
        httpx.get(f"{self.url}/{path}", headers=headers, timeout=60.0).raise_for_status()
        return time.monotonic() - began

    def delete_dag(self, dag_id: str) -> None:
        """Forget a DAG and its runs; nothing happens when there is none."""
        self._ask("DELETE", f"dags/{dag_id}")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Return Airflow's answer, or None where there is no such thing; httpx.HTTPStatusError for another refusal."""
        if not self._token:
            names = {"username": "LANDFALL_AIRFLOW_USER", "password": "LANDFALL_AIRFLOW_PASSWORD"}
            login = {name: os.environ[variable] for name, variable in names.items()}
            self._token = httpx.post(f"{self.url}/auth/token", json=login).raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = httpx.request(method, f"{self.url}/api/v2/{path}", json=body, headers=headers, timeout=60.0)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return answer.raise_for_status().json() if answer.content else {}
