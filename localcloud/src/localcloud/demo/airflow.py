"""Airflow's public REST API, as any operator's script would use it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from localcloud.demo.errors import DemoError

FINISHED: Final = ("success", "failed")
_TASK_ENDED: Final = ("success", "failed", "skipped", "upstream_failed", "removed")
_REQUEST_SECONDS: Final = 30
_PAGE: Final = 100
_TRIES: Final = 5
_POLL_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class TaskState:
    """Where one task instance stands; `state` is None before it is scheduled."""

    dag_id: str
    run_id: str
    task_id: str
    state: str | None

    @property
    def has_ended(self) -> bool:
        """Whether the task will not run any more."""
        return self.state in _TASK_ENDED


class Airflow:
    """A client of one Airflow with a login."""

    def __init__(self, *, url: str, user: str, password: str) -> None:
        self.url = url
        self._login = {"username": user, "password": password}
        self._token = ""

    def dag_ids(self) -> set[str]:
        """Return the ids of all DAGs that Airflow has parsed and that are not paused."""
        found = self._get("/api/v2/dags", limit=100)["dags"]
        return {dag["dag_id"] for dag in found if not dag["is_paused"]}

    def import_errors(self) -> list[str]:
        """Return `file: last line of the error` for each DAG file that cannot be imported."""
        found = self._get("/api/v2/importErrors")["import_errors"]
        return [f"{each['filename']}: {each['stack_trace'].strip().splitlines()[-1]}" for each in found]

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> None:
        """Start a run of that id, or find that it exists. Raises DemoError when Airflow refuses the request."""
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf)}
        # A try whose answer was lost may have made the run: the next one's 409 says so, and that is fine.
        status, answer = self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)
        if status == 409 and self.run_state(dag_id, run_id) is not None:
            return
        if status >= 400:
            raise DemoError(f"Airflow refused to start {dag_id} as {run_id} ({status}): {answer}")

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        """Return the state of a run, None when there is none of that id."""
        status, answer = self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id, safe='')}")
        return str(answer["state"]) if status == 200 else None

    def run_after(self, dag_id: str, run_id: str) -> str:
        """Return when a run was due (ISO-8601). Raises DemoError when there is no such run."""
        return str(self._get(f"/api/v2/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id, safe='')}")["run_after"])

    def tasks_since(self, moment: str) -> list[TaskState]:
        """Return the task instances of every unscheduled run of any DAG that was due at or after `moment` (ISO)."""
        items: list[dict[str, Any]] = []
        while True:
            page = self._get(
                "/api/v2/dags/~/dagRuns/~/taskInstances", run_after_gte=moment, limit=_PAGE, offset=len(items)
            )["task_instances"]
            items += page
            if len(page) < _PAGE:
                break
        tasks = [TaskState(item["dag_id"], item["dag_run_id"], item["task_id"], item["state"]) for item in items]
        return [task for task in tasks if not task.run_id.startswith("scheduled__")]

    def wait(self, dag_id: str, run_id: str, *, timeout_seconds: float, on_poll: Callable[[], None]) -> str:
        """Poll a run to its end and return its state. Raises DemoError when it takes longer."""
        deadline = time.monotonic() + timeout_seconds
        while (state := self.run_state(dag_id, run_id)) not in FINISHED:
            if time.monotonic() > deadline:
                raise DemoError(
                    f"{dag_id} is still {state} after {timeout_seconds:.0f} s: {self.run_address(dag_id, run_id)}"
                )
            on_poll()
            time.sleep(_POLL_SECONDS)
        on_poll()
        return str(state)

    def run_address(self, dag_id: str, run_id: str) -> str:
        """Return the page of a run in the UI."""
        return f"{self.url}/dags/{dag_id}/runs/{urllib.parse.quote(run_id, safe='')}"

    def bearer(self) -> str:
        """Return a token for the Authorization header, logging in when there is none yet."""
        if not self._token:
            status, answer = self._send("POST", "/auth/token", self._login)
            if status >= 400:
                raise DemoError(f"Airflow at {self.url} refused the login ({status}): {answer}")
            self._token = str(answer["access_token"])
        return self._token

    def get_json(self, url: str) -> tuple[int, Any]:
        """GET any address behind Airflow's login; return the status and the JSON answer."""
        return self._call("GET", url.removeprefix(self.url))

    def get_bytes(self, path: str) -> bytes:
        """GET a path behind Airflow's login and return the body as it came."""
        with self._open(path) as response:
            return bytes(response.read())

    def redirection_of(self, path: str) -> str:
        """GET a path behind Airflow's login that answers 303 and return where it leads, without going there."""
        with self._open(path) as response:
            return str(response.headers["Location"])

    def _open(self, path: str) -> Any:
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.bearer()}"})  # noqa: S310
        try:
            return urllib.request.build_opener(_Unredirected).open(request, timeout=_REQUEST_SECONDS)
        except urllib.error.URLError as error:
            raise DemoError(f"Airflow did not answer GET {path}: {error}") from None

    def _get(self, path: str, **query: object) -> Any:
        status, answer = self._call("GET", f"{path}?{urllib.parse.urlencode(query)}" if query else path)
        if status != 200:
            raise DemoError(f"Airflow answered {status} to GET {path}: {answer}")
        return answer

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        status, answer = self._send(method, path, body, token=self.bearer())
        if status == 401:
            self._token = ""
            status, answer = self._send(method, path, body, token=self.bearer())
        return status, answer

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None, token: str = "") -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)  # noqa: S310
        tries = 0
        while True:
            tries += 1
            try:
                with urllib.request.urlopen(request, timeout=_REQUEST_SECONDS) as response:  # noqa: S310 - our own URL
                    return response.status, json.loads(response.read() or b"{}")
            except urllib.error.HTTPError as error:
                if error.code < 500 or tries == _TRIES:
                    return error.code, _json_or_text(error.read())
            except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
                if tries == _TRIES:
                    raise DemoError(
                        f"Airflow at {self.url} does not answer ({error}): `make status` shows why"
                    ) from None
            time.sleep(_POLL_SECONDS)


class _Unredirected(urllib.request.HTTPRedirectHandler):
    """Takes a redirection for an answer: our login must not be sent where it leads."""

    def http_error_303(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        return fp


def _json_or_text(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")[:500]
