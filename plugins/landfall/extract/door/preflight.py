"""What a request would give and cost, counted before anything is started."""

from __future__ import annotations

from dataclasses import dataclass

from landfall.aws.athena import Athena
from landfall.aws.iceberg import IcebergCatalog, metadata_document
from landfall.contracts.extract_product import load_products
from landfall.extract.door.limits import too_many
from landfall.extract.door.pinning import pin, pin_base
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines.statements import count_rows
from landfall.prices import Prices
from landfall.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Expected:
    """The version that is published now, the rows in it that fit, and estimates of bytes and US dollars."""

    version: int
    rows: int
    bytes_estimate: int
    scanned_bytes_estimate: int
    cost_usd_estimate: float
    refusal: str | None
    max_rows: int
    notice: str | None = None


def expect(request: ExtractRequest, *, settings: Settings) -> Expected:
    """Return what `request` would give. One statement that counts is run and charged.

    Raises RequestError when nothing is published, EngineError when the engine fails.
    """
    product = load_products()[request.product]
    pinned = pin(request.product, settings=settings)
    base = pin_base(request, settings=settings)
    counted = Athena(settings=settings).run(
        count_rows(product, request, pinned.table, base.table if base else None), fetch=True
    )
    rows = int(counted.rows[0][0] or 0)
    row_bytes, table_bytes = _sizes(pinned.table)
    # The run counts once more and then reads the columns of the rows; a table is read whole at most.
    scanned = counted.scanned_bytes + table_bytes
    return Expected(
        version=pinned.version,
        notice=pinned.notice,
        rows=rows,
        bytes_estimate=round(rows * row_bytes),
        scanned_bytes_estimate=scanned,
        cost_usd_estimate=round(Prices.from_environment().athena_usd([counted.scanned_bytes, table_bytes]), 6),
        max_rows=product.most_rows(request.format),
        refusal=too_many(rows, product, request.format),
    )


def _sizes(table: str) -> tuple[float, int]:
    """Return the mean bytes of a row of `table` and its bytes, by its snapshot's own summary."""
    pointer = IcebergCatalog().pointer(table)
    document = metadata_document(pointer.metadata_location) if pointer else {}
    current = document.get("current-snapshot-id")
    summaries = [each["summary"] for each in document.get("snapshots", ()) if each["snapshot-id"] == current]
    summary = summaries[0] if summaries else {}
    size, rows = int(summary.get("total-files-size", 0)), int(summary.get("total-records", 0))
    return (size / rows if rows else 0.0), size
