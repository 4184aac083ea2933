"""One door for reading: a table of the catalogue as DuckDB SQL.

    lake = Lake(LakeSettings(aws_endpoint="http://127.0.0.1:4566", state_dir=Path(".local/engine")))
    database = duckdb.connect()
    attach_lake(database, lake.settings)
    cursor = database.cursor()
    relation = scan(lake, cursor, find_table(lake, "published", "fct_orders"), columns=["order_id"])
    cursor.execute(f"SELECT count(*) FROM ({relation.sql})")

The SQL may name temporary tables made on `cursor`, so it runs on that cursor only, any number of times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from localcloud.lake import hive_read, iceberg_bytes, iceberg_read, predicates
from localcloud.lake.errors import LakeError
from localcloud.lake.glue import LakeTable
from localcloud.lake.iceberg_read import Version
from localcloud.lake.objects import named_paths
from localcloud.lake.session import Lake


@dataclass(frozen=True)
class Relation:
    """A readable table: a SELECT in DuckDB's dialect, and the bytes and objects it will read."""

    sql: str
    scanned_bytes: int
    paths: tuple[str, ...]
    sizes: tuple[int, ...] = ()


def scan(
    lake: Lake,
    cursor: duckdb.DuckDBPyConnection,
    table: LakeTable,
    *,
    columns: Sequence[str] | None = None,
    counted: Sequence[str] | None = None,
    conditions: Sequence[exp.Expr] = (),
    version: Version | None = None,
    position: bool = False,
    path: bool = True,
    rows: bool = True,
) -> Relation:
    """A relation of `columns` (all, if None) in that order, followed by `"$path"` and, for text, `"$line"`.

    Without `path` there may be no `"$path"`. Without `rows` there may be none: who only wants to know the columns of an
    Iceberg table need not wait for its files to be looked through.

    With `position`, an Iceberg relation also has `"$pos"`, the row's number in its file.

    `counted` are those of the columns whose bytes count as scanned (all, if None).
    `conditions` are parts of a WHERE joined by AND, as DuckDB expressions over bare column names (`"$path"` included).
    They only leave out files, partitions and objects that cannot match: the caller still applies them to the rows.
    Views are the caller's to expand: their text is in the dialect of the engine that made them.
    Raises LakeError with the code Athena uses.
    """
    if table.kind == "view":
        raise LakeError("INVALID_VIEW", f"{table.database}.{table.name} is a view and has no files")
    if table.kind == "iceberg":
        return _iceberg(lake, cursor, table, columns, counted, conditions, version, position, rows)
    if version is not None:
        raise LakeError("NOT_SUPPORTED", f"{table.database}.{table.name} is no Iceberg table: it has no versions")
    names = [column.name for column in table.all_columns] if columns is None else list(columns)
    objects = hive_read.plan(lake, cursor, table, conditions)
    sql, scanned = hive_read.relation_sql(lake, cursor, table, objects, names, counted, conditions, path=path)
    return Relation(sql, scanned, tuple(stored.path for stored in objects), tuple(stored.size for stored in objects))


def _iceberg(
    lake: Lake,
    cursor: duckdb.DuckDBPyConnection,
    table: LakeTable,
    columns: Sequence[str] | None,
    counted: Sequence[str] | None,
    conditions: Sequence[exp.Expr],
    version: Version | None,
    position: bool,
    rows: bool,
) -> Relation:
    iceberg = iceberg_read.load(lake, table)
    condition = predicates.to_iceberg(conditions if rows else (), iceberg.schema(), predicates.evaluator(cursor))
    plan = iceberg_read.plan(iceberg, condition, version) if rows else iceberg_read.plan_nothing(iceberg, version)
    plan = plan.only(named_paths(conditions))
    names = [field.name for field in plan.schema.fields] if columns is None else list(columns)
    read = names if counted is None else counted
    scanned = iceberg_bytes.scanned_bytes(lake, plan, read, condition)
    return Relation(
        iceberg_read.relation_sql(lake, plan, names, position=position),
        scanned,
        tuple(file.file_path for file in plan.files),
        tuple(file.file_size_in_bytes for file in plan.files),
    )
