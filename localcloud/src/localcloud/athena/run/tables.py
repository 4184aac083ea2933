"""What the statements on tables have in common: names, properties, columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyiceberg.schema import Schema
from pyiceberg.types import NestedField
from sqlglot import exp

from localcloud.athena.run.context import Context
from localcloud.lake import iceberg_read
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, LakeTable
from localcloud.lake.types import to_hive, to_iceberg

OWNER = "hadoop"
"""Who Athena says owns the tables it makes in Glue."""

ATHENA_PROPERTIES = ("optimize_", "vacuum_", "write_target_data_file_size_bytes")


def table_exists(context: Context, database: str, name: str) -> bool:
    """Whether Glue has the table."""
    try:
        context.lake.glue.get_table(DatabaseName=database, Name=name)
    except context.lake.glue.exceptions.EntityNotFoundException:
        return False
    return True


def table_name(context: Context, node: exp.Expr) -> tuple[str, str]:
    """Database and name of the table a statement names."""
    table = node if isinstance(node, exp.Table) else node.find(exp.Table)
    if table is None:
        raise LakeError("SYNTAX_ERROR", "line 1:1: the statement names no table")
    database, dot, name = table.name.rpartition(".")
    if dot and not table.db:  # `database.name` in one pair of quotes, as SHOW CREATE TABLE gives it
        return database.lower(), name.lower()
    return (table.db or context.database).lower(), table.name.lower()


def read_properties(create: exp.Expr) -> dict[str, Any]:
    """WITH (...) as plain values: text, numbers, booleans and lists of text."""
    found: dict[str, Any] = {}
    for node in (create.args.get("properties") or exp.Properties(expressions=[])).expressions:
        if type(node) is exp.Property:  # the other kinds are its subclasses
            found[node.name.lower()] = _value(node.args["value"])
        elif isinstance(node, exp.LocationProperty):
            found["location"] = node.name
        elif isinstance(node, exp.FileFormatProperty):
            found["format"] = node.name
        elif isinstance(node, exp.PartitionedByProperty):
            found["partitioned_by"] = _value(node.this)
        elif not isinstance(node, exp.WithDataProperty):
            raise NotSupportedError(f"the table property {node.sql(dialect='trino')}")
    return found


def _value(node: exp.Expr) -> Any:
    if isinstance(node, exp.Array | exp.Schema | exp.Tuple):
        return [item.name if isinstance(item, exp.Literal) else item.sql(dialect="trino") for item in node.expressions]
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    return node.name


def iceberg_schema(columns: Sequence[Column]) -> Schema:
    """An Iceberg schema with fresh ids; column ids first, then those of nested fields."""
    next_id = [len(columns) + 1]
    fields = [
        NestedField(index, column.name, to_iceberg(column.type, next_id), required=False, doc=column.comment or None)
        for index, column in enumerate(columns, start=1)
    ]
    return Schema(*fields)


def iceberg_properties(properties: Mapping[str, Any]) -> dict[str, str]:
    """Athena's table properties as Iceberg's; raises INVALID_TABLE_PROPERTY for one that is none."""
    found: dict[str, str] = {}
    for key, value in properties.items():
        if key == "write_compression":
            found["write.parquet.compression-codec"] = str(value).lower()
        elif key == "format":
            if str(value).upper() != "PARQUET":
                raise NotSupportedError(f"Iceberg data in {value}")
        elif key == "compression_level":
            found["write.parquet.compression-level"] = str(value)
        elif key == "format_version":
            if str(value) != "2":
                raise NotSupportedError(f"writing Iceberg tables of format version {value}")
        elif key.startswith(ATHENA_PROPERTIES):
            found[key] = str(value)
        elif key not in ("table_type", "is_external", "location", "partitioning", "classification"):
            raise LakeError("INVALID_TABLE_PROPERTY", f"line 1:1: Table property '{key}' does not exist")
    return found


def glue_columns(columns: Sequence[Column]) -> list[dict[str, str]]:
    """Columns as Glue takes them."""
    return [
        {"Name": column.name, "Type": to_hive(column.type), **({"Comment": column.comment} if column.comment else {})}
        for column in columns
    ]


def table_columns(context: Context, table: LakeTable) -> tuple[Column, ...]:
    """All columns of a table with exact types."""
    if table.kind == "iceberg":
        return iceberg_read.columns(iceberg_read.load(context.lake, table))
    return table.all_columns
