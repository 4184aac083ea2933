"""How far a run is: the days of a backfill, and what became of the publications that the run asked for."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from landfall.api.pages import HEADERS, render_page
from landfall.aws.publications import PublicationTable
from landfall.night.progress import Progress, progress
from landfall.publish.causes import publishing_run
from landfall.publish.groups import LAKE, WAREHOUSE
from landfall.publish.publication import PublicationStore
from landfall.publish.record import Attempt
from landfall.settings import Settings

REFRESH_SECONDS = 5

_HEADERS = HEADERS | {
    # A browser follows Refresh only where scripts may run; by `default-src` there is none that could.
    "Content-Security-Policy": HEADERS["Content-Security-Policy"] + " allow-scripts",
    "Refresh": str(REFRESH_SECONDS),
}


def progress_router() -> APIRouter:
    """Return the route of a run's progress."""
    router = APIRouter(tags=["progress"], default_response_class=HTMLResponse)

    @router.get("/{dag_id}/{run_id}/")
    def get_progress(dag_id: str, run_id: str) -> HTMLResponse:
        """Return a page that says how far the run is, and that a browser asks for again every few seconds."""
        settings = Settings.from_environment()
        store = PublicationStore(settings)
        attempts = [
            attempt
            for group in (LAKE, WAREHOUSE)
            for cause in (run_id, publishing_run(run_id))
            if (attempt := store.attempt(group, cause))
        ]
        backfill = progress(PublicationTable(name=settings.publication_table), run_id=run_id)
        return HTMLResponse(render_progress(dag_id, run_id, backfill, attempts), headers=_HEADERS)

    return router


def render_progress(dag_id: str, run_id: str, backfill: Progress | None, attempts: Sequence[Attempt]) -> str:
    """Return the page of a run: the `backfill` if it is one, and its `attempts` at publications."""
    body = (_days(backfill) if backfill else "") + (_publications(attempts) if attempts else "")
    none = "<p>Nothing is told of this run but by its tasks: it is no backfill, and asked for no publication.</p>"
    return render_page(title=f"Progress of {dag_id}", run_id=run_id, body=body or none)


def _days(backfill: Progress) -> str:
    rows = "".join(
        f"<tr><td>{escape(chunk.in_words)}</td><td>{_state(backfill, chunk.number)}</td>"
        f'<td class="number">{backfill.seconds.get(chunk.number, "")}</td></tr>'
        for chunk in backfill.chunks
    )
    return (
        f'<h2>{escape(backfill.in_words)}</h2><progress value="{len(backfill.seconds)}" max="{len(backfill.chunks)}" '
        f'style="width: 100%"></progress>'
        f"<table><tr><th>Days</th><th>State</th><th>Seconds</th></tr>{rows}</table>"
    )


def _state(backfill: Progress, number: int) -> str:
    return '<span class="passed">built</span>' if number in backfill.seconds else "to be built"


def _publications(attempts: Sequence[Attempt]) -> str:
    rows = "".join(
        f'<tr><td class="short">{escape(each.group)}</td><td class="short">{escape(_ended(each))}</td>'
        f"<td>{escape(each.run_id)}</td><td>{escape(each.detail)}</td></tr>"
        for each in attempts
    )
    return f"<h2>Publications</h2><table><tr><th>Group</th><th>State</th><th>Run</th><th>Why</th></tr>{rows}</table>"


def _ended(attempt: Attempt) -> str:
    return f"published as version {attempt.version}" if attempt.state == "published" else attempt.state
