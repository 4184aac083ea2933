"""Extract files against the account: equal content passes, any difference is named."""

from __future__ import annotations

import csv
import gzip
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from localcloud.demo.account import OrderLine
from localcloud.demo.errors import DemoError
from localcloud.demo.extracts import Downloaded, compare, verify

LINE = OrderLine(
    order_id="ord_0123456789ab",
    line_number=1,
    customer_id="cus_000007",
    shopper_id="shp_00000001",
    status="shipped",
    sku="SKU-0001",
    quantity=2,
    unit_price_cents=150,
    line_total_cents=300,
    currency="EUR",
    note="=1+1",
    placed_at=datetime(2026, 11, 19, 8, 0, 0, 123000),
    updated_at=datetime(2026, 11, 20, 8, 0),
)
LINES = [LINE, replace(LINE, line_number=2, note="two\nlines, öäü 🎁"), replace(LINE, line_number=3, note=None)]


def as_text(line: OrderLine) -> dict[str, str]:
    """Write a row as Redshift's UNLOAD does, with risky cells made harmless."""
    row = {name: "" if value is None else str(value) for name, value in asdict(line).items()}
    row["note"] = f"'{row['note']}" if row["note"].startswith("=") else row["note"]
    for name in ("placed_at", "updated_at"):
        row[name] = f"{getattr(line, name):%Y-%m-%d %H:%M:%S}.{getattr(line, name).microsecond // 1000:03d}"
    return row


def csv_extract(folder: Path, rows: list[dict[str, str]]) -> Downloaded:
    path = folder / "part-000.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return Downloaded(folder / "manifest.json", {}, (path,))


def parquet_extract(folder: Path, rows: list[dict[str, Any]]) -> Downloaded:
    path = folder / "part-000"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return Downloaded(folder / "manifest.json", {}, (path,))


def test_equal_csv_rows_pass(tmp_path: Path) -> None:
    assert compare(csv_extract(tmp_path, [as_text(line) for line in LINES]), LINES) == (3, [])


def test_equal_parquet_rows_pass_in_any_order(tmp_path: Path) -> None:
    assert compare(parquet_extract(tmp_path, [asdict(line) for line in reversed(LINES)]), LINES) == (3, [])


def test_a_formula_that_was_not_made_harmless_is_a_difference(tmp_path: Path) -> None:
    rows = [as_text(LINES[0]) | {"note": "=1+1"}]
    assert compare(csv_extract(tmp_path, rows), LINES[:1])[1] == ["('ord_0123456789ab', 1) differs in note"]


@pytest.mark.parametrize("column", ["status", "quantity", "updated_at"])
def test_a_changed_cell_is_a_difference(tmp_path: Path, column: str) -> None:
    changed = {"status": "placed", "quantity": 3, "updated_at": datetime(2026, 1, 1)}[column]
    rows = [asdict(LINE) | {column: changed}]
    assert compare(parquet_extract(tmp_path, rows), [LINE])[1] == [f"('ord_0123456789ab', 1) differs in {column}"]


def test_rows_too_few_foreign_or_twice_are_differences(tmp_path: Path) -> None:
    foreign = asdict(replace(LINE, order_id="ord_ffffffffffff"))
    assert compare(parquet_extract(tmp_path, [asdict(LINES[0])]), LINES)[1] == ["1 rows instead of 3"]
    assert "was never sent" in compare(parquet_extract(tmp_path, [foreign]), LINES[:1])[1][0]
    assert compare(parquet_extract(tmp_path, [asdict(LINE)] * 2), LINES[:1])[1] == ["2 rows instead of 1"]


@pytest.mark.parametrize(
    ("verdict", "objection"),
    [
        ("verified: extract x: 3 rows in 1 files, signature good", None),
        ("verified: extract x: 3 rows in 1 files, signature NOT CHECKED: give the public key", "signature good"),
        ("NOT VERIFIED: extract x", "failed"),
    ],
)
def test_an_extract_whose_signature_was_not_found_good_is_no_success(
    tmp_path: Path, verdict: str, objection: str | None
) -> None:
    landfall = tmp_path / "landfall"
    landfall.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = signing-key ]; then echo PEM; exit; fi\n'
        '[ "$1" = verify ] && [ "$3" = --key ] && [ "$(cat "$4")" = PEM ] || exit 2\n'
        f"echo 'file rows'; echo '{verdict}'\n"
        f"case '{verdict}' in NOT*) exit 1;; esac\n"
    )
    landfall.chmod(0o700)
    downloaded = Downloaded(tmp_path / "manifest.json", {}, ())
    if objection is None:
        assert verify(downloaded, landfall) == verdict
    else:
        with pytest.raises(DemoError, match=objection):
            verify(downloaded, landfall)
