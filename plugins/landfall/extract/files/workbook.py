"""Write rows as a workbook (XLSX) in which nothing runs: text is text, numbers are numbers, and memory stays flat.

XlsxWriter guesses nothing where it is told the type of each cell, and writes formulas and links only where asked to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from landfall.errors import RequestError
from landfall.extract.files.cells import FORMULA_STARTS

SIGNIFICANT_DIGITS: Final = 15
"""Digits of a number that a spreadsheet keeps (https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3)."""

LONGEST_TEXT: Final = 32_767
"""UTF-16 units that a cell can hold, by the same page."""

_FIRST_DATE: Final = date(1900, 3, 1)
"""Spreadsheets count a 29th of February 1900, so that days before mean different things to different ones."""

_SHEET_NAME_CHARACTERS: Final = 31
_WIDTHS: Final = {"timestamp": 24, "date": 12, "string": 20}
_UNSAFE: Final = re.compile("[\\x00-\\x08\\x0b-\\x1f\ufffe\uffff]|_(?=x[0-9a-fA-F]{4}_)")
"""What is written as _xHHHH_ (ECMA-376 part 1, 22.9.2.19): what is no XML, an underscore that begins such an escape."""


Row = Mapping[str, Any]
"""A row of JSON values by column: numbers as int or Decimal, dates and points in time as text in ISO order."""


def write_workbook(
    path: Path, rows: Iterable[Row], column_types: Mapping[str, str], *, sheet: str, made_at: datetime
) -> None:
    """Write `rows` below a header of the columns to a workbook of one sheet at `path`.

    `column_types` are logical types of contracts in the order of the columns; `made_at` is told as the time of making,
    so that the same rows give the same bytes. Raises RequestError for text that fits no cell.
    """
    options = {"constant_memory": True, "tmpdir": str(path.parent)}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": made_at.astimezone(UTC).replace(tzinfo=None)})
        writer = _SheetWriter(book, book.add_worksheet(sheet[:_SHEET_NAME_CHARACTERS], _Sheet), column_types)
        writer.write_header()
        for number, row in enumerate(rows, start=1):
            writer.write_row(number, row)


class _SheetWriter:
    def __init__(self, book: Any, sheet: Any, column_types: Mapping[str, str]) -> None:
        self._sheet = sheet
        self._columns = list(column_types.items())
        self._quoted = book.add_format({"quote_prefix": True})
        self._writers: list[Callable[[int, int, Any], None]] = [self._writer(book, kind) for _, kind in self._columns]

    def write_header(self) -> None:
        for index, (name, kind) in enumerate(self._columns):
            self._sheet.set_column(index, index, _WIDTHS.get(kind, len(name) + 2))
            self._sheet.write_string(0, index, name)
        self._sheet.freeze_panes(1, 0)

    def write_row(self, number: int, row: Row) -> None:
        for index, (name, _) in enumerate(self._columns):
            value = row.get(name)
            if value is not None:
                self._writers[index](number, index, value)

    def _writer(self, book: Any, kind: str) -> Callable[[int, int, Any], None]:
        """Return what writes cells of a logical type."""
        if kind in ("date", "timestamp"):
            has_time = kind == "timestamp"
            shown = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000" if has_time else "yyyy-mm-dd"})
            return lambda row, index, text: self._write_moment(row, index, text, shown)
        if kind == "boolean":
            return lambda row, index, value: self._checked(self._sheet.write_boolean(row, index, value), index)
        if kind == "string":
            return self._write_text
        scale = int(kind.rstrip(")").partition(",")[2] or 0)
        digits = book.add_format({"num_format": f"0.{'0' * scale}" if scale else "0"})
        return lambda row, index, value: self._write_number(row, index, value, digits)

    def _write_number(self, row: int, index: int, value: int | Decimal, digits: Any) -> None:
        exact = Decimal(value)
        if max(exact.adjusted() + 1, len(exact.normalize().as_tuple().digits)) > SIGNIFICANT_DIGITS:
            self._write_text(row, index, format(exact, "f"))
        else:
            self._checked(self._sheet.write_number(row, index, float(exact), digits), index)

    def _write_moment(self, row: int, index: int, text: str, shown: Any) -> None:
        moment = datetime.fromisoformat(text)
        if moment.date() < _FIRST_DATE:
            self._write_text(row, index, text)
        else:
            self._checked(self._sheet.write_datetime(row, index, moment, shown), index)

    def _write_text(self, row: int, index: int, text: str) -> None:
        # An apostrophe that is no part of the text keeps it text when somebody edits the cell.
        words = [self._quoted] if text[:1] and text[0] in FORMULA_STARTS else []
        self._checked(self._sheet.write_string(row, index, text, *words), index)

    def _checked(self, outcome: int, index: int) -> None:
        """Raise RequestError for a cell that was left out: XlsxWriter warns of those and goes on."""
        if outcome != 0:
            raise RequestError(
                f"format: a text of {self._columns[index][0]} is longer than the {LONGEST_TEXT} characters that a cell "
                "of xlsx holds; use csv, or leave the column out"
            )


class _Sheet(Worksheet):  # type: ignore[misc]
    """XlsxWriter's worksheet in which text always is that text. Tests hold on to the names that are overridden.

    Its own takes a text between <r> and </r> for markup, by which a customer's text could put in any cell at all, and
    escapes only the first of two escapes that share an underscore.
    """

    def _xml_rich_inline_string(self, string: str, attributes: Any) -> None:
        self._xml_inline_string(string, True, attributes)

    @staticmethod
    def _escape_control_characters(data: object) -> str:
        return _UNSAFE.sub(_escaped, str(data))


def _escaped(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"
