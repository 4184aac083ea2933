"""JSON texts as Trino keeps them, where DuckDB has no function for it."""

from __future__ import annotations

import json

import duckdb
import pyarrow as pa


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `landfall_json_sorted(text)` and `landfall_repeats(keys)`.

    The first is slow a row, so the macros call it only for documents that need it.
    """
    connection.create_function("landfall_json_sorted", json_sorted, ["VARCHAR"], "VARCHAR")
    connection.create_function(  # type: ignore[call-overload]  # names of types are fine
        "landfall_repeats",
        repeats,
        ["VARCHAR"],
        "BOOLEAN",
        type="arrow",
    )


def repeats(keys: pa.ChunkedArray) -> pa.Array:
    """Whether a key comes twice in each list of keys, which is as DuckDB prints it; surely true where one does.

    Documents of one producer have the same keys, so few of the texts differ, and each is looked at once.
    """
    encoded = keys.combine_chunks().dictionary_encode()
    names = [text[1:-1].split(", ") for text in encoded.dictionary.to_pylist()]
    return pa.array([len(set(each)) < len(each) for each in names], pa.bool_()).take(encoded.indices)


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
