"""Read a finished file the way its receiver would, and count what must not be in it. Memory stays flat."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
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
_FORMULA_CELLS, _UNMASKED_CELLS = '"formula cells"', '"unmasked cells"'
"""Figures of a row: no product has a column with a blank in its name."""

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
        return facts_of(f"({examined(view, shape)})", shape, reader=reader)


def examined(view: str, shape: FileShape, *, besides: Collection[str] = ()) -> str:
    """Return the query of the rows of a view of a file of `shape`, each with its figures that `facts_of` sums.

    Of its columns it has those that `facts_of` looks at, and `besides`. Names come from a product, and are quoted.
    """
    kept = {shape.customer_column, *shape.key, *besides}
    cells = [quoted(name) for name in shape.column_types if name in kept]
    figures = [f"{_formula_cells(shape)} as {_FORMULA_CELLS}", f"{_unmasked_cells(shape)} as {_UNMASKED_CELLS}"]
    return f"select {', '.join([*cells, *figures])} from {view}"  # noqa: S608


def facts_of(rows: str, shape: FileShape, *, reader: duckdb.DuckDBPyConnection) -> FileFacts:
    """Sum up the rows that `examined` gives of a file of `shape`, in the file's order; `rows` is how SQL names them."""
    # One thread reads a file from its beginning to its end, so that these are its first and last rows.
    ends = [f"{end}({quoted(name)}::varchar)" for end in ("first", "last") for name in shape.key]
    counted = [
        "count(*)",
        f"count(*) filter (where {quoted(shape.customer_column)} is distinct from ?)",
        f"sum({_FORMULA_CELLS})",
        f"sum({_UNMASKED_CELLS})",
        *ends,
    ]
    row = reader.execute(f"select {', '.join(counted)} from {rows}", [shape.customer_id]).fetchone()  # noqa: S608
    if row is None:
        raise VerificationError(f"{rows}: cannot be counted")
    counts, keys = row[:_COUNTS], row[_COUNTS:]
    ends_of = (keys[: len(shape.key)], keys[len(shape.key) :])
    first, last = (dict(zip(shape.key, end, strict=True)) if counts[0] else None for end in ends_of)
    count, foreign, formulas, unmasked = (int(each or 0) for each in counts)
    return FileFacts(count, foreign, formulas, unmasked, first, last)


def _formula_cells(shape: FileShape) -> str:
    """Return the expression that counts a row's cells that a spreadsheet would run."""
    texts = [quoted(name) for name, kind in shape.column_types.items() if kind == "string"]
    # Only a spreadsheet runs cells, and it opens no Parquet; a formula in a workbook is no text, and not read at all.
    if shape.file_format != "csv" or not texts:
        return "0"
    codes = ", ".join(str(ord(character)) for character in FORMULA_STARTS)
    formula = [f"(length({text}) > 0 and unicode({text}) in ({codes}))" for text in texts]
    # Most cells begin with a letter. That is known by their first bytes, which are compared in a fraction of the time.
    early = " or ".join(f"{text} < '{_BEHIND_ASCII_STARTS}' or {text} >= '{_FIRST_WIDE_START}'" for text in texts)
    return f"case when {early} then {_total(formula)} else 0 end"


def _unmasked_cells(shape: FileShape) -> str:
    """Return the expression that counts a row's cells that are not masked, and should be."""
    # A cell of any type as text; an empty one hides all there is.
    unmasked = [
        f"not regexp_full_match(coalesce({quoted(name)}::varchar, ''), '({MASKED_PATTERNS[mask]})?')"
        for name, mask in shape.masks.items()
    ]
    return _total(unmasked)


def _total(conditions: list[str]) -> str:
    """Return the expression that counts how many of the conditions hold for a row; NULL counts as no."""
    return " + ".join(["0", *(f"coalesce({condition}::bigint, 0)" for condition in conditions)])
