"""What staff see and do in a browser: extracts by state and customer, why one failed, retry, cancel, fresh links."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from pydantic import BeforeValidator

from landfall.api.callers import StaffDep
from landfall.api.desk import Desk
from landfall.api.downloads import ExtractId
from landfall.api.endings import cancel_extract
from landfall.api.extracts import up_to_date
from landfall.api.problems import Refusal
from landfall.api.runs import RunsDep
from landfall.api.staff_pages import Part, render_extract, render_list, render_refusal
from landfall.errors import RunsUnavailableError
from landfall.extract.door.request import CUSTOMER_ID_PATTERN
from landfall.extract.records.record import State

OVERVIEW: Final[tuple[State, ...]] = ("held", "failed", "running", "queued", "done")
"""States on the first page, in this order: what waits for a person comes first."""

_NONE_IF_EMPTY: Final = BeforeValidator(lambda value: value or None)
"""A form sends its empty fields too."""

_OF_EACH: Final = 10
_OF_ONE: Final = 50

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}


class _Page(APIRoute):
    """A route whose refusals are pages too."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except Refusal as error:
                return _page(render_refusal(error.detail), error.status_code)
            except RequestValidationError as error:
                fields = sorted({str(each["loc"][-1]) for each in error.errors()})
                return _page(render_refusal(f"{', '.join(fields)}: not understood; choose from the form"), 422)
            except RunsUnavailableError as error:
                return _page(render_refusal(f"{error}; try again"), 503)

        return handled


def _asked_here(request: Request) -> None:
    """Refuse what another site's page made the browser send: the login is a cookie. Raises Refusal 403.

    Browsers say where a request comes from (Fetch Metadata), older ones name the page's origin.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin", "")
    if site != "same-origin" and (site is not None or urlsplit(origin).netloc != request.headers.get("Host")):
        raise Refusal(403, "this is done from the page of extracts only; open it and try again")


def staff_router() -> APIRouter:
    """Return the pages and what their buttons do; who is not staff is refused."""
    router = APIRouter(tags=["staff"], route_class=_Page, default_response_class=HTMLResponse)

    @router.get("/")
    def list_extracts(
        caller: StaffDep,
        state: Annotated[State | None, _NONE_IF_EMPTY] = None,
        customer_id: Annotated[str | None, Query(pattern=CUSTOMER_ID_PATTERN), _NONE_IF_EMPTY] = None,
        cursor: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response:
        """Show the newest in each state, or those of a state, of a customer, or of both, page by page."""
        desk = Desk(caller)
        if customer_id:
            records, following = desk.page(customer_id, state=state, cursor=cursor, limit=_OF_ONE)
            parts = [Part(title=f"Extracts of {customer_id}", records=records)]
            desk.log("listed", outcome="200", customer_id=customer_id)
        elif state:
            records, following = desk.page_of_state(state, cursor=cursor, limit=_OF_ONE)
            parts = [Part(title=state.capitalize(), records=records)]
            desk.log("listed", outcome="200", details={"state": state})
        else:
            parts, following = [_newest(desk, each) for each in OVERVIEW], None
            desk.log("listed", outcome="200", details={"state": "newest"})
        return _page(render_list(parts, state=state, customer_id=customer_id, following=following))

    @router.get("/{extract_id}")
    def show_extract(request: Request, extract_id: ExtractId, caller: StaffDep, runs: RunsDep) -> Response:
        """Show one extract: what was asked for, how it stands and why, and what can be done."""
        desk = Desk(caller)
        record = up_to_date(desk, desk.visible(extract_id, also_gone=True), runs)
        files = json.loads(desk.manifest(record))["files"] if record.state == "done" else ()
        airflow = request.scope.get("root_path", "").removesuffix("/landfall")
        return _page(render_extract(record, files=files, airflow=airflow))

    @router.post("/{extract_id}/cancel", dependencies=[Depends(_asked_here)])
    def cancel(extract_id: ExtractId, caller: StaffDep, runs: RunsDep) -> Response:
        """End an extract that is under way, and show it."""
        desk = Desk(caller)
        return _back(cancel_extract(desk, desk.visible(extract_id), runs).extract_id)

    @router.post("/{extract_id}/retry", dependencies=[Depends(_asked_here)])
    def retry(extract_id: ExtractId, caller: StaffDep, runs: RunsDep) -> Response:
        """Begin the run of an extract anew that failed or was held back, and show it."""
        desk = Desk(caller)
        record = desk.visible(extract_id)
        if record.state not in ("failed", "held"):
            raise Refusal(409, f"the extract is {record.state}; only one that failed or was held is tried again")
        runs.again(record.run_id)
        desk.store.move(record.extract_id, "queued", step=None)
        desk.log("retried", outcome="303", record=record, details={"was": record.state, "cause": record.cause})
        return _back(record.extract_id)

    return router


def _newest(desk: Desk, state: State) -> Part:
    records, more = desk.page_of_state(state, cursor=None, limit=_OF_EACH)
    return Part(title=state.capitalize(), records=records, all_of=state if more else None)


def _page(html: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(html, status, headers=_HEADERS)


def _back(extract_id: str) -> RedirectResponse:
    """Return the way from a button of an extract to its page."""
    return RedirectResponse(f"../{extract_id}", status_code=303, headers=_HEADERS)
