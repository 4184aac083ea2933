"""The tables behind `"table$snapshots"` and its kin.

Source: Trino's documentation, 'Iceberg connector, Metadata tables'; Athena user guide, 'Query Iceberg metadata'.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.table import Table

from localcloud.athena import metadata_rows as rows
from localcloud.lake import iceberg_read
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, LakeTable
from localcloud.lake.session import Lake
from localcloud.lake.types import to_duckdb

_TIME = "timestamp(3) with time zone"
_COUNTS = "map(integer, bigint)"
_BOUNDS = "map(integer, varchar)"
_SUMMARY = "row(contains_null boolean, contains_nan boolean, lower_bound varchar, upper_bound varchar)"


@dataclass(frozen=True)
class _Kind:
    """A metadata table: the names and types of its columns, and what gives its rows."""

    columns: dict[str, str]
    rows: Callable[[Table], Iterator[tuple[Any, ...]]]


_KINDS = {
    "snapshots": _Kind(
        {
            "committed_at": _TIME,
            "snapshot_id": "bigint",
            "parent_id": "bigint",
            "operation": "varchar",
            "manifest_list": "varchar",
            "summary": "map(varchar, varchar)",
        },
        rows.snapshots,
    ),
    "history": _Kind(
        {
            "made_current_at": _TIME,
            "snapshot_id": "bigint",
            "parent_id": "bigint",
            "is_current_ancestor": "boolean",
        },
        rows.history,
    ),
    "refs": _Kind(
        {
            "name": "varchar",
            "type": "varchar",
            "snapshot_id": "bigint",
            "max_reference_age_in_ms": "bigint",
            "min_snapshots_to_keep": "integer",
            "max_snapshot_age_in_ms": "bigint",
        },
        rows.refs,
    ),
    "manifests": _Kind(
        {
            "path": "varchar",
            "length": "bigint",
            "partition_spec_id": "integer",
            "added_snapshot_id": "bigint",
            "added_data_files_count": "integer",
            "added_rows_count": "bigint",
            "existing_data_files_count": "integer",
            "existing_rows_count": "bigint",
            "deleted_data_files_count": "integer",
            "deleted_rows_count": "bigint",
            "partition_summaries": f"array({_SUMMARY})",
        },
        rows.manifests,
    ),
    "files": _Kind(
        {
            "content": "integer",
            "file_path": "varchar",
            "file_format": "varchar",
            "record_count": "bigint",
            "file_size_in_bytes": "bigint",
            "column_sizes": _COUNTS,
            "value_counts": _COUNTS,
            "null_value_counts": _COUNTS,
            "nan_value_counts": _COUNTS,
            "lower_bounds": _BOUNDS,
            "upper_bounds": _BOUNDS,
            "key_metadata": "varbinary",
            "split_offsets": "array(bigint)",
            "equality_ids": "array(integer)",
        },
        rows.files,
    ),
}
_counter = itertools.count()


def columns(lake: Lake, table: LakeTable, suffix: str) -> tuple[Column, ...]:
    """The columns of `table$suffix`; raises TABLE_NOT_FOUND for a table that is not Iceberg."""
    if table.kind != "iceberg":
        raise LakeError(
            "TABLE_NOT_FOUND", f"line 1:1: Table 'awsdatacatalog.{table.database}.{table.name}${suffix}' does not exist"
        )
    kind = _kind(iceberg_read.load(lake, table), suffix)
    return tuple(Column(name, trino) for name, trino in kind.columns.items())


def relation_sql(lake: Lake, cursor: duckdb.DuckDBPyConnection, table: LakeTable, suffix: str) -> str:
    """The rows of `table$suffix`."""
    iceberg = iceberg_read.load(lake, table)
    kind = _kind(iceberg, suffix)
    found = list(kind.rows(iceberg))
    types = cursor.execute(
        "SELECT " + ", ".join(f"NULL::{to_duckdb(trino)}" for trino in kind.columns.values())
    ).to_arrow_table()
    arrow = pa.table(
        {
            name: pa.array([row[index] for row in found], types.schema.field(index).type)
            for index, name in enumerate(kind.columns)
        }
    )
    name = f"_metadata_{next(_counter)}"
    cursor.register(f"{name}_arrow", arrow)
    cursor.execute(f'CREATE TEMP TABLE "{name}" AS SELECT *, NULL::VARCHAR AS "$path" FROM "{name}_arrow"')  # noqa: S608
    cursor.unregister(f"{name}_arrow")
    return f'SELECT * FROM "{name}"'  # noqa: S608


def _kind(table: Table, suffix: str) -> _Kind:
    if suffix == "partitions":
        return _Kind(rows.partition_columns(table), rows.partitions)
    if suffix not in _KINDS:
        raise NotSupportedError(f"the metadata table ${suffix}")
    return _KINDS[suffix]
