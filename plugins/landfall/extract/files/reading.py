"""Read finished files of an extract the way their receiver would, as relations of DuckDB. Memory stays flat."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Literal, cast
from xml.etree import ElementTree

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from landfall.contracts.extract_product import Mask
from landfall.errors import VerificationError
from landfall.extract.door.options import Compression, FileOptions
from landfall.extract.files.workbook_reading import read_workbook

DUCKDB_LIMITS: Final[Mapping[str, Any]] = {"memory_limit": "256MB", "threads": 1}
"""One thread reads a file from its beginning to its end; what does not fit goes to a temporary folder.

DuckDB keeps what it has read as long as there is room for it: with less, a large file takes no more than a small one.
"""

_UNREADABLE = (
    duckdb.Error,
    OSError,
    EOFError,
    zlib.error,
    csv.Error,
    UnicodeDecodeError,
    zipfile.BadZipFile,
    KeyError,
    ElementTree.ParseError,
)
"""What the readers of the formats raise for a file that is none of theirs."""


_BLOCK: Final = 256 * 1024
"""Bytes that are unpacked at once."""
_TEXT: Final = frozenset({"csv", "jsonl"})
"""Formats that are compressed as a whole."""
_VIEW: Final = "extract_file"
_LINES: Final = "extract_lines"


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


@contextmanager
def file_as_view(reader: duckdb.DuckDBPyConnection, path: Path, shape: FileShape) -> Iterator[str]:
    """Give the name of a view of a file that must be of `shape`, while its rows are read.

    Raises VerificationError if it has other columns or cannot be read to its end.
    """
    try:
        with _whole(path, shape):
            relation = _READERS[shape.file_format](reader, path, shape)
            if list(relation.columns) != list(shape.column_types):
                raise VerificationError(f"{path.name}: its columns are {', '.join(relation.columns)}")
            relation.create_view(_VIEW)
            yield _VIEW
    except _UNREADABLE as error:
        raise VerificationError(
            f"{path.name}: cannot be read as {shape.file_format}: {type(error).__name__}"
        ) from error


@contextmanager
def _whole(path: Path, shape: FileShape) -> Iterator[None]:
    """Compare a gzip file's checksum and length with what it holds beside what is done, as DuckDB does not.

    Raises EOFError, OSError or zlib.error at the end for one that was cut off or changed.
    """
    if shape.file_format not in _TEXT or shape.options.compression != "gzip":
        yield
        return
    with ThreadPoolExecutor(1, thread_name_prefix="unpack") as beside:
        unpacking = beside.submit(_unpack, path)
        yield
    unpacking.result()


def _unpack(path: Path) -> None:
    with gzip.open(path) as file:
        while file.read(_BLOCK):
            pass


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
    # DuckDB's reader of JSON keeps all of a compressed file that it has read; that of CSV takes lines one by one. What
    # would part a line in two is no character of JSON.
    lines = reader.read_csv(
        str(path),
        header=False,
        compression=cast(Literal["gzip", "zstd", "none"], shape.options.compression),
        delimiter="\x01",
        quotechar="",
        escapechar="",
        auto_detect=False,
        columns={"json": "VARCHAR"},
        parallel=False,
    )
    lines.create_view(_LINES)
    names = [name.replace("'", "''") for name in shape.column_types]
    listed = ", ".join(f"'{name}'" for name in names)
    odd = f"select count(*) from {_LINES} where not list_has_all([{listed}], json_keys(json))"  # noqa: S608
    others = reader.execute(odd).fetchone()
    if others is None or others[0]:
        raise VerificationError(f"{path.name}: it has objects with other names than {', '.join(shape.column_types)}")
    cells = ", ".join(f"json ->> '$.\"{name}\"' as {quoted(name)}" for name in names)
    return reader.sql(f"select {cells} from {_LINES}")  # noqa: S608


def _parquet(reader: duckdb.DuckDBPyConnection, path: Path, _shape: FileShape) -> duckdb.DuckDBPyRelation:
    return reader.read_parquet(str(path))


def _xlsx(reader: duckdb.DuckDBPyConnection, path: Path, shape: FileShape) -> duckdb.DuckDBPyRelation:
    return reader.from_arrow(read_workbook(path, shape.column_types))


_READERS = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet, "xlsx": _xlsx}


def quoted(name: str) -> str:
    """Return a column's name as DuckDB's SQL has it."""
    return '"' + name.replace('"', '""') + '"'
