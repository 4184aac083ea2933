"""information_schema, made from Glue."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from localcloud.lake.glue import Column, LakeTable, from_glue
from localcloud.lake.predicates import matching
from localcloud.lake.session import Lake

_NAMES: dict[str, tuple[str, ...]] = {
    "schemata": ("catalog_name", "schema_name"),
    "tables": ("table_catalog", "table_schema", "table_name", "table_type"),
    "views": ("table_catalog", "table_schema", "table_name"),
    "columns": (
        "table_catalog",
        "table_schema",
        "table_name",
        "column_name",
        "ordinal_position",
        "column_default",
        "is_nullable",
        "data_type",
        "comment",
        "extra_info",
    ),
}
COLUMNS = {
    table: tuple(Column(name, "bigint" if name == "ordinal_position" else "varchar") for name in names)
    for table, names in _NAMES.items()
}
_CATALOG = "awsdatacatalog"
_counter = itertools.count()


def relation_sql(lake: Lake, cursor: duckdb.DuckDBPyConnection, name: str, conditions: Sequence[exp.Expr]) -> str:
    """The rows of one information_schema table; only databases that can meet the conditions are listed."""
    databases = [
        entry["Name"] for page in lake.glue.get_paginator("get_databases").paginate() for entry in page["DatabaseList"]
    ]
    key = "schema_name" if name == "schemata" else "table_schema"
    candidates = pa.table({key: pa.array(databases, pa.string())})
    kept = [databases[index] for index in matching(cursor, candidates, conditions)]
    rows = list(_rows(lake, name, kept))
    columns = {
        column.name: pa.array([row[index] for row in rows], pa.int64() if column.type == "bigint" else pa.string())
        for index, column in enumerate(COLUMNS[name])
    }
    table = f"_information_{next(_counter)}"
    cursor.register(f"{table}_arrow", pa.table(columns))
    cursor.execute(f'CREATE TEMP TABLE "{table}" AS SELECT * FROM "{table}_arrow"')  # noqa: S608
    cursor.unregister(f"{table}_arrow")
    return f'SELECT * FROM "{table}"'  # noqa: S608


def _rows(lake: Lake, name: str, databases: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    if name == "schemata":
        yield from ((_CATALOG, database) for database in databases)
        return
    for table in tables(lake, databases):
        place = (_CATALOG, table.database, table.name)
        if name == "tables":
            yield (*place, "VIEW" if table.kind == "view" else "BASE TABLE")
        elif name == "views" and table.kind == "view":
            yield place
        elif name == "columns":
            for position, column in enumerate(table.all_columns, start=1):
                extra = "partition key" if column in table.partition_keys else None
                yield (*place, column.name, position, None, "YES", column.type, column.comment or None, extra)


def tables(lake: Lake, databases: Sequence[str]) -> Iterator[LakeTable]:
    """Every table and view of some databases."""
    for database in databases:
        for page in lake.glue.get_paginator("get_tables").paginate(DatabaseName=database):
            for entry in page["TableList"]:
                yield from_glue({"DatabaseName": database, **entry})
