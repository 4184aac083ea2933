"""Extracts as workbooks: what another program finds in them is what Parquet has, and nothing else is left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from landfall.aws import s3
from landfall.contracts.extract_product import load_products
from landfall.errors import GateFailed, RequestError
from landfall.extract.door.pinning import Admission
from landfall.extract.engines import unload as unload_module
from landfall.extract.engines.unload import unload
from landfall.extract.files.layout import extract_prefix
from landfall.extract.proof.verify import verify
from landfall.settings import Settings

from tests.certifying import certify

from .conftest import admission_of


def _fetched(admission: Admission, settings: Settings, folder: Path) -> Path:
    """Play the run of `admission` and fetch all that it left to `folder`."""
    request, bucket = admission.request, settings.extracts_bucket
    unloaded = unload(admission, attempt=1, settings=settings)
    certify(unloaded, settings=settings)
    base = extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id)
    for found in list(s3.list_objects(bucket=bucket, prefix=base)):
        path = folder / found.key.removeprefix(base)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3.read_object(bucket=bucket, key=found.key))
    return folder


def _as_in_a_cell(value: Any) -> Any:
    """Return a value of Parquet as a workbook has it: a decimal as a number, a day as its midnight."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value


@pytest.mark.parametrize("product", ["orders", "daily_sales"])
def test_a_workbook_holds_what_parquet_holds(
    product: str,
    pinned_table: str,
    published_product: Callable[[str], str],
    settings: Settings,
    tmp_path: Path,
) -> None:
    table = pinned_table if product == "orders" else published_product(product)
    folder = _fetched(admission_of(table, "xlsx", product=product), settings, tmp_path / "xlsx")
    other = _fetched(admission_of(table, "parquet", product=product), settings, tmp_path / "parquet")

    assert verify(folder).problems == ()
    names = {str(path.relative_to(folder)) for path in folder.rglob("*.*") if path.suffix != ".sig"}
    assert names == {"manifest.json", f"attempt-1-xlsx/{product}.xlsx"}
    header, *rows = openpyxl.load_workbook(folder / "attempt-1-xlsx" / f"{product}.xlsx").active.values
    expected = [row for path in other.glob("attempt-1/*") for row in pq.ParquetFile(path).read().to_pylist()]
    assert list(header) == list(expected[0])
    assert [list(row) for row in rows] == [[_as_in_a_cell(value) for value in row.values()] for row in expected]


def test_points_in_time_are_in_the_zone_asked_for(pinned_table: str, settings: Settings, tmp_path: Path) -> None:
    admission = admission_of(pinned_table, "xlsx", time_zone="Europe/Berlin", columns=["order_id", "placed_at"])
    folder = _fetched(admission, settings, tmp_path)
    sheet = openpyxl.load_workbook(folder / "attempt-1-xlsx" / "orders.xlsx").active
    assert sheet["C2"].value == datetime(2026, 11, 20, 11, 0, 0, 123000)
    assert json.loads((folder / "manifest.json").read_bytes())["numbers_as_text"] == {"beyond_significant_digits": 15}


def test_more_rows_than_a_workbook_may_hold_are_refused_before_the_engine_writes(
    pinned_table: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    products = {name: replace(each, max_rows_xlsx=3) for name, each in load_products().items()}
    monkeypatch.setattr(unload_module, "load_products", lambda: products)
    admission = admission_of(pinned_table, "xlsx")
    with pytest.raises(RequestError, match=r"16 rows are more than the 3 that orders allows in xlsx; use csv"):
        unload(admission, attempt=1, settings=settings)


def test_the_outgoing_gate_holds_a_workbook_with_doubled_rows_back(
    pinned_with_doubles: str, settings: Settings
) -> None:
    unloaded = unload(admission_of(pinned_with_doubles, "xlsx"), attempt=1, settings=settings)
    with pytest.raises(GateFailed, match="expect_compound_columns_to_be_unique"):
        certify(unloaded, settings=settings)
