"""What the routes of extracts share: records that the caller may see, the audit log, paging and ETags."""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

from landfall.api.callers import Caller
from landfall.api.problems import Refusal, shown
from landfall.aws import s3
from landfall.errors import KeyUnusableError
from landfall.extract.door.request import extract_id_of
from landfall.extract.files.layout import manifest_key
from landfall.extract.records.audit import Action, AuditEvent, AuditLog
from landfall.extract.records.record import GONE, ExtractRecord, State
from landfall.extract.records.store import ExtractStore
from landfall.settings import Settings


class Desk:
    """One request's view of the extracts: what `caller` may see, and the log of what they do."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.settings = Settings.from_environment()
        self.store = ExtractStore.of(self.settings)
        self.now = datetime.now(UTC)

    def visible(self, extract_id: str, *, also_gone: bool = False) -> ExtractRecord:
        """Return the record of an extract id, or of a run id.

        Raises Refusal 404 for an id that is unknown or another's, which cost and answer the same, and 410 for an
        extract whose files are gone unless `also_gone`.
        """
        record = self.store.read(extract_id_of(extract_id))
        if record is None or not self.caller.may_see(record):
            self.log("not_found", outcome="404", details={"asked_for": shown(extract_id)})
            raise Refusal(
                404, f"extract_id: there is no extract {shown(extract_id)}", field="extract_id", value=extract_id
            )
        record = record.as_seen_at(self.now)
        if record.state in GONE and not also_gone:
            remedy = "ask for a new one"
            raise Refusal(410, f"{record.cause or f'the extract is {record.state}'}; {remedy}", remedy=remedy)
        return record

    def customer(self, asked: str | None) -> str:
        """Return whose extracts are listed. Raises Refusal: 400 when staff name no customer, 403 for another's."""
        own = self.caller.customer_id
        if own is None and asked is None:
            remedy = "name the customer, such as ?customer_id=cus_000042"
            raise Refusal(
                400, f"customer_id: staff list one customer's extracts; {remedy}", field="customer_id", remedy=remedy
            )
        if own is not None and asked not in (None, own):
            remedy = f"leave it out, or send {own}"
            words = f"customer_id: the key does not open this; {remedy}"
            raise Refusal(403, words, field="customer_id", value=asked, remedy=remedy)
        return own or str(asked)

    def page(
        self, customer_id: str, *, state: State | None, cursor: str | None, limit: int
    ) -> tuple[list[ExtractRecord], str | None]:
        """Return a page of a customer's extracts that the caller may see, and the cursor of the next one."""
        return self._page(self.store.of_customer(customer_id, after=_position(cursor)), state, limit)

    def page_of_state(self, state: State, *, cursor: str | None, limit: int) -> tuple[list[ExtractRecord], str | None]:
        """Return a page of all customers' extracts in `state`, for staff, and the cursor of the next one."""
        return self._page(self.store.in_state(state, after=_position(cursor)), None, limit)

    def _page(
        self, found: Iterator[ExtractRecord], state: State | None, limit: int
    ) -> tuple[list[ExtractRecord], str | None]:
        page = list(itertools.islice(self._shown(found, state), limit + 1))
        following = _cursor(page[limit - 1]) if len(page) > limit else None
        return page[:limit], following

    def _shown(self, records: Iterator[ExtractRecord], state: State | None) -> Iterator[ExtractRecord]:
        for record in records:
            seen = record.as_seen_at(self.now)
            if self.caller.may_see(seen) and state in (None, seen.state):
                yield seen

    def manifest(self, record: ExtractRecord) -> bytes:
        """Return the manifest of a done extract, as it is stored. Raises Refusal 409 for one that is not done."""
        if record.state != "done":
            waits = record.state in ("queued", "running")
            remedy = "wait until its state is done" if waits else "ask for a new one"
            words = f"the extract is {record.state}{f': {record.cause}' if record.cause else ''}; {remedy}"
            raise Refusal(409, words, remedy=remedy, headers=waiting(record) if waits else {})
        key = manifest_key(customer_id=record.customer_id, extract_id=record.extract_id)
        try:
            return s3.read_object(bucket=self.settings.extracts_bucket, key=key)
        except KeyUnusableError as error:
            remedy = "its owner makes it usable again, or ask for a new one"
            raise Refusal(409, f"the extract cannot be read: {error}; {remedy}", remedy=remedy) from error
        except KeyError as error:
            remedy = "ask for a new one"
            raise Refusal(410, f"the files of the extract are gone; {remedy}", remedy=remedy) from error

    def log(
        self,
        action: Action,
        *,
        outcome: str,
        record: ExtractRecord | None = None,
        customer_id: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Add to the audit log what the caller did."""
        AuditLog(self.settings).append(
            AuditEvent(
                action=action,
                caller=self.caller.who,
                address=self.caller.address,
                customer_id=record.customer_id if record else customer_id or self.caller.customer_id,
                extract_id=record.extract_id if record else None,
                outcome=outcome,
                details=details or {},
            )
        )


def waiting(record: ExtractRecord) -> dict[str, str]:
    """Return the header that tells a waiting caller when to look again: an extract takes seconds."""
    return {"Retry-After": "1" if record.state == "queued" else "2"}


def with_etag(request: Request, answer: BaseModel | bytes, headers: Mapping[str, str]) -> Response:
    """Return `answer` as JSON with its ETag, or 304 when the caller has it already."""
    body = answer if isinstance(answer, bytes) else answer.model_dump_json(exclude_none=True).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    given = {each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")}
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", **headers}
    if etag in given or "*" in given:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _cursor(record: ExtractRecord) -> str:
    text = json.dumps([record.requested_at, record.extract_id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(cursor: str | None) -> list[str] | None:
    """Return where a cursor points to; it leads nowhere but into the list it is sent for, whoever made it up."""
    if not cursor:
        return None
    try:
        found = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        requested_at, extract_id = found
        datetime.fromisoformat(requested_at)
        if not isinstance(extract_id, str) or extract_id_of(extract_id) != extract_id:
            raise ValueError(extract_id)
    except (ValueError, TypeError, RecursionError, binascii.Error) as error:
        remedy = "send next_cursor of the page before as it is, or none"
        raise Refusal(400, f"cursor: this is none; {remedy}", field="cursor", value=cursor, remedy=remedy) from error
    return [requested_at, extract_id]
