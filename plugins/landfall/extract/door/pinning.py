"""What an extract is cut from: the version that is published when its turn comes, and never another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from landfall.contracts.extract_product import load_products
from landfall.errors import DataHeldError, RequestError
from landfall.extract.delivery.destination import Destination
from landfall.extract.door.request import ExtractRequest
from landfall.extract.door.since import base_of
from landfall.publish.publication import Publication, PublicationStore
from landfall.settings import Settings

PUBLICATION_GROUP: Final = "lake"


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
    """A request that may run, what it reads, and the earlier version whose changes alone it asks for, if it does.

    `destination` is as it was registered when the request was admitted.
    """

    request: ExtractRequest
    pinned: PinnedDataset
    base: PinnedDataset | None = None
    destination: Destination | None = None

    @property
    def key_arn(self) -> str | None:
        """The customer's own key that files and manifest are encrypted with, None for S3's own."""
        return self.destination.kms_key_arn if self.destination else None

    @property
    def base_table(self) -> str | None:
        """The table of the earlier version."""
        return self.base.table if self.base else None

    def to_json(self) -> dict[str, Any]:
        """Return the admission as JSON values for an XCom: ids and dates, no row and no secret."""
        destination = self.destination.to_json() if self.destination else None
        return {**asdict(self), "request": self.request.to_json(), "destination": destination}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Admission:
        """Return the admission that `to_json` wrote."""
        return cls(
            request=ExtractRequest.from_json(value["request"]),
            pinned=PinnedDataset(**value["pinned"]),
            base=PinnedDataset(**value["base"]) if value["base"] else None,
            destination=Destination.from_json(value["destination"]) if value.get("destination") else None,
        )


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
