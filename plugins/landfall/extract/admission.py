"""Admit a request: pin it to what is published now and note to whom its id belongs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from landfall.aws import s3
from landfall.contracts.extract_product import load_products
from landfall.errors import RequestError
from landfall.extract.layout import index_key
from landfall.extract.request import ExtractRequest, parse_request
from landfall.publish.publication import PublicationStore
from landfall.settings import Settings

PUBLICATION_GROUP = "lake"


@dataclass(frozen=True, kw_only=True)
class PinnedDataset:
    """The published version an extract is cut from; it cannot change any more."""

    group: str
    version: int
    table: str
    snapshot_id: int | None
    gate: str
    contract_versions: Mapping[str, str]
    published_at: str


@dataclass(frozen=True, kw_only=True)
class Admission:
    """A request that may run, and what it reads."""

    request: ExtractRequest
    pinned: PinnedDataset

    def to_json(self) -> dict[str, Any]:
        """Return the admission as JSON values for an XCom: ids and dates, no row and no secret."""
        return {"request": self.request.to_json(), "pinned": asdict(self.pinned)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Admission:
        """Return the admission that `to_json` wrote."""
        return cls(request=ExtractRequest.from_json(value["request"]), pinned=PinnedDataset(**value["pinned"]))


def admit(params: Mapping[str, Any], *, run_id: str, settings: Settings) -> Admission:
    """Check `params`, pin the published version and write the index item of the extract.

    Raises RequestError for a request that is wrong, asks for what is not published yet, or uses another
    extract's id.
    """
    products = load_products()
    # Who may start runs in Airflow may read the tables; the API has looked at its caller's scope before.
    request = parse_request(params, run_id=run_id, products=products, may_have_pii=True)
    dataset = products[request.product].dataset
    publication = PublicationStore(settings).current(PUBLICATION_GROUP)
    if publication is None or dataset not in publication.datasets:
        raise RequestError(
            f"product: {request.product!r} has no published version yet; run nightly_batch or transform_lake first"
        )
    published = publication.datasets[dataset]
    _write_index(request, run_id=run_id, settings=settings)
    return Admission(
        request=request,
        pinned=PinnedDataset(
            group=publication.group,
            version=publication.version,
            table=published.table,
            snapshot_id=published.snapshot_id,
            gate=publication.gate,
            contract_versions=dict(publication.contract_versions),
            published_at=publication.published_at.isoformat(),
        ),
    )


def _write_index(request: ExtractRequest, *, run_id: str, settings: Settings) -> None:
    """Note who `request` belongs to, once; an id that belongs to another customer or run is refused."""
    key = index_key(request.extract_id)
    try:
        owner = json.loads(s3.read_object(bucket=settings.extracts_bucket, key=key))
    except KeyError:
        item = {
            "extract_id": request.extract_id,
            "customer_id": request.customer_id,
            "run_id": run_id,
            "requested_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        body = json.dumps(item).encode()
        s3.write_object(bucket=settings.extracts_bucket, key=key, body=body, content_type="application/json")
        return
    if (owner["customer_id"], owner["run_id"]) != (request.customer_id, run_id):
        raise RequestError(f"extract_id: {request.extract_id!r} is taken; start a run with an id of its own")
