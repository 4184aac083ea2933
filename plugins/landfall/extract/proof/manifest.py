"""manifest.json: the certificate of an extract. It is written last and makes the files exist."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from landfall.contracts.extract_product import ExtractProduct, Mask, ProductColumn
from landfall.errors import VerificationError
from landfall.extract.door.options import FileOptions
from landfall.extract.engines.changes import file_columns
from landfall.extract.engines.masking import MASK_WORDS, masks_of
from landfall.extract.files.cells import ESCAPED_STARTS, FORMULA_ESCAPE
from landfall.extract.files.reading import FileShape
from landfall.extract.files.workbook import SIGNIFICANT_DIGITS
from landfall.prices import ATHENA_CHARGED_AT_LEAST, Prices

if TYPE_CHECKING:  # `landfall verify` reads manifests without the modules that talk to AWS
    from landfall.extract.door.pinning import Admission
    from landfall.extract.door.request import ExtractRequest

MANIFEST_VERSION = 2


@dataclass(frozen=True, kw_only=True)
class ManifestFile:
    """One certified file: its path relative to the manifest, its rows, bytes and SHA-256 (hex).

    `first_key` and `last_key` are what its first and last row have in the columns the rows are sorted by.
    """

    path: str
    rows: int
    bytes: int
    sha256: str
    first_key: Mapping[str, str | None] | None
    last_key: Mapping[str, str | None] | None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The parts of a manifest that a check of its files needs; `signature` is None in one that nobody signed."""

    extract_id: str
    shape: FileShape
    files: tuple[ManifestFile, ...]
    rows: int
    signature: Mapping[str, str] | None


def build_manifest(
    *,
    admission: Admission,
    product: ExtractProduct,
    files: Sequence[ManifestFile],
    engine: Mapping[str, str],
    cost: Mapping[str, Any],
    gate: Mapping[str, Any],
    run_id: str,
    created_at: datetime,
    reused: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the manifest's JSON document. It tells nothing but what the customer may know.

    `reused` says by which extract's run the files were made, when it was not this one's.
    """
    request = admission.request
    document: dict[str, Any] = {
        "manifest_version": MANIFEST_VERSION,
        "extract_id": request.extract_id,
        "customer_id": request.customer_id,
        "customer_column": product.customer_column,
        "request": request.to_json(),
        "product": {"name": product.product, "contract_version": product.version},
        "published": asdict(admission.pinned),
        "format": request.format,
        "options": request.options.to_json(),
        "columns": [_described(column) for column in file_columns(product, request)],
        "masked": {name: {"mask": mask, "what": MASK_WORDS[mask]} for name, mask in masks_of(product, request).items()},
        "sorted_by": list(sorted_by(product, request)),
        "files": [asdict(file) for file in files],
        "rows": sum(file.rows for file in files),
        "gate": dict(gate),
        "engine": dict(engine),
        "cost": dict(cost),
        "run_id": run_id,
        "created_at": _timestamp(created_at),
        "expires_at": _timestamp(created_at + timedelta(days=product.expires_after_days)),
    }
    if admission.base is not None:
        document["since"] = asdict(admission.base)
    if admission.destination is not None:
        document["destination"] = _destination(admission)
    if reused is not None:
        document["reused"] = dict(reused)
    if request.format == "csv":
        starts = [f"U+{ord(character):04X}" for character in ESCAPED_STARTS]
        document["formula_escape"] = {"prefix": FORMULA_ESCAPE, "before_cells_starting_with": starts}
    if request.format == "xlsx":
        document["numbers_as_text"] = {"beyond_significant_digits": SIGNIFICANT_DIGITS}
    return document


def _destination(admission: Admission) -> dict[str, Any]:
    """Return under which key the files are, and where they go: what the customer had registered."""
    destination, told = admission.destination, {}
    if destination is not None:
        encryption = {"algorithm": "aws:kms", "key_arn": destination.kms_key_arn}
        told = {
            "name": destination.name,
            "encryption": encryption if destination.kms_key_arn else None,
            "delivered_to": destination.uri(admission.request.extract_id),
        }
    return {name: value for name, value in told.items() if value is not None}


def cost_of(scanned_bytes: Sequence[int], prices: Prices) -> dict[str, Any]:
    """Return what the extract cost: `scanned_bytes` are those of each Athena statement it ran."""
    return {
        "athena_scanned_bytes": sum(scanned_bytes),
        "usd": round(prices.athena_usd(scanned_bytes), 6),
        "basis": f"{prices.athena_usd_per_terabyte} USD a terabyte that Athena scanned, at least "
        f"{ATHENA_CHARGED_AT_LEAST} bytes a statement; Redshift Serverless is charged by the time of its workgroup",
    }


def shape_of(product: ExtractProduct, request: ExtractRequest) -> FileShape:
    """Return what the files of `request` must look like."""
    return FileShape(
        file_format=request.format,
        options=request.options,
        column_types={column.name: column.type for column in file_columns(product, request)},
        customer_column=product.customer_column,
        customer_id=request.customer_id,
        key=sorted_by(product, request),
        masks=masks_of(product, request),
    )


def sorted_by(product: ExtractProduct, request: ExtractRequest) -> tuple[str, ...]:
    """Return the columns that sort the rows, those of them that the files have."""
    return tuple(name for name in product.order_by if name in request.columns)


def parse_manifest(text: bytes | str) -> Manifest:
    """Return the checkable parts of a manifest; raises VerificationError if it is none or lacks one."""
    try:
        document = json.loads(text)
        if document["manifest_version"] != MANIFEST_VERSION:
            raise VerificationError(f"manifest_version is {document['manifest_version']!r}, not {MANIFEST_VERSION}")
        return Manifest(
            extract_id=document["extract_id"],
            shape=FileShape(
                file_format=document["format"],
                options=FileOptions(**document["options"]),
                column_types={column["name"]: column["type"] for column in document["columns"]},
                customer_column=document["customer_column"],
                customer_id=document["customer_id"],
                key=tuple(document["sorted_by"]),
                masks={name: _known_mask(told["mask"]) for name, told in document["masked"].items()},
            ),
            files=tuple(ManifestFile(**file) for file in document["files"]),
            rows=document["rows"],
            signature=document.get("signature"),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise VerificationError(f"this is no manifest of an extract: {error!r}") from error


def _described(column: ProductColumn) -> dict[str, Any]:
    """Return a column without its mask, which may not apply."""
    return {name: value for name, value in asdict(column).items() if name != "mask"}


def _known_mask(name: str) -> Mask:
    """Return a mask by its name; KeyError for one that this version cannot check."""
    return {str(mask): mask for mask in MASK_WORDS}[name]


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
