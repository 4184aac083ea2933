"""Read a finished file the way its receiver would, and count what must not be in it. Memory stays flat."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast
from xml.etree import ElementTree

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from landfall.contracts.extract_product import Mask
from landfall.errors import VerificationError
from landfall.extract.door.options import Compression, FileOptions
from landfall.extract.engines.masking import MASKED_PATTERNS
from landfall.extract.files.cells import FORMULA_STARTS
from landfall.extract.files.workbook_reading import read_workbook

_UNREADABLE = (
    duckdb.Error,
    OSError,
    EOFError,
    csv.Error,
    UnicodeDecodeError,
    zipfile.BadZipFile,
    KeyError,
    ElementTree.ParseError,
)
"""What the readers of the formats raise for a file that is none of theirs."""

_CHUNK_BYTES = 1024 * 1024
_MEMORY_LIMIT = "512MB"
_COUNTS = 5
"""Figures that the statement counts before the keys."""


@dataclass(frozen=True, kw_only=True)
class FileShape:
    """What the files of an extract must look like: format and options, the columns' types in order, and whose rows.

    `key` are the columns that the rows are sorted by, those of them that the files have; `masks` the masked columns.
    """

    file_format: str
    options: FileOptions
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
    """Count every row of a file of one of the formats that must be of `shape`.

    Raises VerificationError if the file cannot be read as that or has other columns.
    """
    try:
        with duckdb.connect(config={"memory_limit": _MEMORY_LIMIT, "threads": 1}) as reader:
            relation = _READERS[shape.file_format](reader, path, shape)
            if list(relation.columns) != list(shape.column_types):
                raise VerificationError(f"{path.name}: its columns are {', '.join(relation.columns)}")
            relation.create_view("extract_file")
            row = reader.execute(_count_statement(shape), [shape.customer_id]).fetchone()
    except _UNREADABLE as error:
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


def _csv(reader: duckdb.DuckDBPyConnection, path: Path, shape: FileShape) -> duckdb.DuckDBPyRelation:
    """Return a CSV file as a relation of text columns, with the names that its own header has, if there is one."""
    names = list(shape.column_types)
    if shape.options.header:
        with _text(path, shape.options.compression) as file:
            header = next(csv.reader(file, delimiter=shape.options.separator), [])
        if header != names:
            raise VerificationError(f"{path.name}: its header is {', '.join(header)[:200]!r}")
    return reader.read_csv(
        str(path),
        header=shape.options.header,
        compression=cast(Literal["gzip", "zstd", "none"], shape.options.compression),
        delimiter=shape.options.separator,
        quotechar='"',
        escapechar='"',
        auto_detect=False,
        columns=dict.fromkeys(names, "VARCHAR"),
        parallel=False,
    )


def _text(path: Path, compression: Compression) -> IO[str]:
    """Open a text file for reading."""
    if compression == "gzip":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    if compression == "zstd":
        stream = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
        return io.TextIOWrapper(stream, encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _jsonl(reader: duckdb.DuckDBPyConnection, path: Path, shape: FileShape) -> duckdb.DuckDBPyRelation:
    """Return a file of an object a line as a relation of text columns; a name that is not there is as null is."""
    names = [name.replace("'", "''") for name in shape.column_types]
    compression = {"none": "uncompressed"}.get(shape.options.compression, shape.options.compression)
    objects = f"read_ndjson_objects(?, compression = '{compression}')"
    listed = ", ".join(f"'{name}'" for name in names)
    odd = f"select count(*) from {objects} where not list_has_all([{listed}], json_keys(json))"  # noqa: S608
    others = reader.execute(odd, [str(path)]).fetchone()
    if others is None or others[0]:
        raise VerificationError(f"{path.name}: it has objects with other names than {', '.join(shape.column_types)}")
    cells = ", ".join(f"json ->> '$.\"{name}\"' as {_quoted(name)}" for name in names)
    return reader.sql(f"select {cells} from {objects}", params=[str(path)])  # noqa: S608


def _parquet(reader: duckdb.DuckDBPyConnection, path: Path, _shape: FileShape) -> duckdb.DuckDBPyRelation:
    return reader.read_parquet(str(path))


def _xlsx(reader: duckdb.DuckDBPyConnection, path: Path, shape: FileShape) -> duckdb.DuckDBPyRelation:
    return reader.from_arrow(read_workbook(path, shape.column_types))


_READERS = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet, "xlsx": _xlsx}


def _count_statement(shape: FileShape) -> str:
    """Return the one statement that counts a file; names come from a product, and are quoted."""
    texts = [_quoted(name) for name, kind in shape.column_types.items() if kind == "string"]
    # Only a spreadsheet runs cells, and it opens no Parquet; a formula in a workbook is no text, and not read at all.
    if shape.file_format != "csv":
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
