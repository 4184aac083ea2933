"""Workbooks: text is text whatever it looks like, no digit is lost, the same rows give the same bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landfall.errors import RequestError, VerificationError
from landfall.extract.door.options import FileOptions
from landfall.extract.files.inspection import inspect_file
from landfall.extract.files.reading import FileShape
from landfall.extract.files.workbook import write_workbook
from landfall.extract.files.workbook_reading import read_workbook
from openpyxl.utils.escape import unescape  # type: ignore[import-untyped]

AT = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
TYPES = {
    "customer_id": "string",
    "note": "string",
    "amount_cents": "integer",
    "rate": "decimal(18,8)",
    "is_new": "boolean",
    "day": "date",
    "at": "timestamp",
}
SHAPE = FileShape(
    file_format="xlsx",
    options=FileOptions(compression="none"),
    column_types=TYPES,
    customer_column="customer_id",
    customer_id="cus_000042",
    key=("day", "amount_cents"),
    masks={},
)
HOSTILE = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+49",
    "-5",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "0012",
    "1e5",
    "TRUE",
    "http://example.com/?q=1",
    "mailto:a@example.com",
    "internal:Sheet1!A1",
    "{=SUM(A1)}",
    "<r><t>x</t></r>",
    "<r></r></is></c><c r='B9'><f>1+1</f></c><c><is><r></r>",
    "_x0041_",
    "_x0041_x0042_",
    "<r>\x01_x0041_</r>",
    "_x005F_x0041_",
    "\x01\x1f\ufffe",
    " blank at both ends ",
    "two\nlines\r\n",
    "äöü 漢字 🙂 \u202e",
]
TEXT = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    st.text("<r>/_x0041BF=+-@'\"&;", max_size=20),
)


def _write(folder: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path = folder / "orders.xlsx"
    write_workbook(path, rows, TYPES, sheet="orders", made_at=AT)
    return path


def _notes(folder: Path, notes: Sequence[str]) -> Path:
    return _write(folder, [{"customer_id": "cus_000042", "note": note} for note in notes])


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXT.filter(bool), min_size=1, max_size=30))
def test_any_text_comes_back_as_it_was(tmp_path: Path, notes: list[str]) -> None:
    path = _notes(tmp_path, notes)
    assert read_workbook(path, TYPES).column("note").to_pylist() == notes


def test_another_reader_finds_text_and_no_formula_and_no_link(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(_notes(tmp_path, HOSTILE)).active
    cells = [row[1] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"} or {cell.data_type for cell in cells} == {"inlineStr"}
    assert [cell.hyperlink for cell in cells] == [None] * len(HOSTILE)
    assert [unescape(cell.value).replace("\r", "") for cell in cells] == [note.replace("\r", "") for note in HOSTILE]
    # Where somebody edits such a cell, an apostrophe that is no part of the text keeps it text.
    assert [cell.quotePrefix for cell in cells[:7]] == [True] * 7 and not cells[7].quotePrefix


def test_numbers_dates_and_truths_are_cells_of_their_kinds(tmp_path: Path) -> None:
    row = {
        "customer_id": "cus_000042",
        "amount_cents": -1999,
        "rate": Decimal("1.25000000"),
        "is_new": False,
        "day": "2026-11-20",
        "at": "2026-11-20 10:00:00.123",
    }
    path = _write(tmp_path, [row])
    (header, cells) = list(openpyxl.load_workbook(path).active.iter_rows())
    assert [cell.value for cell in header] == list(TYPES)
    assert [cell.value for cell in cells] == [
        "cus_000042",
        None,
        -1999,
        1.25,
        False,
        datetime(2026, 11, 20),
        datetime(2026, 11, 20, 10, 0, 0, 123000),
    ]
    assert [cell.number_format for cell in cells[2:]] == [
        "0",
        "0.00000000",
        "General",
        "yyyy\\-mm\\-dd" if "\\" in cells[5].number_format else "yyyy-mm-dd",
        cells[6].number_format,
    ]
    assert cells[6].number_format.endswith("hh:mm:ss.000")
    assert read_workbook(path, TYPES).to_pylist() == [
        {
            "customer_id": "cus_000042",
            "note": None,
            "amount_cents": "-1999",
            "rate": "1.25",
            "is_new": "false",
            "day": "2026-11-20",
            "at": "2026-11-20 10:00:00.123",
        }
    ]


@pytest.mark.parametrize(
    ("column", "value", "cell"),
    [
        ("amount_cents", 999_999_999_999_999, 999_999_999_999_999),
        ("amount_cents", -1_000_000_000_000_001, "-1000000000000001"),
        ("amount_cents", 12_000_000_000_000_000, "12000000000000000"),
        ("rate", Decimal("1234567.12345678"), 1234567.12345678),
        ("rate", Decimal("12345678.12345678"), "12345678.12345678"),
        ("rate", Decimal("0.00000001"), 0.00000001),
        ("day", "1899-12-31", "1899-12-31"),
        ("day", "1900-03-01", datetime(1900, 3, 1)),
        ("at", "1900-02-28 23:59:59.999", "1900-02-28 23:59:59.999"),
        ("at", "2099-12-31 23:59:59.999", datetime(2099, 12, 31, 23, 59, 59, 999000)),
    ],
)
def test_what_a_number_would_lose_is_text(tmp_path: Path, column: str, value: Any, cell: Any) -> None:
    path = _write(tmp_path, [{"customer_id": "cus_000042", column: value}])
    found = openpyxl.load_workbook(path).active.cell(2, list(TYPES).index(column) + 1).value
    assert (type(found), found) == (type(cell), cell)
    assert read_workbook(path, TYPES).column(column).to_pylist() == [str(value)] or isinstance(cell, float)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.datetimes(datetime(1900, 3, 1), datetime(2100, 1, 1)))
def test_every_millisecond_comes_back(tmp_path: Path, moment: datetime) -> None:
    text = moment.isoformat(" ", "milliseconds")
    path = _write(tmp_path, [{"customer_id": "cus_000042", "at": text, "day": text[:10]}])
    (row,) = read_workbook(path, TYPES).to_pylist()
    assert (row["at"], row["day"]) == (text, str(date.fromisoformat(text[:10])))


def test_a_text_longer_than_a_cell_is_refused_and_never_cut(tmp_path: Path) -> None:
    _notes(tmp_path, ["x" * 32_767])
    for long in ("x" * 32_768, "\U0001f642" * 16_384, "<r>" + "x" * 32_768 + "</r>"):
        with pytest.raises(RequestError, match="a text of note is longer than the 32767 characters"):
            _notes(tmp_path, [long])


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    first = _notes(tmp_path, HOSTILE).read_bytes()
    assert _notes(tmp_path, HOSTILE).read_bytes() == first


def test_the_inspection_counts_rows_and_those_of_others(tmp_path: Path) -> None:
    rows = [{"customer_id": f"cus_00004{2 + n % 3}", "day": f"2026-11-{10 + n}", "amount_cents": n} for n in range(20)]
    facts = inspect_file(_write(tmp_path, rows), SHAPE)
    assert (facts.rows, facts.foreign_rows, facts.formula_cells) == (20, 13, 0)
    assert facts.first_key == {"day": "2026-11-10", "amount_cents": "0"}
    assert facts.last_key == {"day": "2026-11-29", "amount_cents": "19"}


def test_the_inspection_finds_cells_of_a_masked_column(tmp_path: Path) -> None:
    path = _notes(tmp_path, ["a", "b"])
    assert inspect_file(path, replace(SHAPE, masks={"note": "empty"})).unmasked_cells == 2


def test_a_workbook_without_rows_has_its_header(tmp_path: Path) -> None:
    assert inspect_file(_write(tmp_path, []), SHAPE).rows == 0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            b'<c r="A2" t="inlineStr"><is><t>cus_000042</t></is></c>',
            b'<c r="A2"><f>1+1</f><v>2</v></c>',
            "is a formula",
        ),
        (b"</sheetData>", b'</sheetData><hyperlinks><hyperlink ref="A2"/></hyperlinks>', "has links"),
        (b"<t>customer_id</t>", b"<t>order_id</t>", "its header is"),
        (b'r="B2"', b'r="ZZ2"', "more columns"),
        (b"</sheetData>", b"", "cannot be read as xlsx: ParseError"),
    ],
    ids=["formula", "link", "header", "column", "broken"],
)
def test_a_workbook_that_was_changed_is_refused(tmp_path: Path, old: bytes, new: bytes, words: str) -> None:
    path, forged = _notes(tmp_path, ["a"]), tmp_path / "forged.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(forged, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert old in content
                content = content.replace(old, new)
            target.writestr(name, content)
    with pytest.raises(VerificationError, match=words):
        inspect_file(forged, SHAPE)


def test_a_workbook_with_a_macro_is_refused(tmp_path: Path) -> None:
    path = _notes(tmp_path, ["a"])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    with pytest.raises(VerificationError, match="vbaProject"):
        inspect_file(path, SHAPE)


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsx"
    path.write_bytes(b"order_id,note\n")
    with pytest.raises(VerificationError, match="cannot be read as xlsx: BadZipFile"):
        inspect_file(path, SHAPE)
