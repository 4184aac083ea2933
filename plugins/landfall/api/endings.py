"""The ends of extracts over HTTP: cancel what is under way, delete what is there."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from landfall.api.answers import Extract, extract_answer
from landfall.api.callers import CallerDep
from landfall.api.desk import Desk
from landfall.api.downloads import ExtractId
from landfall.api.extracts import base_of
from landfall.api.problems import Refusal, documented
from landfall.api.runs import Runs, RunsDep
from landfall.errors import RunsUnavailableError
from landfall.extract.records.ending import end
from landfall.extract.records.record import ExtractRecord
from landfall.extract.run.course import remove_files

logger = logging.getLogger(__name__)

router = APIRouter(tags=["extracts"], responses=documented(401, 403, 422, 429, 503))


@router.post("/{extract_id}/cancel", response_model=Extract, responses=documented(404, 409, 410))
def cancel(request: Request, extract_id: ExtractId, caller: CallerDep, runs: RunsDep) -> Response:
    """End an extract that is under way: its run and the engine's statement stop and what was written is removed."""
    desk = Desk(caller)
    record = cancel_extract(desk, desk.visible(extract_id), runs)
    answer = extract_answer(record, base=base_of(request))
    return JSONResponse(answer.model_dump(exclude_none=True), headers=dict(caller.limits))


@router.delete("/{extract_id}", status_code=204, responses=documented(404, 409))
def delete(extract_id: ExtractId, caller: CallerDep) -> Response:
    """Remove the files of an extract that has ended. What was asked for and delivered stays on record."""
    desk = Desk(caller)
    record = desk.visible(extract_id, also_gone=True)
    if record.state in ("queued", "running"):
        remedy = "cancel it first"
        raise Refusal(409, f"the extract is {record.state}; {remedy}", remedy=remedy)
    words = f"the {'caller' if caller.customer_id else 'staff'} deleted it at {desk.now:%Y-%m-%dT%H:%M:%SZ}"
    # First the state, by which nobody is told of the files any more; who does it again finishes what broke off.
    desk.store.move(record.extract_id, "deleted", cause=words, step=None)
    removed = remove_files(customer_id=record.customer_id, extract_id=record.extract_id, settings=desk.settings)
    desk.log("deleted", outcome="204", record=record, details={"objects": removed})
    return Response(status_code=204, headers=dict(caller.limits))


def cancel_extract(desk: Desk, record: ExtractRecord, runs: Runs) -> ExtractRecord:
    """Cancel an extract and return its record. Raises Refusal 409 for one that is not under way."""
    words = "the caller cancelled it" if desk.caller.customer_id else "staff cancelled it"
    moved, now = end(desk.store, record.extract_id, "cancelled", settings=desk.settings, cause=words, step=None)
    record = now or record
    if not moved and record.state != "cancelled":
        remedy = "delete it instead" if record.state == "done" else "nothing is left to cancel"
        raise Refusal(409, f"the extract is {record.state}; {remedy}", remedy=remedy)
    _stop(record, runs)
    remove_files(customer_id=record.customer_id, extract_id=record.extract_id, settings=desk.settings)
    desk.log("cancelled", outcome="200", record=record)
    return record


def _stop(record: ExtractRecord, runs: Runs) -> None:
    try:
        runs.stop(record.run_id)
    except RunsUnavailableError as error:
        # Its record says so already: the run ends itself at its next step and publishes nothing.
        logger.warning("extract %s is cancelled, its run was not told: %s", record.extract_id, error)
