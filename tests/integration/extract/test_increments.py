"""Incremental extracts on both engines: the first files with the changes put upon them by key are the later ones."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from landfall.aws import s3
from landfall.extract.door.pinning import Admission, PinnedDataset
from landfall.extract.engines.unload import unload
from landfall.extract.files.layout import extract_prefix
from landfall.extract.proof.verify import verify
from landfall.settings import Settings

from tests.certifying import certify

from .conftest import CUSTOMER, NOTES, OTHER, _row, admission_of, published_rows

KEY = ("order_id", "line_number")
Row = dict[str, Any]


def _files(admission: Admission, settings: Settings, folder: Path) -> dict[Any, Row]:
    """Play the run of `admission`, verify what it left, and return the rows by their key."""
    request, bucket = admission.request, settings.extracts_bucket
    unloaded = unload(admission, attempt=1, settings=settings)
    certify(unloaded, settings=settings)
    base = extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id)
    folder = folder / request.extract_id
    for found in list(s3.list_objects(bucket=bucket, prefix=base)):
        path = folder / found.key.removeprefix(base)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3.read_object(bucket=bucket, key=found.key))
    assert verify(folder).problems == ()
    rows = [row for path in folder.glob("attempt-1/*") for row in _read(path)]
    assert {row["customer_id"] for row in rows} <= {CUSTOMER}
    found_rows = {tuple(row[name] for name in KEY): row for row in rows}
    assert len(found_rows) == len(rows)
    return found_rows


def _read(path: Path) -> list[Row]:
    if path.suffix == ".gz":
        return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    return list(pq.ParquetFile(path).read().to_pylist())


@pytest.mark.parametrize("file_format", ["jsonl", "parquet"])
def test_changes_put_upon_the_first_extract_make_the_second(
    file_format: str, settings: Settings, tmp_path: Path
) -> None:
    both = [(customer, note) for customer in (CUSTOMER, OTHER) for note in range(len(NOTES))]
    before = [_row(customer, 0, note) for customer, note in both]
    # Of both customers one row goes, one changes, one comes, and one is refunded, which the filter lets not pass.
    after = [
        *(_row(customer, 0, note) for customer, note in both if note > 2),
        *(_row(customer, 0, 1).replace("'paid', 'SKU-1', 2", "'paid', 'SKU-1', 3") for customer in (CUSTOMER, OTHER)),
        *(_row(customer, 0, 2).replace("'paid'", "'refunded'") for customer in (CUSTOMER, OTHER)),
        *(_row(customer, 1, 0) for customer in (CUSTOMER, OTHER)),
    ]
    old, new = published_rows(settings, before), published_rows(settings, after)
    first = admission_of(next(old), file_format, status="paid")
    second = admission_of(next(new), file_format, status="paid")
    changes = replace(
        second,
        request=replace(second.request, extract_id=f"{second.request.extract_id}-c", since="1"),
        pinned=PinnedDataset(**{**second.to_json()["pinned"], "version": 2}),
        base=first.pinned,
    )

    applied = _files(first, settings, tmp_path)
    told = _files(changes, settings, tmp_path)

    assert sorted(row["_change"] for row in told.values()) == ["delete", "delete", "upsert", "upsert"]
    for key, row in told.items():
        if row.pop("_change") == "delete":
            assert {name for name, value in row.items() if value is not None} == {*KEY, "customer_id"}
            del applied[key]
        else:
            applied[key] = row
    assert applied == _files(second, settings, tmp_path)
    for published in (old, new):
        next(published, None)
