"""Result files in S3 as Athena writes them, and pages of them."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.sql.casts import text_of
from localcloud.athena.statement import Statement
from localcloud.lake.glue import Column
from localcloud.lake.objects import split_uri
from localcloud.lake.session import Lake
from localcloud.lake.types import parts

_CELL = re.compile(r'"((?:[^"]|"")*)"|([^,"\n]*)')
_BATCH_ROWS = 10_000
_ONE_REQUEST_BYTES = 4 * 1024 * 1024
_PRECISION = {
    "boolean": 0,
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "real": 17,
    "float": 17,
    "double": 17,
    "varbinary": 1_073_741_824,
}
_MAX_TEXT = 2147483647


@dataclass(frozen=True)
class ResultColumn:
    """A result's column as ColumnInfo tells it."""

    name: str
    type: str
    precision: int
    scale: int

    def info(self) -> dict[str, Any]:
        """The ColumnInfo structure."""
        return {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": self.name,
            "Label": self.name,
            "Type": self.type,
            "Precision": self.precision,
            "Scale": self.scale,
            "Nullable": "UNKNOWN",
            "CaseSensitive": self.type in ("varchar", "char", "json"),
        }


@dataclass(frozen=True)
class Written:
    """Where a result went."""

    columns: tuple[ResultColumn, ...]
    location: str
    manifest: str | None


def result_column(column: Column) -> ResultColumn:
    """Type, precision and scale as Athena reports them."""
    base, arguments = parts(column.type)
    if base == "real":
        base = "float"
    if base == "decimal":
        return ResultColumn(column.name, base, int(arguments[0]), int(arguments[1]))
    if base.startswith(("timestamp", "time")):
        return ResultColumn(column.name, base, int((arguments or ["3"])[0]), 0)
    if base == "varchar" and arguments:
        return ResultColumn(column.name, base, int(arguments[0]), 0)
    if base in ("varchar", "char"):
        return ResultColumn(column.name, base, _MAX_TEXT, 0)
    return ResultColumn(column.name, base, _PRECISION.get(base, 0), 0)


def result_text(value: str, kind: str, depth: int = 0) -> str:
    """SQL for the text that a result file holds for a value; nested values as Athena prints them."""
    base, inner = parts(kind)
    item = f"x{depth}"
    if base == "array":
        text = f"coalesce({result_text(item, inner[0], depth + 1)}, 'null')"
        return f"'[' || array_to_string(list_transform({value}, lambda {item}: {text}), ', ') || ']'"
    if base == "map":
        key = result_text(f"{item}.key", inner[0], depth + 1)
        text = f"coalesce({result_text(f'{item}.value', inner[1], depth + 1)}, 'null')"
        entries = f"list_transform(map_entries({value}), lambda {item}: {key} || '=' || {text})"
        return f"'{{' || array_to_string({entries}, ', ') || '}}'"
    if base == "row":
        fields = []
        for index, field in enumerate(inner, start=1):
            name, _, field_kind = field.partition(" ")
            text = result_text(f"struct_extract_at({value}, {index})", field_kind, depth)
            fields.append(f"'{name}=' || coalesce({text}, 'null')")
        return f"CASE WHEN {value} IS NOT NULL THEN '{{' || {' || chr(44) || chr(32) || '.join(fields)} || '}}' END"
    if base == "varbinary":
        return f"trim(regexp_replace(lower(hex({value})), '(..)', '\\1 ', 'g'))"
    if base == "json":
        return f"CAST({value} AS VARCHAR)"
    return text_of(value, kind)


def write(context: Context, statement: Statement, outcome: Outcome) -> Written:
    """Write the result of a statement where its kind belongs, with its metadata."""
    base = f"{context.result_location.rstrip('/')}/{context.query_id}"
    if outcome.query is not None:
        columns = tuple(result_column(column) for column in outcome.columns)
        _upload(context.lake, f"{base}.csv", _csv(context, outcome))
        _put(context.lake, f"{base}.csv.metadata", _metadata(columns))
        return Written(columns, f"{base}.csv", None)
    if statement.subtype == "CREATE_TABLE_AS_SELECT" or outcome.lines is None:
        manifest = None
        if outcome.files is not None:
            manifest = f"{base}-manifest.csv"
            _put(context.lake, manifest, "".join(f"{path}\n" for path in outcome.files).encode())
        location = (
            f"{context.result_location.rstrip('/')}/tables/{context.query_id}" if statement.type == "DDL" else base
        )
        columns = (ResultColumn("rows", "bigint", 19, 0),)
        _put(context.lake, f"{location}.metadata", _metadata(columns))
        return Written(columns, location, manifest)
    columns = tuple(ResultColumn(column.name, "string", 0, 0) for column in outcome.columns)
    text = "".join("\t".join(line) + "\n" for line in outcome.lines)
    _put(context.lake, f"{base}.txt", text.encode())
    _put(context.lake, f"{base}.txt.metadata", _metadata(columns))
    return Written(columns, f"{base}.txt", None)


def _csv(context: Context, outcome: Outcome) -> Iterator[bytes]:
    if outcome.query is None:
        return
    yield _line([column.name for column in outcome.columns]).encode()
    names = [f"_r{index}" for index in range(len(outcome.columns))]
    texts = ", ".join(
        result_text(f'"{name}"', column.type) for name, column in zip(names, outcome.columns, strict=True)
    )
    context.cursor.execute(f"SELECT {texts} FROM ({outcome.query.sql}) AS _r({', '.join(names)})")  # noqa: S608
    while rows := context.cursor.fetchmany(_BATCH_ROWS):
        yield "".join(_line(row) for row in rows).encode()


def _line(cells: Sequence[str | None]) -> str:
    """Every value in quotes; NULL is nothing at all, which is not the empty text."""
    return ",".join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"


def _metadata(columns: Iterable[ResultColumn]) -> bytes:
    return json.dumps({"columnInfo": [column.info() for column in columns]}).encode()


def _put(lake: Lake, uri: str, body: bytes) -> None:
    bucket, key = split_uri(uri)
    lake.s3.put_object(Bucket=bucket, Key=key, Body=body)


def _upload(lake: Lake, uri: str, chunks: Iterator[bytes]) -> None:
    """Small results go in one request, large ones in parts, so that no result is held whole."""
    bucket, key = split_uri(uri)
    first, rest = b"", _Stream(chunks)
    while len(first) < _ONE_REQUEST_BYTES and (chunk := rest.read(_ONE_REQUEST_BYTES)):
        first += chunk
    if len(first) < _ONE_REQUEST_BYTES:
        lake.s3.put_object(Bucket=bucket, Key=key, Body=first)
        return
    lake.s3.upload_fileobj(
        _Stream(itertools.chain([first], iter(lambda: rest.read(_ONE_REQUEST_BYTES), b""))), bucket, key
    )


class _Stream(io.RawIOBase):
    """Chunks of bytes as a file to read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            try:
                self._rest = next(self._chunks)
            except StopIteration:
                return 0
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def read_rows(lake: Lake, location: str) -> list[list[str | None]]:
    """The rows of a result file, a CSV's header included; nothing for a statement without a result file."""
    if not location.endswith((".csv", ".txt")):
        return []
    bucket, key = split_uri(location)
    text = lake.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    if location.endswith(".txt"):
        return [list(line.split("\t")) for line in text.split("\n")[:-1]]
    return list(_parse_csv(text))


def _parse_csv(text: str) -> Iterator[list[str | None]]:
    position, size = 0, len(text)
    row: list[str | None] = []
    while position < size:
        match = _CELL.match(text, position)
        if match is None:
            raise ValueError(f"the result file is broken at {position}")
        row.append(match[1].replace('""', '"') if match[1] is not None else None)
        position = match.end()
        if position >= size or text[position] == "\n":
            yield row
            row = []
        position += 1
        if position == size and text[position - 1] == ",":
            row.append(None)
