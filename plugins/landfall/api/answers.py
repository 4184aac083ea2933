"""The shapes of the extract API's answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from landfall.contracts.extract_product import ExtractProduct
from landfall.extract.records.record import ExtractRecord, State


class Answer(BaseModel):
    """A shape without unknown fields."""

    model_config = ConfigDict(extra="forbid")


class Column(Answer):
    """A column of a product's files."""

    name: str
    type: str
    pii: str = Field(description="Class of personal data: none, pseudonym, direct or free_text.")
    description: str


class Filter(Answer):
    """A filter that a request may set."""

    name: str
    type: str
    column: str
    operator: str
    description: str
    values: list[str]


class Product(Answer):
    """What may be asked for."""

    product: str
    version: str
    description: str
    formats: list[str]
    max_rows: int
    max_rows_xlsx: int | None = Field(None, description="The lower limit of workbooks; null where none are offered.")
    expires_after_days: int
    filters: list[Filter]
    columns: list[Column]


class Products(Answer):
    """The products that the caller may ask for."""

    products: list[Product]


class File(Answer):
    """A finished file; `url` redirects to a link that lives for minutes."""

    name: str
    rows: int
    bytes: int
    sha256: str
    url: str


class ManifestLinks(Answer):
    """Where the certificate and its signature are read."""

    url: str
    signature_url: str | None = None


class Extract(Answer):
    """An extract as it stands. Times are UTC. `cause` says in words why it ended otherwise than done."""

    extract_id: str
    customer_id: str
    product: str
    request: dict[str, Any]
    state: State
    cause: str | None = None
    step: str | None = Field(None, description="How far a running extract is.")
    requested_by: str = Field(description="`key:<id>`, or `staff`.")
    requested_at: str
    changed_at: str
    published_version: int | None = Field(None, description="The published version that it is cut from.")
    notice: str | None = Field(None, description="Set when newer data did not pass their gate and are not in it.")
    rows: int | None = None
    bytes: int | None = None
    expires_at: str | None = None
    delivered_to: str | None = Field(None, description="Where in the customer's own bucket the files were delivered.")
    url: str
    manifest: ManifestLinks | None = None
    files: list[File] = []


class Page(Answer):
    """A page of extracts, the newest first; `next_cursor` asks for the next one, null on the last."""

    extracts: list[Extract]
    next_cursor: str | None


class Preflight(Answer):
    """What a request would give, counted in the version that is published now. Nothing is started."""

    product: str
    customer_id: str
    allowed: bool
    refusal: str | None = Field(None, description="Which limit forbids it, and what to do.")
    published_version: int
    notice: str | None = Field(None, description="Set when newer data did not pass their gate and would not be in it.")
    rows: int
    max_rows: int
    bytes_estimate: int = Field(description="Rows times the mean size of a row in the lake; the files' own differs.")
    scanned_bytes_estimate: int
    cost_usd_estimate: float


class Health(Answer):
    """That the API answers."""

    status: Literal["ok"] = "ok"


def product_answer(product: ExtractProduct) -> Product:
    """Return a product as the API tells of it."""
    return Product(
        product=product.product,
        version=product.version,
        description=product.description,
        formats=list(product.formats),
        max_rows=product.max_rows,
        max_rows_xlsx=product.max_rows_xlsx,
        expires_after_days=product.expires_after_days,
        filters=[
            Filter(
                name=each.name,
                type=each.type,
                column=each.column,
                operator=each.operator,
                description=each.description,
                values=list(each.values),
            )
            for each in product.filters
        ],
        columns=[
            Column(name=each.name, type=each.type, pii=each.pii, description=each.description)
            for each in product.columns
        ],
    )


def extract_answer(record: ExtractRecord, *, base: str, manifest: Mapping[str, Any] | None = None) -> Extract:
    """Return an extract as the API tells of it; `base` is the path of all extracts, `manifest` that of a done one."""
    url = f"{base}/{record.extract_id}"
    return Extract(
        extract_id=record.extract_id,
        customer_id=record.customer_id,
        product=record.product,
        request=json.loads(record.request),
        state=record.state,
        cause=record.cause,
        step=record.step,
        requested_by=record.requested_by if record.requested_by.startswith("key:") else "staff",
        requested_at=record.requested_at,
        changed_at=record.changed_at,
        published_version=record.version,
        notice=record.notice,
        rows=record.rows,
        bytes=record.bytes,
        expires_at=record.expires_at,
        delivered_to=record.delivered_to,
        url=url,
        manifest=_manifest_links(url, manifest) if manifest else None,
        files=_files(url, manifest["files"]) if manifest else [],
    )


def _manifest_links(url: str, manifest: Mapping[str, Any]) -> ManifestLinks:
    signed = "signature" in manifest
    return ManifestLinks(url=f"{url}/manifest", signature_url=f"{url}/manifest/signature" if signed else None)


def _files(url: str, files: Sequence[Mapping[str, Any]]) -> list[File]:
    return [
        File(
            name=file["path"],
            rows=file["rows"],
            bytes=file["bytes"],
            sha256=file["sha256"],
            url=f"{url}/files/{number}",
        )
        for number, file in enumerate(files)
    ]
