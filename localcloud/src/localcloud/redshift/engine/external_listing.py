"""What the svv_external_* views show: Glue's entries of all external schemas, read when a view is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from localcloud.lake import glue
from localcloud.lake.session import Lake
from localcloud.lake.types import to_hive
from localcloud.redshift.engine.filling import fill

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

VIEWS = frozenset(
    {"svv_external_tables", "svv_external_columns", "svv_all_tables", "svv_all_columns", "svv_tables", "svv_columns"}
)
PARTITIONS_VIEW = "svv_external_partitions"
_LOCATION_BYTES = 128
"""Of a location, as AWS documents it for svv_external_partitions."""


def refresh(session: Session) -> None:
    """Read the tables of all external schemas into the session's tables behind the views."""
    tables, columns = [], []
    for schema, entry in _entries(session):
        tables.append([schema, entry["Name"], *_storage(entry), _table_type(entry)])
        columns += _column_rows(schema, entry)
    fill(session.connection, "temp.main.pg_landfall_external_tables", tables)
    fill(session.connection, "temp.main.pg_landfall_external_columns", columns)


def refresh_partitions(session: Session) -> None:
    """The same for the registered partitions."""
    rows = []
    for schema, entry in _entries(session):
        if not entry.get("PartitionKeys"):
            continue
        pages = session.database.lake.glue.get_paginator("get_partitions")
        for page in pages.paginate(DatabaseName=entry["DatabaseName"], TableName=entry["Name"]):
            for partition in page["Partitions"]:
                location, *others = _storage(partition)
                values = json.dumps(partition["Values"], ensure_ascii=False, separators=(",", ":"))
                rows.append([schema, entry["Name"], values, location[:_LOCATION_BYTES], *others])
    fill(session.connection, "temp.main.pg_landfall_external_partitions", rows)


def _entries(session: Session) -> Iterator[tuple[str, dict[str, Any]]]:
    """Schema and Glue entry of every external table."""
    for schema, glue_database in session.catalog.rows("SELECT schema_name, glue_database FROM {c}.external_schemas"):
        for entry in _glue_tables(session.database.lake, glue_database):
            yield schema, entry


def _glue_tables(lake: Lake, glue_database: str) -> Iterator[dict[str, Any]]:
    try:
        for page in lake.glue.get_paginator("get_tables").paginate(DatabaseName=glue_database):
            yield from page["TableList"]
    except lake.glue.exceptions.EntityNotFoundException:
        return


def _storage(entry: dict[str, Any]) -> list[Any]:
    """Location, formats, SerDe and parameters of a table or partition."""
    storage = entry.get("StorageDescriptor") or {}
    serde = storage.get("SerdeInfo") or {}
    return [
        storage.get("Location", ""),
        storage.get("InputFormat", ""),
        storage.get("OutputFormat", ""),
        serde.get("SerializationLibrary", ""),
        json.dumps(serde.get("Parameters") or {}),
        json.dumps(entry.get("Parameters") or {}),
    ]


def _table_type(entry: dict[str, Any]) -> str:
    return "VIEW" if entry.get("TableType") == "VIRTUAL_VIEW" else "TABLE"


def _column_rows(schema: str, entry: dict[str, Any]) -> list[list[Any]]:
    table = glue.from_glue(entry)
    keys = [column.name for column in table.partition_keys]
    return [
        [
            schema,
            table.name,
            column.name,
            external_type(column.type),
            place,
            keys.index(column.name) + 1 if column.name in keys else 0,
        ]
        for place, column in enumerate(table.all_columns, 1)
    ]


def external_type(trino: str) -> str:
    """A column's type as svv_external_columns names it, e.g. `varchar(20)`, `timestamp`, `string`."""
    hive = to_hive(trino)
    return "timestamp" if hive.startswith("timestamp") else hive
