"""UNLOAD: a query's rows as files."""

from __future__ import annotations

import re
from typing import Any

from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.hive_tables import require_hive_kinds
from localcloud.athena.sql.dialect import parse_query
from localcloud.lake import hive_write
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.hive_write import FileFormat

_STATEMENT = re.compile(r"unload\s*(\(.*\))\s*to\s*'([^']+)'\s*(?:with\s*\((.*)\))?\s*$", re.IGNORECASE | re.DOTALL)
_OPTION = re.compile(r"\s*(\w+)\s*=\s*('(?:[^']|'')*'|array\s*\[[^\]]*\]|\w+)\s*(?:,|$)", re.IGNORECASE)


def unload(context: Context, text: str) -> Outcome:
    """UNLOAD (query) TO 's3://...' WITH (format = 'PARQUET' | 'TEXTFILE' | 'JSON', ...).

    The destination must be empty. Compression is GZIP where nothing is said.
    """
    match = _STATEMENT.match(text)
    if not match:
        raise LakeError(
            "SYNTAX_ERROR", "line 1:1: mismatched input. Expecting: UNLOAD (query) TO 'location' WITH (options)"
        )
    options = _options(match[3] or "")
    kind = str(options.pop("format", "")).upper()
    if not kind:
        raise LakeError("INVALID_PROPERTY", "line 1:1: UNLOAD needs the property format")
    default = "," if kind == "TEXTFILE" else "\x01"
    file_format = FileFormat(
        kind, str(options.pop("compression", "gzip")).lower(), str(options.pop("field_delimiter", default))
    )
    keys = [key.lower() for key in options.pop("partitioned_by", [])]
    if options:
        raise NotSupportedError(f"the UNLOAD property '{next(iter(options))}'")
    compiled = context.compiler.compile(parse_query(match[1]))
    require_hive_kinds(compiled.columns)
    names = [column.name for column in compiled.columns]
    if keys and names[-len(keys) :] != keys:
        raise LakeError(
            "INVALID_PROPERTY", f"Partition keys must be the last columns of the query in the same order: {keys}"
        )
    hive_write.require_empty(context.lake, match[2])
    files = hive_write.write_files(
        context.lake,
        context.cursor,
        compiled.typed_sql,
        location=match[2],
        columns=[name for name in names if name not in keys],
        keys=keys,
        file_format=file_format,
    )
    return Outcome(rows=sum(file.rows for file in files), files=tuple(file.path for file in files))


def _options(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    position = 0
    while position < len(text.rstrip()):
        match = _OPTION.match(text, position)
        if not match:
            raise LakeError(
                "SYNTAX_ERROR", f"line 1:1: mismatched input in the properties of UNLOAD: {text[position:]}"
            )
        value = match[2]
        if value.lower().startswith("array"):
            found[match[1].lower()] = re.findall(r"'([^']*)'", value)
        else:
            found[match[1].lower()] = value[1:-1].replace("''", "'") if value.startswith("'") else value
        position = match.end()
    return found
