"""From a request body to one extract and one run, however often and by however many at once it is sent."""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, NoReturn

from landfall.api.callers import Caller
from landfall.api.problems import Refusal, refusal_of
from landfall.api.runs import Runs
from landfall.contracts.extract_product import ExtractProduct, load_products
from landfall.errors import QuotaError, RequestError
from landfall.extract.door.form import form_schema
from landfall.extract.door.request import ExtractRequest, parse_request
from landfall.extract.records.ending import end
from landfall.extract.records.record import ENDED_WITHOUT_A_WORD, ExtractRecord, digest, request_text, timestamp
from landfall.extract.records.store import Claim, ExtractStore
from landfall.settings import Settings

logger = logging.getLogger(__name__)

LARGEST_BODY_BYTES: Final = 16_384
RECONCILED_AFTER_SECONDS: Final = 10
"""A run is looked for when its record has said nothing for so long."""

STARTED_AFTER_SECONDS: Final = 5
"""A run that nobody is known to have started is started again after so long; Airflow makes it once."""

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A checked request: what goes to the run as its conf, and the same parsed, under an id that is not its own yet."""

    conf: Mapping[str, Any]
    request: ExtractRequest


@cache
def offered_products() -> Mapping[str, ExtractProduct]:
    """Return the products, read once a process: a deployment does not change under a running server."""
    return load_products()


@cache
def _defaults() -> Mapping[str, Any]:
    """Return what a run is given for the fields of the form that a request leaves out."""
    fields = form_schema(offered_products())
    return {name: schema["default"] for name, schema in fields.items() if "default" in schema} | {"product": None}


def body_schema() -> dict[str, Any]:
    """Return the JSON schema of a request: the form that Airflow shows, made from the products."""
    fields = form_schema(offered_products())
    return {"type": "object", "properties": fields, "required": ["product"], "additionalProperties": False}


def read_body(body: bytes, caller: Caller) -> Asked:
    """Return what `body` (JSON) asks for, on behalf of `caller`.

    A key speaks for its customer, who need not be named. Raises Refusal 400 or 413 for what cannot be read or is
    wrong, 403 for another customer or a product outside the key's scope.
    """
    given = _json_object(body)
    if caller.customer_id is not None:
        if given.get("customer_id") not in (None, caller.customer_id):
            _out_of_scope("customer_id", given["customer_id"], f"leave it out, or send {caller.customer_id}")
        given["customer_id"] = caller.customer_id
    conf = {**_defaults(), **given}
    try:
        request = parse_request(conf, run_id="unnamed", products=offered_products(), may_have_pii=caller.pii)
    except RequestError as error:
        raise refusal_of(error, given) from error
    if not caller.may_have(request.product):
        _out_of_scope("product", request.product, f"use one of {', '.join(caller.products)}")
    return Asked(conf=conf, request=request)


def _out_of_scope(field: str, value: object, remedy: str) -> NoReturn:
    raise Refusal(403, f"{field}: the key does not open this; {remedy}", field=field, value=value, remedy=remedy)


def _json_object(body: bytes) -> dict[str, Any]:
    if len(body) > LARGEST_BODY_BYTES:
        remedy = f"send at most {LARGEST_BODY_BYTES} bytes"
        raise Refusal(413, f"the body has {len(body)} bytes; {remedy}", remedy=remedy)
    try:
        given = json.loads(body, parse_constant=_refuse_constant, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError) as error:
        remedy = "send a JSON object such as {'product': 'orders', 'format': 'csv'}".replace("'", '"')
        raise Refusal(400, f"the body is no JSON object; {remedy}", remedy=remedy) from error
    if not isinstance(given, dict):
        raise Refusal(400, "the body is no JSON object; put the fields into one", remedy="send a JSON object")
    return given


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found


class Asking:
    """Makes extracts: one record and one run a request, or one an idempotency key."""

    def __init__(self, store: ExtractStore, runs: Runs, *, now: Callable[[], datetime] | None = None) -> None:
        self._store = store
        self._runs = runs
        self._now = now or (lambda: datetime.now(UTC))

    def ask(self, asked: Asked, caller: Caller, *, idempotency_key: str | None) -> tuple[ExtractRecord, bool]:
        """Return the extract of a request, and whether it was made by this call.

        Raises Refusal: 400 for a bad key, 422 for one that stands for another request, 429 for one extract more than
        the customer may have; the same key may be sent again after the time it says. RunsUnavailableError when
        Airflow does not answer: the same once more, with the same key, goes on where this broke off.
        """
        if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
            remedy = "send 1 to 255 visible ASCII characters, such as a UUID"
            words = f"Idempotency-Key: this is none; {remedy}"
            raise Refusal(400, words, field="Idempotency-Key", value=idempotency_key, remedy=remedy)
        now = self._now()
        text = request_text(asked.request.to_json())
        key = idempotency_key or uuid.uuid4().hex
        key_hash = digest(caller.idempotency_scope, key)
        # Of the key and the moment: the key may be used for another extract when its day is over.
        extract_id = f"ext_{digest(key_hash, timestamp(now))[:40]}"
        claim = (
            Claim(extract_id=extract_id, request_digest=digest(text), claimed_at=timestamp(now))
            if idempotency_key is None  # the key is known to nobody else
            else self._store.claim(key_hash, extract_id=extract_id, request_digest=digest(text), now=now)
        )
        if claim.request_digest != digest(text):
            remedy = "send the same request, or another key"
            words = f"Idempotency-Key: it stands for another request; {remedy}"
            raise Refusal(422, words, field="Idempotency-Key", value=idempotency_key, remedy=remedy)
        # Whoever finds the claim makes the record, for who claimed may have died since.
        found = None if claim.extract_id == extract_id else self._store.read(claim.extract_id)
        if found is None:
            self._count(asked.request.customer_id, claim, key_hash)
        record = ExtractRecord(
            extract_id=claim.extract_id,
            customer_id=asked.request.customer_id,
            product=asked.request.product,
            request=text,
            requested_by=caller.who,
            requested_at=claim.claimed_at,
            changed_at=claim.claimed_at,
            state="queued",
            run_id=claim.extract_id,
            pii=asked.request.pii,
            conf=json.dumps(asked.conf, sort_keys=True),
            idempotency_hash=key_hash,
        )
        is_new = self._store.create(record)
        found = record if is_new else self._store.read(claim.extract_id) or record
        if is_new or self._wants_start(found):
            self._start(found)
        return found, is_new

    def _count(self, customer_id: str, claim: Claim, key_hash: str) -> None:
        """Count a new extract against its customer's limits. Raises Refusal 429, and the key is free again."""
        try:
            self._store.slots.ask(customer_id, claim.extract_id, asked_at=datetime.fromisoformat(claim.claimed_at))
        except QuotaError as error:
            self._store.unclaim(key_hash, claim)
            refusal = refusal_of(error, {"customer_id": customer_id}, status=429)
            refusal.headers = {"Retry-After": str(error.retry_after)}
            raise refusal from error

    def _wants_start(self, record: ExtractRecord) -> bool:
        waiting = record.state == "queued" and not record.triggered and record.conf is not None
        return waiting and self._is_silent(record, STARTED_AFTER_SECONDS)

    def _start(self, record: ExtractRecord) -> None:
        self._runs.start(record.run_id, json.loads(record.conf or "{}"), who=record.requested_by)
        self._store.mark(record.extract_id, triggered=True)

    def reconciled(self, record: ExtractRecord) -> ExtractRecord:
        """Return the record as it is after a look at its run, if it has said nothing for a while.

        A run that was not started is started; one that has ended without a word ends the extract.
        """
        if self._wants_start(record):
            self._start(record)
            return record
        if record.state not in ("queued", "running") or not self._is_silent(record, RECONCILED_AFTER_SECONDS):
            return record
        state = self._runs.state(record.run_id)
        if state in ("queued", "running"):
            return record
        logger.warning("extract %s: its run is %s and did not say so", record.extract_id, state)
        settings = Settings.from_environment()
        _, found = end(
            self._store, record.extract_id, "failed", settings=settings, cause=ENDED_WITHOUT_A_WORD, step=None
        )
        return found or record

    def _is_silent(self, record: ExtractRecord, seconds: int) -> bool:
        return record.changed_at < timestamp(self._now() - timedelta(seconds=seconds))
