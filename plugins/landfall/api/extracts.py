"""Extracts over HTTP: ask, look, list."""

from __future__ import annotations

import json
import logging
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from landfall.api.answers import Extract, Page, Preflight, extract_answer
from landfall.api.asking import LARGEST_BODY_BYTES, Asked, Asking, body_schema, read_body
from landfall.api.callers import CallerDep
from landfall.api.desk import Desk, waiting, with_etag
from landfall.api.downloads import ExtractId
from landfall.api.problems import Refusal, documented, refusal_of
from landfall.api.runs import Runs, RunsDep
from landfall.errors import EngineError, RequestError, RunsUnavailableError
from landfall.extract.delivery.register import destination_of
from landfall.extract.door.preflight import expect
from landfall.extract.door.request import CUSTOMER_ID_PATTERN
from landfall.extract.records.record import ExtractRecord, State

logger = logging.getLogger(__name__)

_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": body_schema()}}}
}
_PROGRESS: Final[dict[str, Any]] = {
    "ETag": {"description": "Of this answer.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait, while it is under way.", "schema": {"type": "string"}},
    "X-Progress": {"description": "The state, and how far a running extract is.", "schema": {"type": "string"}},
}
_ACCEPTED: Final[dict[str, Any]] = {
    name: {"description": "Where the extract is.", "schema": {"type": "string"}}
    for name in ("Location", "Content-Location")
}


async def bounded_body(request: Request) -> bytes:
    """Return the request's body; no more of one that is too large is read than it takes to see that."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            break
    return body


Body = Annotated[bytes, Depends(bounded_body)]


router = APIRouter(tags=["extracts"], responses=documented(401, 403, 422, 429, 503))


@router.post("/preflight", response_model=Preflight, responses=documented(400, 409, 413), openapi_extra=_BODY)
def preflight(body: Body, caller: CallerDep) -> Response:
    """Count what a request would give and say whether the limits allow it. Nothing is started."""
    desk = Desk(caller)
    asked = _read(desk, body)
    found = _preflight(desk, asked)
    desk.log("preflight", outcome="200", customer_id=found.customer_id, details={"request": asked.conf})
    return JSONResponse(found.model_dump(exclude_none=True), headers=dict(caller.limits))


@router.post(
    "",
    status_code=202,
    response_model=Extract,
    responses={202: {"headers": {**_ACCEPTED, "Retry-After": _PROGRESS["Retry-After"]}}, **documented(400, 413)},
    openapi_extra=_BODY,
)
def ask(
    request: Request,
    body: Body,
    caller: CallerDep,
    runs: RunsDep,
    idempotency_key: Annotated[
        str | None,
        Header(description="The same key with the same body is the same extract, for 24 hours: always send one."),
    ] = None,
) -> Response:
    """Ask for an extract. The answer tells where to look."""
    desk = Desk(caller)
    asked = _read(desk, body)
    record, is_new = Asking(desk.store, runs).ask(asked, caller, idempotency_key=idempotency_key)
    if is_new:
        desk.log("asked", outcome="202", record=record, details={"request": asked.conf})
    answer = extract_answer(record, base=base_of(request))
    headers = {"Location": answer.url, "Content-Location": answer.url, "Retry-After": "1", **caller.limits}
    return JSONResponse(answer.model_dump(exclude_none=True), 202, headers)


@router.get("", response_model=Page, responses=documented(400))
def list_extracts(
    request: Request,
    caller: CallerDep,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
    cursor: Annotated[str | None, Query(max_length=500, description="next_cursor of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    customer_id: Annotated[str | None, Query(pattern=CUSTOMER_ID_PATTERN, description="Whose; for staff.")] = None,
) -> Response:
    """List extracts, the newest first."""
    desk = Desk(caller)
    whose = desk.customer(customer_id)
    records, following = desk.page(whose, state=state, cursor=cursor, limit=limit)
    if caller.customer_id is None:
        desk.log("listed", outcome="200", customer_id=whose)
    page = Page(extracts=[extract_answer(each, base=base_of(request)) for each in records], next_cursor=following)
    return JSONResponse(page.model_dump(), headers=dict(caller.limits))


@router.get(
    "/{extract_id}",
    response_model=Extract,
    responses={
        200: {"headers": _PROGRESS},
        304: {"description": "As If-None-Match has it."},
        **documented(404, 409, 410),
    },
)
def get_extract(request: Request, extract_id: ExtractId, caller: CallerDep, runs: RunsDep) -> Response:
    """Return how an extract stands and, when it is done, where its certificate and files are."""
    desk = Desk(caller)
    record = up_to_date(desk, desk.visible(extract_id), runs)
    manifest = json.loads(desk.manifest(record)) if record.state == "done" else None
    answer = extract_answer(record, base=base_of(request), manifest=manifest)
    progress = {"X-Progress": f"{record.state}{f'; {record.step}' if record.step else ''}"}
    wait = waiting(record) if record.state in ("queued", "running") else {}
    return with_etag(request, answer, {**progress, **wait, **caller.limits})


def base_of(request: Request) -> str:
    """Return the path of all extracts, with the prefix that the application is mounted at."""
    return f"{request.scope.get('root_path', '')}/v1/extracts"


def _read(desk: Desk, body: bytes) -> Asked:
    try:
        asked = read_body(body, desk.caller)
        _require_destination(desk, asked)
    except Refusal as error:
        desk.log("refused", outcome=str(error.status_code), details={"field": error.members["field"]})
        raise
    return asked


def _require_destination(desk: Desk, asked: Asked) -> None:
    """Raise Refusal 400 for a destination that is not the customer's, in the same words if it is another customer's."""
    try:
        destination_of(asked.request, settings=desk.settings)
    except RequestError as error:
        raise refusal_of(error, asked.conf) from error


def _preflight(desk: Desk, asked: Asked) -> Preflight:
    try:
        found = expect(asked.request, settings=desk.settings)
    except RequestError as error:
        raise refusal_of(error, asked.conf, status=409) from error
    except EngineError as error:
        logger.warning("preflight: %s", error)
        raise Refusal(503, "the engine did not count the rows; try again", headers={"Retry-After": "5"}) from error
    return Preflight(
        product=asked.request.product,
        customer_id=asked.request.customer_id,
        allowed=found.refusal is None,
        refusal=found.refusal,
        published_version=found.version,
        notice=found.notice,
        rows=found.rows,
        max_rows=found.max_rows,
        bytes_estimate=found.bytes_estimate,
        scanned_bytes_estimate=found.scanned_bytes_estimate,
        cost_usd_estimate=found.cost_usd_estimate,
    )


def up_to_date(desk: Desk, record: ExtractRecord, runs: Runs) -> ExtractRecord:
    """Return the record after a look at its run, or as it is when Airflow cannot be asked."""
    try:
        return Asking(desk.store, runs).reconciled(record)
    except RunsUnavailableError as error:
        logger.warning("extract %s: %s", record.extract_id, error)
        return record
