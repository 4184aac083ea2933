"""Results of statements as files: the columns in the first line, then a row a line; read page by page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

from localcloud.redshift.api.fields import column_metadata, to_field
from localcloud.redshift.engine.result import Result, Row
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.wire.values import char_length, text_of

MAX_RESULT_BYTES = 500 * 1024 * 1024
"""The data API's quota "maximum size of a query result"."""
_PAGE_ROWS = 1_000
_PAGE_BYTES = 1024 * 1024
_FETCHED_ROWS = 1_000


@dataclass(frozen=True)
class Page:
    """Some of a result's rows; `following` is the number of the first row after them, None at the end."""

    metadata: list[dict[str, Any]]
    records: list[Any]
    following: int | None


def write(path: Path, result: Result, result_format: str) -> tuple[int, int]:
    """Store all rows of a result; gives rows and bytes. Raises RedshiftError 54000 when it is too large."""
    rows, size = 0, 0
    with path.open("w") as out:
        out.write(json.dumps([column_metadata(column) for column in result.columns or []]) + "\n")
        for row in _rows(result):
            line = json.dumps(_csv_line(row) if result_format == "CSV" else [to_field(value) for value in row])
            out.write(line + "\n")
            rows, size = rows + 1, size + len(line)
            if size > MAX_RESULT_BYTES:
                raise RedshiftError("54000", "The result of a statement can't be larger than 500 MB: use UNLOAD")
    return rows, size


def read(path: Path, start: int) -> Page:
    """The page that begins with row `start`: at most 1,000 rows and about 1 MB."""
    with path.open() as lines:
        metadata = json.loads(next(lines))
        records: list[Any] = []
        size = 0
        for number, line in enumerate(lines):
            if number < start:
                continue
            if len(records) == _PAGE_ROWS or size > _PAGE_BYTES:
                return Page(metadata, records, number)
            records.append(json.loads(line))
            size += len(line)
    return Page(metadata, records, None)


def _rows(result: Result) -> Iterator[Row]:
    lengths = [char_length(column) for column in result.columns or []]
    while rows := result.fetch(_FETCHED_ROWS):
        yield from (map(_filled, rows, repeat(lengths)) if any(lengths) else rows)


def _filled(row: Row, lengths: Sequence[int]) -> Row:
    """The values of CHAR columns with their blanks."""
    return tuple(
        value.ljust(length) if length and value is not None else value
        for value, length in zip(row, lengths, strict=True)
    )


def _csv_line(row: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(["" if value is None else text_of(value) for value in row])
    return text.getvalue()
