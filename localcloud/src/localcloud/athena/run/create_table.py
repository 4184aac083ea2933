"""CREATE TABLE with columns: Hive tables over existing files, and empty Iceberg tables."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sqlglot import exp

from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.grammar import column_definitions, parse_ddl, partition_texts
from localcloud.athena.run.storage import hive_storage
from localcloud.athena.run.tables import (
    OWNER,
    glue_columns,
    iceberg_properties,
    iceberg_schema,
    table_exists,
    table_name,
)
from localcloud.lake import iceberg_commit
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, require_database
from localcloud.lake.partition_sql import parse_spec

_EXISTS = "TABLE_ALREADY_EXISTS"


def create_table(context: Context, text: str) -> Outcome:
    """CREATE [EXTERNAL] TABLE [IF NOT EXISTS] name (columns) ..."""
    node = parse_ddl(text)
    if not isinstance(node, exp.Create) or not isinstance(node.this, exp.Schema):
        raise NotSupportedError("this form of CREATE TABLE")
    database, name = table_name(context, node.this.this)
    require_database(context.lake, database)
    try:
        _create(context, node, (database, name), text)
    except LakeError as error:
        if error.code != _EXISTS or not node.args.get("exists"):
            raise
    return Outcome(lines=())


def _create(context: Context, node: exp.Create, name: tuple[str, str], text: str) -> None:
    """Create the table; raises LakeError, TABLE_ALREADY_EXISTS also when another statement is faster."""
    if table_exists(context, *name):
        raise _exists(name)
    columns = column_definitions(node.this.expressions)
    properties = _properties(node)
    location = node.find(exp.LocationProperty)
    if location is None:
        raise LakeError("INVALID_TABLE_PROPERTY", "FAILED: SemanticException table location must be specified")
    if properties.get("table_type", "").upper() == "ICEBERG":
        _create_iceberg(context, name, columns, properties, location.name, text)
    elif node.find(exp.ExternalProperty):
        _create_hive(context, name, columns, properties, location.name, node)
    else:
        raise LakeError(
            "INVALID_OPERATION", "FAILED: SemanticException only external tables and Iceberg tables can be created"
        )


def _exists(name: tuple[str, str]) -> LakeError:
    return LakeError(_EXISTS, f"Table {name[1]} already exists in database {name[0]}")


def _properties(node: exp.Create) -> dict[str, str]:
    """TBLPROPERTIES; the other kinds of property are subclasses of exp.Property."""
    properties = node.args.get("properties")
    found = [item for item in properties.expressions if type(item) is exp.Property] if properties else []
    return {item.name.lower(): item.args["value"].name for item in found}


def _create_iceberg(
    context: Context,
    name: tuple[str, str],
    columns: list[Column],
    properties: Mapping[str, str],
    location: str,
    text: str,
) -> None:
    schema = iceberg_schema(columns)
    transaction = iceberg_commit.create_table(
        context.lake,
        *name,
        schema=schema,
        spec=parse_spec(partition_texts(text), schema),
        location=location,
        properties=iceberg_properties(properties),
    )
    iceberg_commit.commit_create(context.cursor, transaction, None)


def _create_hive(
    context: Context,
    name: tuple[str, str],
    columns: list[Column],
    properties: Mapping[str, str],
    location: str,
    node: exp.Create,
) -> None:
    partitioned = node.find(exp.PartitionedByProperty)
    keys = column_definitions(partitioned.this.expressions) if partitioned else []
    repeated = {column.name for column in columns} & {key.name for key in keys}
    if repeated:
        raise LakeError(
            "FAILED", f"SemanticException [Error 10035]: Column repeated in partitioning columns: {repeated.pop()}"
        )
    comment = node.find(exp.SchemaCommentProperty)
    parameters = {"EXTERNAL": "TRUE", "transient_lastDdlTime": str(int(time.time())), **properties}
    if comment is not None:
        parameters["comment"] = comment.this.name
    try:
        context.lake.glue.create_table(
            DatabaseName=name[0],
            TableInput={
                "Name": name[1],
                "Owner": OWNER,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": parameters,
                "PartitionKeys": glue_columns(keys),
                "StorageDescriptor": {"Columns": glue_columns(columns), "Location": location, **hive_storage(node)},
            },
        )
    except context.lake.glue.exceptions.AlreadyExistsException:
        raise _exists(name) from None
