"""What a scan will read, told from metadata alone: manifests, Parquet footers and the sizes of objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from localcloud.lake import hive_read, iceberg_bytes, iceberg_read, predicates
from localcloud.lake.glue import LakeTable
from localcloud.lake.hive_parquet import comparable_schema
from localcloud.lake.iceberg_read import Version
from localcloud.lake.objects import named_paths
from localcloud.lake.parquet_footers import footers
from localcloud.lake.session import Lake


@dataclass(frozen=True)
class Estimate:
    """Rows and bytes of the files, row groups and columns that conditions do not rule out; None where not known.

    `bytes` are those that Athena counts as scanned. `snapshot` is the Iceberg snapshot that is read.
    """

    rows: int | None = None
    bytes: int | None = None
    snapshot: int | None = None


def estimate(
    lake: Lake,
    cursor: duckdb.DuckDBPyConnection,
    table: LakeTable,
    columns: Sequence[str],
    conditions: Sequence[exp.Expr],
    version: Version | None = None,
) -> Estimate:
    """Estimate the scan of `columns` under `conditions`, which are as in `scan`. No data is read."""
    if table.kind == "iceberg":
        return _iceberg(lake, cursor, table, columns, conditions, version)
    objects = hive_read.plan(lake, cursor, table, conditions)
    if table.serde != hive_read.PARQUET:
        return Estimate(None if objects else 0, sum(stored.size for stored in objects))
    schema = comparable_schema(table.columns)
    condition = predicates.to_iceberg(conditions, schema, predicates.evaluator(cursor))
    found = footers(lake, [(stored.path, stored.content) for stored in objects])
    rows = sum(group.rows for footer in found for group in footer.matching(schema, condition))
    return Estimate(rows, sum(footer.scanned_bytes(columns, schema, condition) for footer in found))


def _iceberg(
    lake: Lake,
    cursor: duckdb.DuckDBPyConnection,
    table: LakeTable,
    columns: Sequence[str],
    conditions: Sequence[exp.Expr],
    version: Version | None,
) -> Estimate:
    iceberg = iceberg_read.load(lake, table)
    condition = predicates.to_iceberg(conditions, iceberg.schema(), predicates.evaluator(cursor))
    plan = iceberg_read.plan(iceberg, condition, version).only(named_paths(conditions))
    rows = sum(file.record_count for file in plan.files) - sum(delete.record_count for delete in plan.delete_files)
    current = iceberg.current_snapshot() if version is None else None
    snapshot = current.snapshot_id if current else version.snapshot_id if version else None
    return Estimate(max(rows, 0), iceberg_bytes.scanned_bytes(lake, plan, columns, condition), snapshot)
