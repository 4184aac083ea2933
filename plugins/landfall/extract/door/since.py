"""Which version an incremental extract goes on from: one that is named, or that of an earlier extract."""

from __future__ import annotations

import json
from typing import Any

from landfall.aws import glue
from landfall.contracts.extract_product import ExtractProduct, load_products
from landfall.errors import PublicationError, RequestError
from landfall.extract.door.request import ExtractRequest
from landfall.extract.records.record import request_text
from landfall.extract.records.store import ExtractStore
from landfall.publish.publication import Publication, PublicationStore
from landfall.settings import Settings

_HAD_BY_THE_CUSTOMER = frozenset({"done", "expired", "deleted"})
"""States of an extract whose files the customer could fetch."""

_GLUE_TYPES = {"integer": "bigint"}


def base_of(request: ExtractRequest, *, group: str, settings: Settings) -> Publication | None:
    """Return the version of the `group` that `request` goes on from, None for one of all rows.

    Raises RequestError when there is none such, it is not kept any more, or it had other columns.
    """
    if request.since is None:
        return None
    product = load_products()[request.product]
    version = int(request.since) if request.since.isdecimal() else _version_of(request, settings)
    try:
        publication = PublicationStore(settings).version(group, version)
    except PublicationError as error:
        raise RequestError(f"since: version {version} was never published; leave it empty for all rows") from error
    if product.dataset not in publication.datasets:
        raise RequestError(f"since: version {version} has no {product.product} yet; leave it empty for all rows")
    _refuse_what_cannot_be_compared(product, request, publication)
    return publication


def _version_of(request: ExtractRequest, settings: Settings) -> int:
    """Return the version of the customer's own earlier extract of the same, whatever became of its files since."""
    record = ExtractStore.of(settings).read(str(request.since))
    if record is None or record.customer_id != request.customer_id or record.state not in _HAD_BY_THE_CUSTOMER:
        raise RequestError(
            f"since: {request.since!r} is no finished extract of this customer; leave it empty for all rows"
        )
    given = json.loads(record.request)
    differing = [name for name, value in _compared(request.to_json()).items() if given.get(name) != value]
    if differing or record.version is None:
        raise RequestError(
            f"since: {request.since!r} was asked for with another {' and '.join(differing) or 'version'}; ask for the "
            "same, or leave it empty for all rows"
        )
    return record.version


def _compared(request: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that two extracts must have in common: all but ids, what they go on from, and where to."""
    values: dict[str, Any] = json.loads(request_text(request))
    return {name: value for name, value in values.items() if name not in ("since", "destination")}


def _refuse_what_cannot_be_compared(product: ExtractProduct, request: ExtractRequest, base: Publication) -> None:
    database, _, table = base.datasets[product.dataset].table.partition(".")
    found = glue.get_table(database=database, table=table)
    if found is None:
        raise RequestError(
            f"since: version {base.version} is not kept any more; leave it empty for all rows, and go on from those"
        )
    types = {column["Name"]: column["Type"] for column in found["StorageDescriptor"]["Columns"]}
    for column in product.selected(request.columns):
        if types.get(column.name) != _GLUE_TYPES.get(column.type, column.type):
            raise RequestError(
                f"since: version {base.version} has no {column.name} of this type; leave it empty for all rows"
            )
