"""Read a finished file the way its receiver would, and count what must not be in it. Memory stays flat."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from landfall.errors import VerificationError
from landfall.extract.statements import FORMULA_STARTS

_CHUNK_BYTES = 1024 * 1024
_MEMORY_LIMIT = "512MB"


@dataclass(frozen=True)
class FileFacts:
    """Counts of one file: rows, rows of another customer, cells a spreadsheet would run, cells that break a line."""

    rows: int
    foreign_rows: int
    formula_cells: int
    line_break_cells: int


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def inspect_file(
    path: Path, *, file_format: str, column_types: Mapping[str, str], customer_column: str, customer_id: str
) -> FileFacts:
    """Count every row of a CSV (gzip) or Parquet file whose columns must be those of `column_types`, in order.

    Raises VerificationError if the file cannot be read as that or has other columns.
    """
    try:
        with duckdb.connect(config={"memory_limit": _MEMORY_LIMIT, "threads": 1}) as reader:
            relation = _csv(reader, path, column_types) if file_format == "csv" else _parquet(reader, path)
            if list(relation.columns) != list(column_types):
                raise VerificationError(f"{path.name}: its columns are {', '.join(relation.columns)}")
            relation.create_view("extract_file")
            counted = reader.execute(_count_statement(file_format, column_types, customer_column), [customer_id])
            row = counted.fetchone()
    except (duckdb.Error, OSError, EOFError, csv.Error, UnicodeDecodeError) as error:
        raise VerificationError(f"{path.name}: cannot be read as {file_format}: {type(error).__name__}") from error
    if row is None:
        raise VerificationError(f"{path.name}: cannot be counted")
    return FileFacts(*(int(count or 0) for count in row))


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


def _count_statement(file_format: str, column_types: Mapping[str, str], customer_column: str) -> str:
    """Return the one statement that counts a file; names come from a product, and are quoted."""
    texts = [_quoted(name) for name, kind in column_types.items() if kind == "string"]
    if file_format != "csv":  # only a spreadsheet runs cells, and it opens no Parquet
        texts = []
    codes = ", ".join(str(ord(character)) for character in FORMULA_STARTS)
    formula = [f"(length({text}) > 0 and unicode({text}) in ({codes}))" for text in texts]
    broken = [f"(contains({text}, chr(10)) or contains({text}, chr(13)))" for text in texts]
    return (
        f"select count(*), count(*) filter (where {_quoted(customer_column)} is distinct from ?), "  # noqa: S608
        f"{_sum(formula)}, {_sum(broken)} from extract_file"
    )


def _sum(conditions: list[str]) -> str:
    """Return the expression that counts in how many cells of all rows a condition holds; NULL counts as no."""
    return "sum(" + " + ".join(["0", *(f"coalesce({condition}::bigint, 0)" for condition in conditions)]) + ")"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
