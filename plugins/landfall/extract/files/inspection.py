"""Read a finished file the way its receiver would, and count what must not be in it. Memory stays flat."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from landfall.errors import VerificationError
from landfall.extract.engines.masking import MASKED_PATTERNS
from landfall.extract.files.cells import FORMULA_STARTS
from landfall.extract.files.reading import DUCKDB_LIMITS, FileShape, file_as_view, quoted

_CHUNK_BYTES = 1024 * 1024
_COUNTS = 4
"""Figures that the statement counts before the keys."""

_BEHIND_ASCII_STARTS = chr(max(ord(start) for start in FORMULA_STARTS if start.isascii()) + 1)
_FIRST_WIDE_START = min(start for start in FORMULA_STARTS if not start.isascii())
"""Text is ordered by its code points: what begins a formula comes before the one, or is the other or comes after."""


@dataclass(frozen=True)
class FileFacts:
    """Counts of one file: rows, rows of another customer, cells that a spreadsheet would run, and cells of a masked

    column that are not masked.

    `first_key` and `last_key` are the key of its first and last row by column, as text; None in a file without rows.
    """

    rows: int
    foreign_rows: int
    formula_cells: int
    unmasked_cells: int
    first_key: Mapping[str, str | None] | None
    last_key: Mapping[str, str | None] | None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def inspect_file(path: Path, shape: FileShape) -> FileFacts:
    """Count every row of a file of one of the formats that must be of `shape`.

    Raises VerificationError if the file cannot be read as that or has other columns.
    """
    with duckdb.connect(config=dict(DUCKDB_LIMITS)) as reader, file_as_view(reader, path, shape) as view:
        return facts_of(view, shape, reader=reader)


def facts_of(view: str, shape: FileShape, *, reader: duckdb.DuckDBPyConnection) -> FileFacts:
    """Count every row of a view of `reader` that has the rows of a file of `shape`, in the file's order."""
    row = reader.execute(_count_statement(shape, view), [shape.customer_id]).fetchone()
    if row is None:
        raise VerificationError(f"{view}: cannot be counted")
    counts, keys = row[:_COUNTS], row[_COUNTS:]
    ends = (keys[: len(shape.key)], keys[len(shape.key) :])
    first, last = (dict(zip(shape.key, end, strict=True)) if counts[0] else None for end in ends)
    rows, foreign, formulas, unmasked = (int(count or 0) for count in counts)
    return FileFacts(rows, foreign, formulas, unmasked, first, last)


def _count_statement(shape: FileShape, view: str) -> str:
    """Return the one statement that counts a file; names come from a product, and are quoted."""
    texts = [quoted(name) for name, kind in shape.column_types.items() if kind == "string"]
    # Only a spreadsheet runs cells, and it opens no Parquet; a formula in a workbook is no text, and not read at all.
    if shape.file_format != "csv":
        texts = []
    codes = ", ".join(str(ord(character)) for character in FORMULA_STARTS)
    formula = [f"(length({text}) > 0 and unicode({text}) in ({codes}))" for text in texts]
    # Most cells begin with a letter. That is known by their first bytes, which are compared in a fraction of the time.
    early = " or ".join(f"{text} < '{_BEHIND_ASCII_STARTS}' or {text} >= '{_FIRST_WIDE_START}'" for text in texts)
    formula_cells = f"sum(case when {early} then {_total(formula)} else 0 end)" if texts else "0"
    # A cell of any type as text; an empty one hides all there is.
    unmasked = [
        f"not regexp_full_match(coalesce({quoted(name)}::varchar, ''), '({MASKED_PATTERNS[mask]})?')"
        for name, mask in shape.masks.items()
    ]
    # One thread reads a file from its beginning to its end, so that these are its first and last rows.
    ends = [f"{end}({quoted(name)}::varchar)" for end in ("first", "last") for name in shape.key]
    counted = [
        "count(*)",
        f"count(*) filter (where {quoted(shape.customer_column)} is distinct from ?)",
        formula_cells,
        f"sum({_total(unmasked)})",
        *ends,
    ]
    return f"select {', '.join(counted)} from {view}"  # noqa: S608


def _total(conditions: list[str]) -> str:
    """Return the expression that counts how many of the conditions hold for a row; NULL counts as no."""
    return " + ".join(["0", *(f"coalesce({condition}::bigint, 0)" for condition in conditions)])
