"""Admit a request: wait for its turn, pin it to what is published then, and note in its record that it runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from landfall.contracts.extract_product import load_products
from landfall.errors import ExtractEndedError, NoSlotError, RequestError
from landfall.extract.delivery.register import destination_of
from landfall.extract.door.pinning import Admission, pin, pin_base
from landfall.extract.door.request import ExtractRequest, parse_request
from landfall.extract.records.audit import AuditEvent, AuditLog
from landfall.extract.records.record import UNDER_WAY, ExtractRecord, request_text, timestamp
from landfall.extract.records.store import ExtractStore
from landfall.settings import Settings

WRITING: Final = "step 1 of 2: the engine writes the files"
WAITING: Final = "waits for its turn: as many extracts of this customer run as may at once"


def admit(params: Mapping[str, Any], *, run_id: str, settings: Settings, requested_by: str) -> Admission:
    """Check `params`, give the extract its turn, pin the published version and note in its record that it runs.

    A request that came by the API has its record already; one that `requested_by` (`staff:<user>`) started in Airflow
    gets it here. Done again it goes on where it broke off. Raises RequestError for a request that is wrong, asks for
    what is not published yet, or uses another extract's id, QuotaError for one too many, NoSlotError for one that must
    wait for its turn, and ExtractEndedError for one that was cancelled.
    """
    products = load_products()
    # Who may start runs in Airflow may read the tables; the API has looked at its caller's scope before.
    request = parse_request(params, run_id=run_id, products=products, may_have_pii=True)
    destination = destination_of(request, settings=settings)
    store = ExtractStore.of(settings)
    record = _entered(request, run_id=run_id, requested_by=requested_by, store=store, settings=settings)
    if record.state in UNDER_WAY and not store.slots.take(request.customer_id, request.extract_id):
        store.mark(request.extract_id, step=WAITING)
        raise NoSlotError(request.customer_id)
    pinned, base = pin(request.product, settings=settings), pin_base(request, settings=settings)
    told = {"step": WRITING, "version": pinned.version, "notice": pinned.notice, "triggered": True}
    moved, now = store.move(request.extract_id, "running", seen=record, **told)
    if not moved and (now is None or now.state != "done"):
        raise _ended(request, now)
    return Admission(request=request, pinned=pinned, base=base, destination=destination)


def _entered(
    request: ExtractRequest, *, run_id: str, requested_by: str, store: ExtractStore, settings: Settings
) -> ExtractRecord:
    """Return the record of `request`, made now if it came by Airflow itself, queued again if it had failed.

    The API has counted an extract whose record is as it was made; all others are counted here.
    """
    now = datetime.now(UTC)
    asked = request_text(request.to_json())
    record = store.read(request.extract_id)
    is_counted = record is not None and record.idempotency_hash is not None and record.changed_at == record.requested_at
    if record is None:
        fresh = ExtractRecord(
            extract_id=request.extract_id,
            customer_id=request.customer_id,
            product=request.product,
            request=asked,
            requested_by=requested_by,
            requested_at=timestamp(now),
            changed_at=timestamp(now),
            state="queued",
            run_id=run_id,
            pii=request.pii,
            triggered=True,
        )
        if store.create(fresh):
            _audit(fresh, settings)
            record = fresh
        else:
            record = store.read(request.extract_id) or fresh
    if (record.customer_id, record.run_id, record.request) != (request.customer_id, run_id, asked):
        raise RequestError(f"extract_id: {request.extract_id!r} is taken; start a run with an id of its own")
    again = record.state in ("failed", "held")
    if again or (record.state in UNDER_WAY and not is_counted):
        # Before it is queued again: who is killed in between is counted by the next try.
        store.slots.ask(request.customer_id, request.extract_id, asked_at=datetime.fromisoformat(record.requested_at))
    if again:
        record = store.move(request.extract_id, "queued", step=None)[1] or record
    if record.state not in UNDER_WAY and record.state != "done":
        raise _ended(request, record)
    return record


def _ended(request: ExtractRequest, record: ExtractRecord | None) -> ExtractEndedError:
    state = record.state if record else "unknown"
    return ExtractEndedError(f"extract {request.extract_id} is {state}: ask for a new one")


def _audit(record: ExtractRecord, settings: Settings) -> None:
    AuditLog(settings).append(
        AuditEvent(
            action="admitted",
            caller=record.requested_by,
            customer_id=record.customer_id,
            extract_id=record.extract_id,
            outcome=record.state,
            details={"request": record.request},
        )
    )
