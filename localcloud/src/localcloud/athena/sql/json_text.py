"""JSON texts as Trino keeps them, where DuckDB has no function for it."""

from __future__ import annotations

import json

import duckdb


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `landfall_json_sorted(text)`. It is slow a row, so the macros call it only for documents that need it."""
    connection.create_function("landfall_json_sorted", json_sorted, ["VARCHAR"], "VARCHAR")  # type: ignore[list-item]


def json_sorted(text: str) -> str:
    """The document with the keys of every object in order; of two equal keys the last one counts.

    Numbers keep the text they have.
    """
    document = json.loads(text, parse_int=_Number, parse_float=_Number)
    return _written(document)


class _Number(str):
    """A number as it stands in the text."""

    __slots__ = ()


def _written(value: object) -> str:
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        # Trino compares keys as Java does, by UTF-16 code units.
        entries = sorted(value.items(), key=lambda entry: entry[0].encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_written(key)}:{_written(item)}" for key, item in entries) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
