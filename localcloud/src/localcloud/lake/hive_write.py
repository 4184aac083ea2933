"""Writing the files of Hive tables and of UNLOAD."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import duckdb

from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.objects import delete_objects, list_everything, split_uri
from localcloud.lake.session import Lake
from localcloud.lake.sql_text import identifier, quoted

_PARQUET_CODECS = ("snappy", "gzip", "zstd", "uncompressed", "none")
_TEXT_CODECS = {"gzip": ".gz", "none": "", "zstd": ".zst"}


@dataclass(frozen=True)
class FileFormat:
    """How files are written: PARQUET, TEXTFILE or JSON, a codec, and the delimiter of text."""

    kind: str
    codec: str
    delimiter: str = "\x01"

    def __post_init__(self) -> None:
        if self.kind not in ("PARQUET", "TEXTFILE", "JSON"):
            raise NotSupportedError(f"writing the format {self.kind}")
        codecs = _PARQUET_CODECS if self.kind == "PARQUET" else tuple(_TEXT_CODECS)
        if self.codec not in codecs:
            raise NotSupportedError(f"writing {self.kind} with {self.codec} compression")


@dataclass(frozen=True)
class WrittenFile:
    """A file, its rows, and the texts of its partition values."""

    path: str
    rows: int
    partition: tuple[str | None, ...]


def is_empty(lake: Lake, uri: str) -> bool:
    """Whether no object lies below `uri`."""
    bucket, prefix = split_uri(uri)
    return int(lake.s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get("KeyCount", 0)) == 0


def require_empty(lake: Lake, uri: str) -> None:
    """Raise HIVE_PATH_ALREADY_EXISTS if anything lies below `uri`."""
    if not is_empty(lake, uri):
        raise LakeError("HIVE_PATH_ALREADY_EXISTS", f"Target directory for table already exists: {uri}")


def write_files(
    lake: Lake,
    cursor: duckdb.DuckDBPyConnection,
    select: str,
    *,
    location: str,
    columns: Sequence[str],
    keys: Sequence[str],
    file_format: FileFormat,
    name: str = "",
) -> list[WrittenFile]:
    """Write the rows of `select` below `location`, with Hive folders for `keys`; files without rows are not kept.

    `name` begins the files' names. A query that fails leaves no file.
    """
    prefix = f"{name}{uuid.uuid4().hex}"
    target = location.rstrip("/")
    options = _options(file_format, partitioned=bool(keys))
    selected = _selected(columns, file_format, partitioned=bool(keys))
    if keys:
        quoted = ", ".join(f'"{key}"' for key in keys)
        options += [f"PARTITION_BY ({quoted})", "OVERWRITE_OR_IGNORE true", f"FILENAME_PATTERN '{prefix}_{{i}}'"]
        suffix = _suffix(file_format)
        if suffix:
            options.append(f"FILE_EXTENSION '{suffix.lstrip('.')}'")
        selected += f", {quoted}"
    else:
        target = f"{target}/{prefix}{_suffix(file_format)}"
    query = f"COPY (SELECT {selected} FROM ({select})) TO '{target}' ({', '.join(options)})"  # noqa: S608
    try:
        written = cursor.execute(query).fetchall()
    except duckdb.Error:
        found = list_everything(lake, location.rstrip("/") + "/")
        delete_objects(lake, [stored.path for stored in found if prefix in stored.path])
        raise
    files = []
    for path, rows, partition in _written(written, file_format):
        if rows == 0:
            bucket, key = split_uri(path)
            lake.s3.delete_object(Bucket=bucket, Key=key)
            continue
        files.append(WrittenFile(path, rows, tuple(partition.get(key) for key in keys)))
    return files


def _written(rows: list[tuple[Any, ...]], file_format: FileFormat) -> Iterator[tuple[str, int, dict[str, str | None]]]:
    """Path, rows and partition of each file from what COPY returns; text knows only the sum of rows, told once."""
    if file_format.kind == "PARQUET":
        for path, count, _, _, _, partition in rows:
            yield path, count, partition or {}
        return
    count, paths = rows[0]
    for index, path in enumerate(paths):
        folders = (folder.partition("=") for folder in path.split("/")[3:-1] if "=" in folder)
        values = {name: None if value == "__HIVE_DEFAULT_PARTITION__" else unquote(value) for name, _, value in folders}
        yield path, count if index == 0 else min(1, count), values


def _suffix(file_format: FileFormat) -> str:
    return "" if file_format.kind == "PARQUET" else _TEXT_CODECS[file_format.codec]


def _options(file_format: FileFormat, *, partitioned: bool) -> list[str]:
    codec = file_format.codec
    if file_format.kind == "PARQUET":
        return ["FORMAT parquet", "RETURN_STATS true", f"COMPRESSION {'uncompressed' if codec == 'none' else codec}"]
    if file_format.kind == "JSON" and not partitioned:
        return ["FORMAT json", "RETURN_FILES true", f"COMPRESSION {codec}", "TIMESTAMPFORMAT '%Y-%m-%d %H:%M:%S.%g'"]
    return [
        "FORMAT csv",
        "RETURN_FILES true",
        "DELIM ''",
        "QUOTE ''",
        "ESCAPE ''",
        "HEADER false",
        f"COMPRESSION {codec}",
    ]


def _selected(columns: Sequence[str], file_format: FileFormat, *, partitioned: bool) -> str:
    names = [identifier(column) for column in columns]
    if file_format.kind == "JSON" and partitioned:
        # DuckDB writes no partitions of JSON, but of text lines, which JSON documents are.
        return f"CAST(to_json({{{', '.join(f'{column}: {column}' for column in names)}}}) AS VARCHAR) AS line"
    if file_format.kind != "TEXTFILE":
        return ", ".join(names)
    # LazySimpleSerDe: no quoting, \N for NULL, the cells joined here so that nothing is escaped on the way.
    cells = ", ".join(f"coalesce(CAST({column} AS VARCHAR), '\\N')" for column in names)
    return f"concat_ws({quoted(file_format.delimiter)}, {cells}) AS line"
