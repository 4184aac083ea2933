"""The actions of ALTER TABLE."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from localcloud.athena.run.context import Context
from localcloud.athena.run.ddl import _column_definitions, parse_ddl
from localcloud.athena.run.names import QUALIFIED
from localcloud.athena.run.tables import glue_columns, iceberg_properties
from localcloud.lake import iceberg_read
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import LakeTable
from localcloud.lake.types import to_iceberg

_GLUE_INPUT = (
    "Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "ViewOriginalText",
    "ViewExpandedText", "TableType", "Parameters",
)  # fmt: skip
_PAIR = re.compile(r"'((?:[^'\\]|\\.)*)'\s*=\s*'((?:[^'\\]|\\.)*)'")
Action = Callable[[Context, LakeTable, "re.Match[str]", str], None]


def table_input(table: LakeTable) -> dict[str, Any]:
    """A catalogue entry in the form that Glue takes back."""
    return {key: table.glue[key] for key in _GLUE_INPUT if table.glue.get(key)}


def _rename(context: Context, table: LakeTable, match: re.Match[str], text: str) -> None:
    if table.kind != "iceberg":
        raise LakeError("NOT_SUPPORTED", "ALTER TABLE RENAME is only supported for Iceberg tables")
    database, name = (match[1] or table.database).lower(), match[2].lower()
    glue = context.lake.glue
    try:
        # Glue has no rename: the new entry points to the same metadata before the old one goes.
        glue.create_table(DatabaseName=database, TableInput={**table_input(table), "Name": name})
    except glue.exceptions.AlreadyExistsException:
        raise LakeError("TABLE_ALREADY_EXISTS", f"Table '{database}.{name}' already exists") from None
    glue.delete_table(DatabaseName=table.database, Name=table.name)


def _add_columns(context: Context, table: LakeTable, match: re.Match[str], text: str) -> None:
    node = parse_ddl(text)
    schema = node.find(exp.Schema)
    columns = _column_definitions(schema.expressions if schema else list(node.find_all(exp.ColumnDef)))
    existing = {column.name for column in table.all_columns}
    for column in columns:
        if column.name in existing:
            raise LakeError("COLUMN_ALREADY_EXISTS", f"Column '{column.name}' already exists")
    if table.kind == "iceberg":
        iceberg = iceberg_read.load(context.lake, table)
        with iceberg.update_schema() as update:
            for column in columns:
                update.add_column(column.name, to_iceberg(column.type, [10_000]), doc=column.comment or None)
        return
    entry = table_input(table)
    entry["StorageDescriptor"]["Columns"] = [*entry["StorageDescriptor"]["Columns"], *glue_columns(columns)]
    context.lake.glue.update_table(DatabaseName=table.database, TableInput=entry)


def _drop_column(context: Context, table: LakeTable, match: re.Match[str], text: str) -> None:
    if table.kind != "iceberg":
        raise NotSupportedError("DROP COLUMN of a Hive table")
    with iceberg_read.load(context.lake, table).update_schema() as update:
        update.delete_column(match[1].lower())


def _set_properties(context: Context, table: LakeTable, match: re.Match[str], text: str) -> None:
    properties = dict(_PAIR.findall(match[1]))
    if table.kind == "iceberg":
        converted = iceberg_properties(properties)
        if converted:
            with iceberg_read.load(context.lake, table).transaction() as transaction:
                transaction.set_properties(converted)
        properties = {key: value for key, value in properties.items() if key == "classification"}
        if not properties:
            return
        table = context.compiler.resolver.fresh(table)
    entry = table_input(table)
    entry["Parameters"] = {**entry.get("Parameters", {}), **properties}
    context.lake.glue.update_table(DatabaseName=table.database, TableInput=entry)


def _partitions(table: LakeTable, text: str) -> list[tuple[list[str], str | None]]:
    found = []
    for match in re.finditer(r"partition\s*\((.*?)\)(?:\s*location\s*'([^']*)')?", text, re.IGNORECASE | re.DOTALL):
        pairs = dict(re.findall(r"[`\"]?(\w+)[`\"]?\s*=\s*'?([^',]*)'?", match[1]))
        try:
            values = [
                {key.lower(): value for key, value in pairs.items()}[key.name].strip() for key in table.partition_keys
            ]
        except KeyError as error:
            raise LakeError("INVALID_PARTITION", f"The partition spec lacks the key {error}") from error
        found.append((values, match[2]))
    return found


def _add_partitions(context: Context, table: LakeTable, match: re.Match[str], text: str) -> None:
    storage = dict(table.glue["StorageDescriptor"])
    for values, location in _partitions(table, match[2]):
        pairs = (f"{key.name}={value}" for key, value in zip(table.partition_keys, values, strict=True))
        place = location or table.location.rstrip("/") + "/" + "/".join(pairs) + "/"
        try:
            context.lake.glue.create_partition(
                DatabaseName=table.database,
                TableName=table.name,
                PartitionInput={"Values": values, "StorageDescriptor": {**storage, "Location": place}},
            )
        except context.lake.glue.exceptions.AlreadyExistsException:
            if not match[1]:
                raise LakeError("PARTITION_ALREADY_EXISTS", f"Partition already exists: {values}") from None


def _drop_partitions(context: Context, table: LakeTable, match: re.Match[str], text: str) -> None:
    for values, _ in _partitions(table, match[2]):
        try:
            context.lake.glue.delete_partition(
                DatabaseName=table.database, TableName=table.name, PartitionValues=values
            )
        except context.lake.glue.exceptions.EntityNotFoundException:
            if not match[1]:
                raise LakeError("PARTITION_NOT_FOUND", f"Partition does not exist: {values}") from None


ACTIONS: list[tuple[str, Action]] = [
    (rf"rename\s+to\s+{QUALIFIED}\s*$", _rename),
    (r"add\s+columns\b", _add_columns),
    (r"drop\s+column\s+[`\"]?(\w+)[`\"]?\s*$", _drop_column),
    (r"set\s+tblproperties\s*\((.*)\)\s*$", _set_properties),
    (r"add\s+(if\s+not\s+exists\s+)?(partition\b.*)", _add_partitions),
    (r"drop\s+(if\s+exists\s+)?(partition\b.*)", _drop_partitions),
]
