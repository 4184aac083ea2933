"""manifest.json: the certificate of an extract. It is written last and makes the files exist."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from landfall.contracts.extract_product import ExtractProduct
from landfall.errors import VerificationError
from landfall.extract.statements import FORMULA_ESCAPE, FORMULA_STARTS

if TYPE_CHECKING:  # `landfall verify` reads manifests without the modules that talk to AWS
    from landfall.extract.admission import Admission

MANIFEST_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class ManifestFile:
    """One certified file: its path relative to the manifest, its rows, bytes and SHA-256 (hex)."""

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The parts of a manifest that a check of its files needs."""

    extract_id: str
    customer_id: str
    customer_column: str
    format: str
    column_types: Mapping[str, str]
    files: tuple[ManifestFile, ...]
    rows: int


def build_manifest(
    *,
    admission: Admission,
    product: ExtractProduct,
    files: Sequence[ManifestFile],
    engine: Mapping[str, str],
    gate: Mapping[str, Any],
    run_id: str,
    created_at: datetime,
) -> dict[str, Any]:
    """Return the manifest's JSON document. It tells nothing but what the customer may know."""
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
        "columns": [asdict(column) for column in product.selected(request.columns)],
        "files": [asdict(file) for file in files],
        "rows": sum(file.rows for file in files),
        "gate": dict(gate),
        "engine": dict(engine),
        "run_id": run_id,
        "created_at": _timestamp(created_at),
        "expires_at": _timestamp(created_at + timedelta(days=product.expires_after_days)),
    }
    if request.format == "csv":
        starts = [f"U+{ord(character):04X}" for character in FORMULA_STARTS]
        document["formula_escape"] = {"prefix": FORMULA_ESCAPE, "before_cells_starting_with": starts}
    return document


def parse_manifest(text: bytes | str) -> Manifest:
    """Return the checkable parts of a manifest; raises VerificationError if it is none or lacks one."""
    try:
        document = json.loads(text)
        if document["manifest_version"] != MANIFEST_VERSION:
            raise VerificationError(f"manifest_version is {document['manifest_version']!r}, not {MANIFEST_VERSION}")
        return Manifest(
            extract_id=document["extract_id"],
            customer_id=document["customer_id"],
            customer_column=document["customer_column"],
            format=document["format"],
            column_types={column["name"]: column["type"] for column in document["columns"]},
            files=tuple(ManifestFile(**file) for file in document["files"]),
            rows=document["rows"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise VerificationError(f"this is no manifest of an extract: {error!r}") from error


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
