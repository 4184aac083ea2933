"""What dbt left of a run over HTTP: a page of its invocations, and their artifacts and logs below it."""

from __future__ import annotations

import json

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from landfall.api.dbt_runs_page import Invocation, render_invocations
from landfall.api.pages import HEADERS, read_page
from landfall.aws import s3
from landfall.settings import Settings
from landfall.transform.artifacts import KEPT, artifacts_key

RESULTS_FILE = "run_results.json"


def dbt_runs_router() -> APIRouter:
    """Return the routes of dbt's artifacts."""
    router = APIRouter(tags=["dbt"], default_response_class=HTMLResponse)

    @router.get("/{dag_id}/{run_id}/")
    def get_invocations(dag_id: str, run_id: str) -> HTMLResponse:
        """Return a page with every invocation of dbt in a run: how each node ended, and its files."""
        return HTMLResponse(render_invocations(dag_id, run_id, _invocations(dag_id, run_id)), headers=HEADERS)

    @router.get("/{dag_id}/{run_id}/{task}/{try_number}/{file}")
    def get_artifact(dag_id: str, run_id: str, task: str, try_number: str, file: str) -> Response:
        """Return one artifact or log of an invocation."""
        absent = f"dbt left no {file!r} there; the run's page lists what there is"
        body = read_page(artifacts_key(dag_id, run_id, task, try_number, file), absent=absent)
        kind = "application/json" if file.endswith(".json") else "text/plain; charset=utf-8"
        return Response(body, media_type=kind, headers=HEADERS)

    return router


def _invocations(dag_id: str, run_id: str) -> list[Invocation]:
    """Return the invocations of a run, oldest first."""
    bucket, prefix = Settings.from_environment().ops_bucket, artifacts_key(dag_id, run_id) + "/"
    found: dict[tuple[str, str], list[s3.StoredObject]] = {}
    for stored in s3.list_objects(bucket=bucket, prefix=prefix):
        task, _, rest = stored.key.removeprefix(prefix).partition("/")
        try_number, _, file = rest.partition("/")
        if file in KEPT:
            found.setdefault((task, try_number), []).append(stored)
    ordered = sorted(found.items(), key=lambda each: max(stored.modified_at for stored in each[1]))
    return [
        Invocation(
            task=task,
            try_number=try_number,
            files={stored.key.rpartition("/")[2]: stored.bytes for stored in files},
            results=_results(bucket, files),
        )
        for (task, try_number), files in ordered
    ]


def _results(bucket: str, files: list[s3.StoredObject]) -> list[dict[str, object]]:
    """Return the nodes' results among `files`; none where dbt broke off before it wrote them."""
    keys = [stored.key for stored in files if stored.key.endswith(f"/{RESULTS_FILE}")]
    return [node for key in keys for node in json.loads(s3.read_object(bucket=bucket, key=key))["results"]]
