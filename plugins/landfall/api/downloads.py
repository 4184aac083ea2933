"""What a done extract consists of, over HTTP: its certificate, the signature, and links to its files."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from landfall.api.callers import CallerDep
from landfall.api.desk import Desk, with_etag
from landfall.api.problems import Refusal, documented
from landfall.aws import s3
from landfall.extract.files.layout import extract_prefix
from landfall.extract.records.record import ExtractRecord

LINK_SECONDS: Final = 300
"""How long a download link lives. Ask again for another: an extract outlives its links."""

ExtractId = Annotated[str, Path(max_length=250, description="The extract's id, or the id of its run.")]

_SEE_OTHER: Final[dict[int | str, dict[str, Any]]] = {
    303: {
        "description": "Where the file can be read for some minutes, without the key.",
        "headers": {"Location": {"description": "The link.", "schema": {"type": "string", "format": "uri"}}},
    }
}


router = APIRouter(tags=["extracts"], responses=documented(401, 403, 404, 409, 410, 422, 429, 503))


@router.get(
    "/{extract_id}/manifest",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        304: {"description": "As If-None-Match has it."},
    },
)
def get_manifest(request: Request, extract_id: ExtractId, caller: CallerDep) -> Response:
    """Return the certificate of a done extract, byte for byte as it was signed."""
    desk = Desk(caller)
    record = desk.visible(extract_id)
    body = desk.manifest(record)
    desk.log("manifest_read", outcome="200", record=record)
    return with_etag(request, body, caller.limits)


@router.get("/{extract_id}/manifest/signature", status_code=303, response_class=Response, responses=_SEE_OTHER)
def get_signature(extract_id: ExtractId, caller: CallerDep) -> Response:
    """Redirect to the signature of the certificate."""
    desk = Desk(caller)
    record = desk.visible(extract_id)
    signature = json.loads(desk.manifest(record)).get("signature")
    if signature is None:
        raise Refusal(404, "the certificate of this extract is not signed")
    return _link(desk, record, signature["path"])


@router.get("/{extract_id}/files/{number}", status_code=303, response_class=Response, responses=_SEE_OTHER)
def get_file(extract_id: ExtractId, number: Annotated[int, Path(ge=0, le=1_000_000)], caller: CallerDep) -> Response:
    """Redirect to file `number` of the certificate, the first being 0, by a link that lives for minutes."""
    desk = Desk(caller)
    record = desk.visible(extract_id)
    files = json.loads(desk.manifest(record))["files"]
    if number >= len(files):
        words = f"number: the extract has {len(files)} files; the first is 0"
        raise Refusal(404, words, field="number", value=number, remedy="use the addresses that the extract lists")
    return _link(desk, record, files[number]["path"])


def _link(desk: Desk, record: ExtractRecord, path: str) -> Response:
    """Return the redirection to a fresh link; the log has which file it opens, and not the link."""
    key = extract_prefix(customer_id=record.customer_id, extract_id=record.extract_id) + path
    desk.log("file_linked", outcome="303", record=record, details={"file": path, "seconds": LINK_SECONDS})
    url = s3.presign(bucket=desk.settings.extracts_bucket, key=key, expires_seconds=LINK_SECONDS)
    # A link is a credential.
    headers = {"Cache-Control": "no-store", **desk.caller.limits}
    return RedirectResponse(url, status_code=303, headers=headers)
