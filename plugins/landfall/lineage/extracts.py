"""Steps of extraction: a published version to a customer's files, which UNLOAD wrote, and their delivery."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from landfall.contracts.extract_product import ExtractProduct, ProductColumn
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines.changes import file_columns
from landfall.extract.engines.statements import file_rows
from landfall.extract.files.layout import MANIFEST, extract_prefix
from landfall.lineage.columns import query_columns
from landfall.lineage.naming import Dataset, Names
from landfall.lineage.origins import Origin, QueryColumns
from landfall.lineage.steps import Field, Read, Step, Written

_DIALECTS = {"redshift": "redshift", "athena": "athena"}


def extract_steps(manifest: Mapping[str, Any], product: ExtractProduct, names: Names, *, bucket: str) -> Iterator[Step]:
    """Yield the step that wrote the files which `manifest` (its JSON document) certifies, and the manifest itself.

    The columns are read from the SELECT that was unloaded.
    """
    request = ExtractRequest.from_json(manifest["request"])
    engine = manifest["engine"]
    sources = [manifest["published"], *([manifest["since"]] if "since" in manifest else [])]
    tables = [each["table"] for each in sources]
    fields = _fields(product.columns)
    columns = query_columns(
        file_rows(product, request, *tables),
        dialect=_DIALECTS[engine["name"]],
        schema={tables[0].partition(".")[0]: {table.partition(".")[2]: list(fields) for table in tables}},
    )
    written = _fields(file_columns(product, request))
    base = extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id)
    files = [
        _written(file, names.file(bucket, base + file["path"]), fields=written, columns=columns, resolve=names.lake)
        for file in manifest["files"]
    ]
    yield Step(
        job=f"extract_{product.product}_{request.format}",
        kind="EXTRACT",
        tool=engine["name"],
        at=datetime.fromisoformat(manifest["created_at"]),
        key=request.extract_id,
        reads=tuple(
            Read(
                dataset=names.lake(each["table"]),
                fields=tuple(fields.values()),
                version=None if each["snapshot_id"] is None else str(each["snapshot_id"]),
            )
            for each in sources
        ),
        writes=(*files, Written(dataset=names.file(bucket, base + MANIFEST))),
        statement_id=engine["statement_id"],
    )


def delivery_steps(
    manifest: Mapping[str, Any], product: ExtractProduct, names: Names, *, bucket: str, delivered_to: str
) -> Iterator[Step]:
    """Yield the step that copied what `manifest` certifies to the customer's own bucket, at `delivered_to` (s3://.../)."""
    request = ExtractRequest.from_json(manifest["request"])
    fields = _fields(file_columns(product, request))
    base = extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id)
    customers_bucket, _, folder = delivered_to.removeprefix("s3://").partition("/")
    files = [
        _written(
            file,
            names.file(customers_bucket, folder + file["path"]),
            fields=fields,
            columns=QueryColumns(
                fields={name: (Origin(table=base + file["path"], column=name),) for name in fields},
                tables=(base + file["path"],),
            ),
            resolve=partial(names.file, bucket),
        )
        for file in manifest["files"]
    ]
    yield Step(
        job=f"deliver_{product.product}",
        kind="DELIVERY",
        tool="s3",
        at=datetime.fromisoformat(manifest["created_at"]),
        key=request.extract_id,
        reads=tuple(
            Read(dataset=names.file(bucket, base + file["path"]), fields=tuple(fields.values()))
            for file in manifest["files"]
        ),
        writes=(*files, Written(dataset=names.file(customers_bucket, folder + MANIFEST))),
    )


def _written(
    file: Mapping[str, Any],
    dataset: Dataset,
    *,
    fields: Mapping[str, Field],
    columns: QueryColumns,
    resolve: Callable[[str], Dataset],
) -> Written:
    """Return a file, by its entry in the manifest, as it was written to `dataset`."""
    return Written(
        dataset=dataset,
        fields=tuple(fields.values()),
        columns=columns,
        resolve=resolve,
        rows=file["rows"],
        bytes=file["bytes"],
    )


def _fields(columns: Iterable[ProductColumn]) -> dict[str, Field]:
    return {each.name: Field(name=each.name, type=each.type, description=each.description) for each in columns}
