"""The Parquet files of an UNLOAD, with the rows in the order of the query."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb

_ROW_GROUP_ROWS = 122_880
"""DuckDB's own choice."""
_SPARE = 0.95
"""Of a part's size: rows differ, and a part must not be larger than what is asked for."""


def write_parquet(
    connection: duckdb.DuckDBPyConnection, query: str, folder: Path, *, max_file_size: int, row_group_size: int
) -> list[tuple[Path, int]]:
    """Write the rows of `query` below `folder`; gives the files in order, with their rows.

    `max_file_size` in bytes; `row_group_size` in bytes before compression, 0 for DuckDB's own. DuckDB's options for
    both would let its threads write rows in any order.
    """
    folder.mkdir()
    whole = folder / "whole.parquet"
    _copy(connection, query, whole, _ROW_GROUP_ROWS)
    rows, uncompressed = _measure(connection, whole)
    group_rows = _ROW_GROUP_ROWS
    if row_group_size and rows:
        group_rows = max(1, int(row_group_size * rows / uncompressed))
    parts = math.ceil(whole.stat().st_size / (max_file_size * _SPARE))
    if parts <= 1 and group_rows == _ROW_GROUP_ROWS:
        return [(whole, rows)]
    written = []
    step = math.ceil(rows / max(parts, 1))
    for part, first in enumerate(range(0, rows, step)):
        path = folder / f"part_{part}.parquet"
        numbered = f"read_parquet('{whole}', file_row_number = true)"
        within = f"file_row_number BETWEEN {first} AND {first + step - 1}"
        _copy(connection, f"SELECT * EXCLUDE (file_row_number) FROM {numbered} WHERE {within}", path, group_rows)  # noqa: S608
        written.append((path, min(step, rows - first)))
    whole.unlink()
    return written


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path, group_rows: int) -> None:
    options = f"FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {group_rows}"
    connection.execute(f"COPY ({query}) TO '{path}' ({options})")


def _measure(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[int, int]:
    """Rows of a file, and its bytes before compression."""
    rows = connection.execute("SELECT num_rows FROM parquet_file_metadata(?)", [str(path)]).fetchone()
    taken = connection.execute("SELECT sum(total_uncompressed_size) FROM parquet_metadata(?)", [str(path)]).fetchone()
    return int(rows[0]) if rows else 0, int(taken[0] or 0) if taken else 0
