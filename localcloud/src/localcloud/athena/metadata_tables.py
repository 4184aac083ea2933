"""The tables behind `"table$snapshots"` and its kin.

Source: Trino's documentation, 'Iceberg connector, Metadata tables'.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.table import Table

from localcloud.lake import iceberg_read
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, LakeTable
from localcloud.lake.session import Lake

_TIME = "timestamp(3) with time zone"
_COLUMNS = {
    "snapshots": (
        Column("committed_at", _TIME),
        Column("snapshot_id", "bigint"),
        Column("parent_id", "bigint"),
        Column("operation", "varchar"),
        Column("manifest_list", "varchar"),
        Column("summary", "map(varchar, varchar)"),
    ),
    "history": (
        Column("made_current_at", _TIME),
        Column("snapshot_id", "bigint"),
        Column("parent_id", "bigint"),
        Column("is_current_ancestor", "boolean"),
    ),
    "files": (
        Column("content", "integer"),
        Column("file_path", "varchar"),
        Column("file_format", "varchar"),
        Column("record_count", "bigint"),
        Column("file_size_in_bytes", "bigint"),
    ),
    "refs": (Column("name", "varchar"), Column("type", "varchar"), Column("snapshot_id", "bigint")),
}
_ARROW = {
    _TIME: pa.timestamp("us", "UTC"),
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "varchar": pa.string(),
    "boolean": pa.bool_(),
    "map(varchar, varchar)": pa.map_(pa.string(), pa.string()),
}
_counter = itertools.count()


def columns(suffix: str) -> tuple[Column, ...]:
    """The columns of a metadata table."""
    if suffix not in _COLUMNS:
        raise NotSupportedError(f"the metadata table ${suffix}")
    return _COLUMNS[suffix]


def relation_sql(lake: Lake, cursor: duckdb.DuckDBPyConnection, table: LakeTable, suffix: str) -> str:
    """The rows of `table$suffix`."""
    if table.kind != "iceberg":
        raise LakeError(
            "TABLE_NOT_FOUND", f"line 1:1: Table 'awsdatacatalog.{table.database}.{table.name}${suffix}' does not exist"
        )
    kinds = columns(suffix)
    rows = list(_rows(iceberg_read.load(lake, table), suffix))
    arrow = pa.table(
        {column.name: pa.array([row[index] for row in rows], _ARROW[column.type]) for index, column in enumerate(kinds)}
    )
    name = f"_metadata_{next(_counter)}"
    cursor.register(f"{name}_arrow", arrow)
    cursor.execute(f'CREATE TEMP TABLE "{name}" AS SELECT *, NULL::VARCHAR AS "$path" FROM "{name}_arrow"')  # noqa: S608
    cursor.unregister(f"{name}_arrow")
    return f'SELECT * FROM "{name}"'  # noqa: S608


def _rows(table: Table, suffix: str) -> Iterator[tuple[Any, ...]]:
    if suffix == "snapshots":
        for snapshot in table.snapshots():
            summary = snapshot.summary
            yield (
                _moment(snapshot.timestamp_ms),
                snapshot.snapshot_id,
                snapshot.parent_snapshot_id,
                summary.operation.value if summary else None,
                snapshot.manifest_list,
                list(summary.additional_properties.items()) if summary else None,
            )
    elif suffix == "history":
        ancestors = _ancestors(table)
        for entry in table.history():
            made = table.snapshot_by_id(entry.snapshot_id)
            parent = made.parent_snapshot_id if made else None
            yield _moment(entry.timestamp_ms), entry.snapshot_id, parent, entry.snapshot_id in ancestors
    elif suffix == "refs":
        for name, ref in table.metadata.refs.items():
            yield name, ref.snapshot_ref_type.value.upper(), ref.snapshot_id
    else:
        for task in table.scan().plan_files():
            file = task.file
            yield int(file.content), file.file_path, file.file_format.value, file.record_count, file.file_size_in_bytes


def _ancestors(table: Table) -> set[int]:
    found: set[int] = set()
    snapshot = table.current_snapshot()
    while snapshot is not None:
        found.add(snapshot.snapshot_id)
        parent = snapshot.parent_snapshot_id
        snapshot = table.snapshot_by_id(parent) if parent is not None else None
    return found


def _moment(milliseconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(milliseconds / 1000, tz=datetime.UTC)
