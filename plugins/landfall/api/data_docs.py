"""Data Docs over HTTP: a page of a run's gates, and the static pages below it."""

from __future__ import annotations

import json
import mimetypes

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from landfall.api.gates_page import GateOnPage, render_gates
from landfall.api.pages import HEADERS, read_page
from landfall.aws import s3
from landfall.quality.data_docs import SUMMARY_FILE, docs_key
from landfall.settings import Settings


def data_docs_router() -> APIRouter:
    """Return the routes of Data Docs."""
    router = APIRouter(tags=["data docs"], default_response_class=HTMLResponse)

    @router.get("/{dag_id}/{run_id}/")
    def get_gates(dag_id: str, run_id: str) -> HTMLResponse:
        """Return a page with every gate of a run: verdict, checks, and its Data Docs."""
        bucket = Settings.from_environment().ops_bucket
        prefix = docs_key(dag_id, run_id) + "/"
        keys = [found.key for found in s3.list_objects(bucket=bucket, prefix=prefix)]
        gates = []
        for key in keys:
            gate, _, file = key.removeprefix(prefix).partition("/")
            if file == SUMMARY_FILE:
                below = [other.removeprefix(prefix) for other in keys if other.startswith(f"{prefix}{gate}/")]
                pages = tuple(page for page in below if "/validations/" in page and page.endswith(".html"))
                gates.append(GateOnPage(json.loads(s3.read_object(bucket=bucket, key=key)), pages))
        return HTMLResponse(render_gates(dag_id, run_id, gates), headers=HEADERS)

    @router.get("/{dag_id}/{run_id}/{gate}/{path:path}")
    def get_page(dag_id: str, run_id: str, gate: str, path: str) -> Response:
        """Return one static file of a gate's Data Docs site."""
        parts = (path or "index.html").split("/")
        absent = f"no Data Docs at {'/'.join(parts)!r}; the run's page lists what there is"
        body = read_page(docs_key(dag_id, run_id, gate, *parts), absent=absent)
        kind = mimetypes.guess_type(parts[-1])[0] or "application/octet-stream"
        return Response(body, media_type=kind, headers=HEADERS)

    return router
