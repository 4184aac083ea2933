"""Rows of a result file as the JSON that GetQueryResults gives, made without an object for each cell."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

Row = list[str | None]
_PLAIN = re.compile(r'"[^"\\\x00-\x1f]*"(?:,"[^"\\\x00-\x1f]*")*')
"""A line without NULL, and with nothing in its texts that CSV or JSON would escape: most lines."""
_CELL = re.compile(r'"((?:[^"]|"")*)"|([^,"\n]*)')


def rows_json(lines: Sequence[str], *, is_csv: bool) -> str:
    """The `Rows` array for lines of a CSV file, or for lines that are one cell each.

    Raises ValueError where a line is none of a result file.
    """
    return f"[{','.join([_csv_row(line) if is_csv else _row([line]) for line in lines])}]"


def _csv_row(line: str) -> str:
    if not _PLAIN.fullmatch(line):
        return _row(_cells(line))
    # Seen from behind the first quote, the next `","` is always the border of two cells.
    cells = line[1:-1].replace('","', '"},{"VarCharValue":"')
    return f'{{"Data":[{{"VarCharValue":"{cells}"}}]}}'


def _row(cells: Row) -> str:
    data = [{} if cell is None else {"VarCharValue": cell} for cell in cells]
    return json.dumps({"Data": data}, ensure_ascii=False, separators=(",", ":"))


def _cells(line: str) -> Row:
    """The cells of a CSV line: a quoted one is text, an empty one NULL."""
    cells: Row = []
    position = 0
    while True:
        match = _CELL.match(line, position)
        if match is None:
            raise ValueError(f"the result is broken at {position}")
        cells.append(match[1].replace('""', '"') if match[1] is not None else None)
        position = match.end()
        if position >= len(line):
            return cells
        if line[position] != ",":
            raise ValueError(f"the result is broken at {position}")
        position += 1
