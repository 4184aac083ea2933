"""CAST of a value to JSON: the text that Trino writes for it."""

from __future__ import annotations

import re

from localcloud.athena.sql import types
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.types import parts

_ANONYMOUS = re.compile(r"field\d+")
_SAME_IN_DUCKDB = re.compile(r"(?:array|varchar|boolean|tinyint|smallint|integer|bigint|unknown|[\s(),\d])+")


def to_json(value: str, source: str | None) -> str:
    """SQL for the JSON of the DuckDB expression `value` of Trino type `source`; NULL stays NULL."""
    if source == "json":
        return value
    if source is None:
        raise NotSupportedError("casting an expression whose type is not known to JSON")
    made = f"to_json({value})" if _SAME_IN_DUCKDB.fullmatch(source) else f"CAST({_text(value, source, 0)} AS JSON)"
    return f"CASE WHEN {value} IS NOT NULL THEN {made} END"  # to_json(NULL) is the JSON null


def _text(value: str, kind: str, depth: int) -> str:
    """SQL for the text of a value inside a document, where NULL is `null`."""
    return f"coalesce({_present(value, kind, depth)}, 'null')"


def _present(value: str, kind: str, depth: int) -> str:
    """SQL for the text of a value, NULL for NULL."""
    base, inner = parts(kind)
    item = f"j{depth}"
    if base == "row":
        fields = " || ',' || ".join(_field(value, index, field, depth) for index, field in enumerate(inner))
        return f"CASE WHEN {value} IS NOT NULL THEN '{{' || {fields} || '}}' END"
    if base == "array":
        items = f"list_transform({value}, lambda {item}: {_text(item, inner[0], depth + 1)})"
        return f"'[' || array_to_string({items}, ',') || ']'"
    if base == "map":
        key, content = _key(f"{item}.key", inner[0]), _text(f"{item}.value", inner[1], depth + 1)
        pairs = f"list_transform(map_entries({value}), lambda {item}: {{'key': {key}, 'text': {content}}})"
        entry = f"CAST(to_json({item}.key) AS VARCHAR) || ':' || {item}.text"
        return f"'{{' || array_to_string(list_transform(list_sort({pairs}), lambda {item}: {entry}), ',') || '}}'"
    return _scalar(value, kind, base)


def _field(value: str, index: int, field: str, depth: int) -> str:
    name, _, kind = field.partition(" ")
    label = "" if _ANONYMOUS.fullmatch(name) else name.strip('"').replace("'", "''")
    return f"'\"{label}\":' || {_text(f'struct_extract_at({value}, {index + 1})', kind, depth)}"


def _key(value: str, kind: str) -> str:
    from localcloud.athena.sql.casts import text_of

    if parts(kind)[0] not in ("varchar", "boolean", "double", "real", "decimal", *types.INTEGERS):
        raise LakeError("TYPE_MISMATCH", f"line 1:1: Cannot cast a map with keys of {kind} to json")
    return text_of(value, kind)


def _scalar(value: str, kind: str, base: str) -> str:
    from localcloud.athena.sql.casts import text_of

    if base == "varchar":
        return f"CAST(to_json({value}) AS VARCHAR)"
    if base == "json":
        return f"CAST({value} AS VARCHAR)"
    if base in ("double", "real"):
        text = text_of(value, kind)
        return f"CASE WHEN isfinite({value}) THEN {text} ELSE '\"' || {text} || '\"' END"
    if base in ("boolean", "decimal", "unknown", *types.INTEGERS):
        return text_of(value, kind)
    if base in ("date", "timestamp"):
        return f"'\"' || {text_of(value, kind)} || '\"'"
    raise LakeError("TYPE_MISMATCH", f"line 1:1: Cannot cast {kind} to json")
