"""Read a workbook (XLSX) of one sheet back as its receiver's program would, row by row, as text."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final
from xml.etree import ElementTree

import pyarrow as pa  # type: ignore[import-untyped]

from landfall.errors import VerificationError

_SHEET: Final = "xl/worksheets/sheet1.xml"
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_EPOCH: Final = datetime(1899, 12, 30)
"""Day 0 of serial dates from March 1900 on."""

_ESCAPE: Final = re.compile("_x([0-9a-fA-F]{4})_")
_BATCH_ROWS: Final = 10_000

TextRow = list[str | None]


def read_workbook(path: Path, column_types: Mapping[str, str]) -> pa.Table:
    """Return the rows below the header of the only sheet as text columns: dates and times in ISO order, None for empty.

    Raises VerificationError when the header is another, or a cell holds anything but a value; zipfile.BadZipFile,
    KeyError or ElementTree.ParseError for a file that is no workbook.
    """
    schema = pa.schema([(name, pa.string()) for name in column_types])
    return pa.Table.from_batches(_batches(path, column_types, schema), schema)


def _batches(path: Path, column_types: Mapping[str, str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with zipfile.ZipFile(path) as archive:
        _refuse_other_parts(path, archive.namelist())
        with archive.open(_SHEET) as sheet:
            rows = _rows(path, sheet, list(column_types.values()))
            header = next(rows, [])
            if header != list(column_types):
                raise VerificationError(f"{path.name}: its header is {', '.join(str(cell) for cell in header)[:200]!r}")
            batch: list[TextRow] = []
            for row in rows:
                batch.append(row)
                if len(batch) == _BATCH_ROWS:
                    yield _record_batch(batch, schema)
                    batch = []
            yield _record_batch(batch, schema)


def _refuse_other_parts(path: Path, names: Sequence[str]) -> None:
    """Raise VerificationError for what may run or fetch: macros, connections, links to other books, more sheets."""
    sheets = [name for name in names if name.startswith("xl/worksheets/")]
    odd = [name for name in names if re.search(r"vba|macro|connection|externalLink|embed|activeX|_rels/sheet", name)]
    if odd or sheets != [_SHEET]:
        raise VerificationError(f"{path.name}: it has the parts {', '.join(odd or sheets)[:200]!r}")


def _record_batch(rows: Sequence[TextRow], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    return pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], schema=schema)


def _rows(path: Path, sheet: IO[bytes], types: Sequence[str]) -> Iterator[TextRow]:
    """Yield each row of the sheet, the header first."""
    is_header = True
    for _, element in ElementTree.iterparse(sheet):  # noqa: S314 - expat limits what entities swell to
        if element.tag == f"{_MAIN}hyperlinks":
            raise VerificationError(f"{path.name}: it has links")
        if element.tag != f"{_MAIN}row":
            continue
        row: TextRow = [None] * len(types)
        for cell in element:
            index = _column_index(cell.get("r", ""))
            if index >= len(types):
                raise VerificationError(f"{path.name}: it has more columns than {len(types)}")
            row[index] = _value(path, cell, "string" if is_header else types[index])
        element.clear()
        is_header = False
        yield row


def _column_index(reference: str) -> int:
    """Return the number, from 0, of the column of a cell such as AB12."""
    index = 0
    for letter in reference.rstrip("0123456789"):
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def _value(path: Path, cell: ElementTree.Element, kind: str) -> str | None:
    form = cell.get("t", "n")
    if cell.find(f"{_MAIN}f") is not None or form not in ("inlineStr", "n", "b"):
        raise VerificationError(f"{path.name}: the cell {cell.get('r')} is a formula or of the type {form}")
    if form == "inlineStr":
        return "".join(_ESCAPE.sub(_character, text.text or "") for text in cell.iter(f"{_MAIN}t"))
    number = cell.findtext(f"{_MAIN}v")
    if number is None:
        return None
    if form == "b":
        return "true" if number == "1" else "false"
    return _moment(number, kind) if kind in ("date", "timestamp") else number


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))


def _moment(serial: str, kind: str) -> str:
    """Return a serial number of days as the date or the millisecond it stands for."""
    days, _, rest = serial.partition(".")
    moment = _EPOCH + timedelta(days=int(days), milliseconds=round(float(f"0.{rest or 0}") * 86_400_000))
    return f"{moment:%Y-%m-%d}" if kind == "date" else moment.isoformat(" ", "milliseconds")
