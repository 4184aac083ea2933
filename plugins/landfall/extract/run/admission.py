"""Admit a request: wait for its turn, pin it to what is published then, and note in its record that it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from landfall.contracts.extract_product import load_products
from landfall.errors import DataHeldError, ExtractEndedError, NoSlotError, RequestError
from landfall.extract.door.request import ExtractRequest, parse_request
from landfall.extract.door.since import base_of
from landfall.extract.records.audit import AuditEvent, AuditLog
from landfall.extract.records.record import UNDER_WAY, ExtractRecord, request_text, timestamp
from landfall.extract.records.store import ExtractStore
from landfall.publish.publication import Publication, PublicationStore
from landfall.settings import Settings

PUBLICATION_GROUP = "lake"
ADMITTED: Final = "step 1 of 3: the request is admitted"
WAITING: Final = "waits for its turn: as many extracts of this customer run as may at once"


@dataclass(frozen=True, kw_only=True)
class PinnedDataset:
    """The published version an extract is cut from; it cannot change any more.

    `turned_down` is set when it is the last good one and not the newest there was: the gate's `verdict` on newer data
    (held or stopped), and when (`at`).
    """

    group: str
    version: int
    table: str
    snapshot_id: int | None
    gate: str
    contract_versions: Mapping[str, str]
    published_at: str
    turned_down: Mapping[str, str] | None = None

    @property
    def notice(self) -> str | None:
        """Return in words that newer data are not served, None if there are none."""
        if self.turned_down is None:
            return None
        return (
            f"cut from version {self.version}, the last that passed its gate: newer data did not pass theirs at "
            f"{self.turned_down['at']}"
        )


@dataclass(frozen=True, kw_only=True)
class Admission:
    """A request that may run, what it reads, and the earlier version whose changes alone it asks for, if it does."""

    request: ExtractRequest
    pinned: PinnedDataset
    base: PinnedDataset | None = None

    @property
    def base_table(self) -> str | None:
        """The table of the earlier version."""
        return self.base.table if self.base else None

    def to_json(self) -> dict[str, Any]:
        """Return the admission as JSON values for an XCom: ids and dates, no row and no secret."""
        return {**asdict(self), "request": self.request.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Admission:
        """Return the admission that `to_json` wrote."""
        return cls(
            request=ExtractRequest.from_json(value["request"]),
            pinned=PinnedDataset(**value["pinned"]),
            base=PinnedDataset(**value["base"]) if value["base"] else None,
        )


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
    store = ExtractStore.of(settings)
    record = _entered(request, run_id=run_id, requested_by=requested_by, store=store, settings=settings)
    if record.state in UNDER_WAY and not store.slots.take(request.customer_id, request.extract_id):
        store.mark(request.extract_id, step=WAITING)
        raise NoSlotError(request.customer_id)
    pinned, base = pin(request.product, settings=settings), pin_base(request, settings=settings)
    told = {"step": ADMITTED, "version": pinned.version, "notice": pinned.notice, "triggered": True}
    moved, now = store.move(request.extract_id, "running", **told)
    if not moved and (now is None or now.state != "done"):
        raise _ended(request, now)
    return Admission(request=request, pinned=pinned, base=base)


def pin(product: str, *, settings: Settings) -> PinnedDataset:
    """Return the version of `product` that is published now.

    Raises RequestError if none is, DataHeldError if newer data did not pass their gate and the product's contract has
    older ones refused then.
    """
    contract, store = load_products()[product], PublicationStore(settings)
    publication, last = store.current(PUBLICATION_GROUP), store.last_gate(PUBLICATION_GROUP)
    if publication is None or contract.dataset not in publication.datasets:
        raise RequestError(
            f"product: {product!r} has no published version yet; run nightly_batch or transform_lake first"
        )
    pinned = _pinned(publication, contract.dataset)
    if last is None or not last.turned_down(publication.published_at):
        return pinned
    at = last.at.isoformat(timespec="seconds")
    if contract.when_gate_fails == "refuse":
        raise DataHeldError(
            f"product: the newest data of {product!r} did not pass their gate at {at} and older ones are not served; "
            "ask again when a version is published"
        )
    return replace(pinned, turned_down={"verdict": last.verdict, "at": at})


def pin_base(request: ExtractRequest, *, settings: Settings) -> PinnedDataset | None:
    """Return the version that `request` goes on from, None for one of all rows. Raises RequestError if it cannot."""
    base = base_of(request, group=PUBLICATION_GROUP, settings=settings)
    return _pinned(base, load_products()[request.product].dataset) if base else None


def _pinned(publication: Publication, dataset: str) -> PinnedDataset:
    published = publication.datasets[dataset]
    return PinnedDataset(
        group=publication.group,
        version=publication.version,
        table=published.table,
        snapshot_id=published.snapshot_id,
        gate=publication.gate,
        contract_versions=dict(publication.contract_versions),
        published_at=publication.published_at.isoformat(),
    )


def _entered(
    request: ExtractRequest, *, run_id: str, requested_by: str, store: ExtractStore, settings: Settings
) -> ExtractRecord:
    """Return the record of `request`, made now if it came by Airflow itself, queued again if it had failed."""
    now = datetime.now(UTC)
    asked = request_text(request.to_json())
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
        if record.state in ("failed", "held"):
            record = store.move(request.extract_id, "queued", step=None)[1] or record
    if record.state in UNDER_WAY:
        store.slots.ask(request.customer_id, request.extract_id, asked_at=datetime.fromisoformat(record.requested_at))
    elif record.state != "done":
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
