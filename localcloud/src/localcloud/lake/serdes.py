"""How each Hive SerDe turns a line of text into columns."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping

from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import LakeTable
from localcloud.lake.text import Split

_WHOLE_LINE = {"(?s)(.*)", "(.*)", "(?s)^(.*)$", "^(.*)$"}
REGEX = "org.apache.hadoop.hive.serde2.RegexSerDe"
LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
JSON = ("org.openx.data.jsonserde.JsonSerDe", "org.apache.hive.hcatalog.data.JsonSerDe")


def splitter(table: LakeTable) -> Split | None:
    """What cuts this table's lines into columns; None where its one column is the line itself."""
    parameters = table.serde_parameters
    names = [column.name for column in table.columns]
    if table.serde == REGEX:
        return _regex(parameters.get("input.regex", ""), len(names))
    if table.serde == LAZY:
        return _delimited(parameters, len(names))
    if table.serde == CSV:
        return _csv(parameters, len(names))
    if table.serde in JSON:
        return _json(parameters, names)
    raise NotSupportedError(f"the SerDe {table.serde or '(none)'}")


def _regex(pattern: str, width: int) -> Split | None:
    if pattern in _WHOLE_LINE and width == 1:
        return None
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise NotSupportedError(f"the regular expression {pattern!r} ({error})") from error
    if compiled.groups != width:
        raise LakeError(
            "HIVE_CURSOR_ERROR",
            f"Number of matching groups ({compiled.groups}) doesn't match the number of columns ({width})",
        )
    nothing: tuple[str | None, ...] = (None,) * width

    def split(lines: list[str | None]) -> list[list[str | None]]:
        rows = [match.groups() if (match := compiled.fullmatch(line or "")) else nothing for line in lines]
        return [list(column) for column in zip(*rows, strict=True)]

    return split


def _delimited(parameters: Mapping[str, str], width: int) -> Split:
    delimiter = parameters.get("field.delim", parameters.get("serialization.format", "\x01"))
    if delimiter == "1":
        delimiter = "\x01"
    null = parameters.get("serialization.null.format", "\\N")
    escape = parameters.get("escape.delim", "")
    unescaped = re.compile(re.escape(escape) + "(.)", re.DOTALL) if escape else None
    boundary = re.compile(f"(?<!{re.escape(escape)}){re.escape(delimiter)}") if escape else None

    def cells(line: str) -> list[str | None]:
        pieces = boundary.split(line) if boundary else line.split(delimiter)
        row = [None if piece == null else unescaped.sub(r"\1", piece) if unescaped else piece for piece in pieces]
        return _fitted(row, width)

    return _by_row(cells, width)


def _csv(parameters: Mapping[str, str], width: int) -> Split:
    separator = parameters.get("separatorChar", parameters.get("field.delim", ","))
    quote = parameters.get("quoteChar", '"')
    escape = parameters.get("escapeChar", "\\")

    def cells(line: str) -> list[str | None]:
        row = next(
            csv.reader([line], delimiter=separator, quotechar=quote, escapechar=escape if escape != quote else None), []
        )
        return _fitted(list(row), width)

    return _by_row(cells, width)


def _json(parameters: Mapping[str, str], names: list[str]) -> Split:
    lenient = parameters.get("ignore.malformed.json", "").lower() == "true"

    def cells(line: str) -> list[str | None]:
        try:
            record = {key.lower(): value for key, value in json.loads(line).items()} if line.strip() else {}
        except (ValueError, AttributeError) as error:
            if lenient:
                return [None] * len(names)
            raise LakeError("HIVE_CURSOR_ERROR", f"Row is not a valid JSON Object - JSONException: {error}") from error
        return [_json_text(record.get(name)) for name in names]

    return _by_row(cells, len(names))


def _json_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _fitted(row: list[str | None], width: int) -> list[str | None]:
    return row[:width] if len(row) >= width else row + [None] * (width - len(row))


def _by_row(cells: Callable[[str], list[str | None]], width: int) -> Split:
    def split(lines: list[str | None]) -> list[list[str | None]]:
        rows = [cells(line or "") for line in lines]
        return [[row[index] for row in rows] for index in range(width)]

    return split
