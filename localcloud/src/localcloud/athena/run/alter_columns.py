"""ALTER TABLE on columns, of Hive tables in Glue and of Iceberg tables in their schema."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pyiceberg.exceptions import ValidationError
from pyiceberg.table.update.schema import UpdateSchema

from localcloud.athena.run.context import Context
from localcloud.athena.run.grammar import columns_of, ddl_failure
from localcloud.athena.run.names import NAME
from localcloud.athena.run.tables import glue_columns
from localcloud.lake import iceberg_read
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, LakeTable, table_input
from localcloud.lake.types import to_iceberg


def _add(context: Context, table: LakeTable, match: re.Match[str]) -> None:
    columns = columns_of(match[1])
    existing = {column.name for column in table.all_columns}
    for column in columns:
        if column.name in existing:
            raise LakeError("COLUMN_ALREADY_EXISTS", f"Column '{column.name}' already exists")
    if table.kind == "iceberg":
        with iceberg_read.load(context.lake, table).update_schema() as update:
            for column in columns:
                update.add_column(column.name, to_iceberg(column.type, [10_000]), doc=column.comment or None)
        return
    _save(context, table, [*table.columns, *columns])


def _replace(context: Context, table: LakeTable, match: re.Match[str]) -> None:
    if table.kind == "iceberg":
        raise LakeError("NOT_SUPPORTED", "ALTER TABLE REPLACE COLUMNS is not supported for Iceberg tables")
    columns = columns_of(match[1])
    keys = {key.name for key in table.partition_keys}
    for column in columns:
        if column.name in keys:
            raise ddl_failure(f"Partition column name {column.name} conflicts with table columns.")
    _save(context, table, columns)


def _drop(context: Context, table: LakeTable, match: re.Match[str]) -> None:
    if table.kind != "iceberg":
        raise NotSupportedError("DROP COLUMN of a Hive table")
    name = match[1].lower()
    _require_column(table, name)
    iceberg = iceberg_read.load(context.lake, table)
    sources = {field.source_id for field in iceberg.spec().fields}
    if iceberg.schema().find_field(name).field_id in sources:
        raise LakeError("NOT_SUPPORTED", f"Cannot drop column '{name}': it is a partition column of the table")
    with iceberg.update_schema() as update:
        update.delete_column(name)


def _change(context: Context, table: LakeTable, match: re.Match[str]) -> None:
    """CHANGE [COLUMN] old new type [COMMENT 'text'] [FIRST | AFTER column]."""
    old, place = match[1].lower(), (match[3] or "").split()
    _require_column(table, old)
    column = columns_of(f"({match[2]})")[0]
    if column.name != old and column.name in {known.name for known in table.all_columns}:
        raise LakeError("COLUMN_ALREADY_EXISTS", f"Column '{column.name}' already exists")
    after = place[1].strip('`"').lower() if len(place) > 1 else None
    if after is not None:
        _require_column(table, after)
    if table.kind == "iceberg":
        _change_iceberg(context, table, old, column, bool(place), after)
        return
    columns = [column if known.name == old else known for known in table.columns]
    if place:
        columns.remove(column)
        names = [known.name for known in columns]
        columns.insert(names.index(after) + 1 if after else 0, column)
    _save(context, table, columns)


def _change_iceberg(
    context: Context, table: LakeTable, old: str, column: Column, moved: bool, after: str | None
) -> None:
    iceberg = iceberg_read.load(context.lake, table)
    kind = to_iceberg(column.type, [10_000])
    try:
        with iceberg.update_schema() as update:
            if iceberg.schema().find_type(old) != kind:
                update.update_column(old, field_type=kind)
            if column.comment:
                update.update_column(old, doc=column.comment)
            _move(update, old, moved, after)
            if column.name != old:
                update.rename_column(old, column.name)
    except (ValidationError, ValueError) as error:
        raise LakeError("ICEBERG_INVALID_METADATA", f"Cannot change column '{old}': {error}") from error


def _move(update: UpdateSchema, name: str, moved: bool, after: str | None) -> None:
    if moved and after:
        update.move_after(name, after)
    elif moved:
        update.move_first(name)


def _require_column(table: LakeTable, name: str) -> None:
    if name not in {column.name for column in table.columns}:
        raise LakeError("COLUMN_NOT_FOUND", f"Column '{name}' does not exist")


def _save(context: Context, table: LakeTable, columns: Sequence[Column]) -> None:
    entry = table_input(table)
    entry["StorageDescriptor"] = {**entry["StorageDescriptor"], "Columns": glue_columns(columns)}
    context.lake.glue.update_table(DatabaseName=table.database, TableInput=entry)


ACTIONS = [
    (r"add\s+columns?\s*(\(.*\))\s*$", _add),
    (r"replace\s+columns?\s*(\(.*\))\s*$", _replace),
    (rf"drop\s+columns?\s+{NAME}\s*$", _drop),
    (rf"change\s+(?:column\s+)?{NAME}\s+(.*?)(?:\s+(first|after\s+[`\"]?\w+[`\"]?))?\s*$", _change),
]
