"""Read a finished file the way its receiver would, and count what must not be in it. Memory stays flat."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from landfall.contracts.extract_product import Mask
from landfall.errors import VerificationError
from landfall.extract.masking import MASKED_PATTERNS
from landfall.extract.statements import FORMULA_STARTS

_CHUNK_BYTES = 1024 * 1024
_MEMORY_LIMIT = "512MB"
_COUNTS = 5
"""Figures that the statement counts before the keys."""


@dataclass(frozen=True, kw_only=True)
class FileShape:
    """What the files of an extract must look like: their format, their columns' types in order, and whose rows.

    `key` are the columns that the rows are sorted by, those of them that the files have; `masks` the masked columns.
    """

    file_format: str
    column_types: Mapping[str, str]
    customer_column: str
    customer_id: str
    key: tuple[str, ...]
    masks: Mapping[str, Mask]


@dataclass(frozen=True)
class FileFacts:
    """Counts of one file: rows, rows of another customer, and cells of three kinds.

    Those that a spreadsheet would run, those that break a line, and those of a masked column that are not masked.

    `first_key` and `last_key` are the key of its first and last row by column, as text; None in a file without rows.
    """

    rows: int
    foreign_rows: int
    formula_cells: int
    line_break_cells: int
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
    """Count every row of a CSV (gzip) or Parquet file that must be of `shape`.

    Raises VerificationError if the file cannot be read as that or has other columns.
    """
    try:
        with duckdb.connect(config={"memory_limit": _MEMORY_LIMIT, "threads": 1}) as reader:
            is_csv = shape.file_format == "csv"
            relation = _csv(reader, path, shape.column_types) if is_csv else _parquet(reader, path)
            if list(relation.columns) != list(shape.column_types):
                raise VerificationError(f"{path.name}: its columns are {', '.join(relation.columns)}")
            relation.create_view("extract_file")
            row = reader.execute(_count_statement(shape), [shape.customer_id]).fetchone()
    except (duckdb.Error, OSError, EOFError, csv.Error, UnicodeDecodeError) as error:
        raise VerificationError(
            f"{path.name}: cannot be read as {shape.file_format}: {type(error).__name__}"
        ) from error
    if row is None:
        raise VerificationError(f"{path.name}: cannot be counted")
    counts, keys = row[:_COUNTS], row[_COUNTS:]
    ends = (keys[: len(shape.key)], keys[len(shape.key) :])
    first, last = (dict(zip(shape.key, end, strict=True)) if counts[0] else None for end in ends)
    rows, foreign, formulas, breaks, unmasked = (int(count or 0) for count in counts)
    return FileFacts(rows, foreign, formulas, breaks, unmasked, first, last)


def _csv(reader: duckdb.DuckDBPyConnection, path: Path, column_types: Mapping[str, str]) -> duckdb.DuckDBPyRelation:
    """Return a gzip CSV file as a relation of text columns, with the names that its own header has."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        header = next(csv.reader(file), [])
    names = header if len(header) == len(column_types) else list(column_types)
    if names != header:
        raise VerificationError(f"{path.name}: its header is {', '.join(header)[:200]!r}")
    return reader.read_csv(
        str(path),
        header=True,
        compression="gzip",
        delimiter=",",
        quotechar='"',
        escapechar='"',
        auto_detect=False,
        columns=dict.fromkeys(names, "VARCHAR"),
        parallel=False,
    )


def _parquet(reader: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    return reader.read_parquet(str(path))


def _count_statement(shape: FileShape) -> str:
    """Return the one statement that counts a file; names come from a product, and are quoted."""
    texts = [_quoted(name) for name, kind in shape.column_types.items() if kind == "string"]
    if shape.file_format != "csv":  # only a spreadsheet runs cells, and it opens no Parquet
        texts = []
    codes = ", ".join(str(ord(character)) for character in FORMULA_STARTS)
    formula = [f"(length({text}) > 0 and unicode({text}) in ({codes}))" for text in texts]
    broken = [f"(contains({text}, chr(10)) or contains({text}, chr(13)))" for text in texts]
    # A cell of any type as text; an empty one hides all there is.
    unmasked = [
        f"not regexp_full_match(coalesce({_quoted(name)}::varchar, ''), '({MASKED_PATTERNS[mask]})?')"
        for name, mask in shape.masks.items()
    ]
    # One thread reads a file from its beginning to its end, so that these are its first and last rows.
    ends = [f"{end}({_quoted(name)}::varchar)" for end in ("first", "last") for name in shape.key]
    counted = [
        "count(*)",
        f"count(*) filter (where {_quoted(shape.customer_column)} is distinct from ?)",
        _sum(formula),
        _sum(broken),
        _sum(unmasked),
        *ends,
    ]
    return f"select {', '.join(counted)} from extract_file"  # noqa: S608


def _sum(conditions: list[str]) -> str:
    """Return the expression that counts in how many cells of all rows a condition holds; NULL counts as no."""
    return "sum(" + " + ".join(["0", *(f"coalesce({condition}::bigint, 0)" for condition in conditions)]) + ")"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
