"""Databases, views, tables without data and changes of tables."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Sequence
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import ParseError

from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.names import QUALIFIED
from localcloud.athena.run.storage import hive_storage
from localcloud.athena.run.tables import glue_columns, iceberg_properties, iceberg_schema, table_exists, table_name
from localcloud.athena.sql.dialect import parse_query
from localcloud.lake import iceberg_write
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import VIEW_PREFIX, Column, require_database
from localcloud.lake.objects import split_uri
from localcloud.lake.partition_sql import parse_spec
from localcloud.lake.types import from_data_type, split_arguments, to_hive


def parse_ddl(text: str) -> exp.Expression:
    """One DDL statement in the Hive grammar that Athena uses for it."""
    try:
        return parse_one(text, dialect="athena")
    except ParseError as error:
        raise LakeError("SYNTAX_ERROR", f"FAILED: ParseException {error}") from error


def create_database(context: Context, text: str) -> Outcome:
    """CREATE DATABASE | SCHEMA [IF NOT EXISTS] name [COMMENT ...] [LOCATION ...]."""
    node = parse_ddl(text)
    name = _database_name(node)
    location = node.find(exp.LocationProperty)
    entry: dict[str, Any] = {"Name": name}
    if location:
        entry["LocationUri"] = location.name
    try:
        context.lake.glue.create_database(DatabaseInput=entry)
    except context.lake.glue.exceptions.AlreadyExistsException:
        if not node.args.get("exists"):
            raise LakeError("SCHEMA_ALREADY_EXISTS", f"Schema '{name}' already exists") from None
    return Outcome(lines=())


def _database_name(node: exp.Expression) -> str:
    table = node.find(exp.Table)
    if table is None:
        raise LakeError("SYNTAX_ERROR", "FAILED: ParseException the statement names no database")
    return (table.db or table.name).lower()


def drop_database(context: Context, text: str) -> Outcome:
    """DROP DATABASE | SCHEMA [IF EXISTS] name [CASCADE]."""
    node = parse_ddl(text)
    name = _database_name(node)
    glue = context.lake.glue
    try:
        found = glue.get_tables(DatabaseName=name)["TableList"]
    except glue.exceptions.EntityNotFoundException:
        if node.args.get("exists"):
            return Outcome(lines=())
        raise LakeError("SCHEMA_NOT_FOUND", f"Schema '{name}' does not exist") from None
    if found and not node.args.get("cascade"):
        raise LakeError("INVALID_OPERATION", f"Database {name} is not empty. One or more tables exist.")
    glue.delete_database(Name=name)
    return Outcome(lines=())


def create_view(context: Context, text: str) -> Outcome:
    """CREATE [OR REPLACE] VIEW name AS query, kept in Glue as Athena keeps views."""
    match = re.match(rf"create\s+(or\s+replace\s+)?view\s+{QUALIFIED}\s+as\b(.*)", text, re.IGNORECASE | re.DOTALL)
    if not match:
        raise NotSupportedError("this form of CREATE VIEW")
    replace, database, name, original = (
        match[1],
        (match[2] or context.database).lower(),
        match[3].lower(),
        match[4].strip(),
    )
    compiled = context.compiler.compile(parse_query(original))
    definition = {
        "originalSql": original,
        "catalog": "awsdatacatalog",
        "schema": context.database,
        "columns": [{"name": column.name, "type": column.type} for column in compiled.columns],
    }
    encoded = base64.b64encode(json.dumps(definition).encode()).decode()
    require_database(context.lake, database)
    entry = {
        "Name": name,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "ViewOriginalText": f"{VIEW_PREFIX}{encoded} */",
        "ViewExpandedText": "/* Presto View */",
        "PartitionKeys": [],
        "StorageDescriptor": {"Columns": glue_columns(compiled.columns), "Location": "", "SerdeInfo": {}},
    }
    glue = context.lake.glue
    try:
        existing = glue.get_table(DatabaseName=database, Name=name)["Table"]
    except glue.exceptions.EntityNotFoundException:
        glue.create_table(DatabaseName=database, TableInput=entry)
        return Outcome(lines=())
    if existing.get("TableType") != "VIRTUAL_VIEW":
        raise LakeError("TABLE_ALREADY_EXISTS", f"Table '{database}.{name}' already exists and is not a view")
    if not replace:
        raise LakeError("TABLE_ALREADY_EXISTS", f"line 1:1: View already exists: '{database}.{name}'")
    glue.update_table(DatabaseName=database, TableInput=entry)
    return Outcome(lines=())


def drop_table(context: Context, text: str) -> Outcome:
    """DROP TABLE | VIEW [IF EXISTS] name. Dropping an Iceberg table deletes its data; an external table keeps it."""
    match = re.match(rf"drop\s+(table|view)\s+(if\s+exists\s+)?{QUALIFIED}\s*$", text, re.IGNORECASE)
    if not match:
        raise NotSupportedError("this form of DROP")
    kind, optional, database, name = (
        match[1].lower(),
        match[2],
        (match[3] or context.database).lower(),
        match[4].lower(),
    )
    if not table_exists(context, database, name):
        if optional:
            return Outcome(lines=())
        raise LakeError("TABLE_NOT_FOUND", f"Table '{database}.{name}' does not exist")
    table = context.compiler.resolver.table(exp.table_(name, db=database))
    if (table.kind == "view") != (kind == "view"):
        raise LakeError(
            "INVALID_OPERATION",
            f"'{database}.{name}' is a {'view' if table.kind == 'view' else 'table'}, not a {kind}",
        )
    context.lake.glue.delete_table(DatabaseName=database, Name=name)
    if table.kind == "iceberg" and table.location:
        _delete_objects(context, table.location.rstrip("/") + "/")
    return Outcome(lines=())


def _delete_objects(context: Context, uri: str) -> None:
    bucket, prefix = split_uri(uri)
    for page in context.lake.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        keys = [{"Key": entry["Key"]} for entry in page.get("Contents", [])]
        if keys:
            context.lake.s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})


def create_table(context: Context, text: str) -> Outcome:
    """CREATE [EXTERNAL] TABLE with columns: Hive tables over existing files, or empty Iceberg tables."""
    node = parse_ddl(text)
    if not isinstance(node, exp.Create) or not isinstance(node.this, exp.Schema):
        raise NotSupportedError("this form of CREATE TABLE")
    database, name = table_name(context, node.this.this)
    require_database(context.lake, database)
    if table_exists(context, database, name):
        if node.args.get("exists"):
            return Outcome(lines=())
        raise LakeError("TABLE_ALREADY_EXISTS", f"Table {name} already exists in database {database}")
    columns = _column_definitions(node.this.expressions)
    properties = (
        {
            item.name.lower(): item.args["value"].name
            for item in node.args["properties"].expressions
            if type(item) is exp.Property
        }
        if node.args.get("properties")
        else {}
    )
    location = node.find(exp.LocationProperty)
    if location is None:
        raise LakeError("INVALID_TABLE_PROPERTY", "FAILED: SemanticException table location must be specified")
    partitioned = node.find(exp.PartitionedByProperty)
    if properties.get("table_type", "").upper() == "ICEBERG":
        schema = iceberg_schema(columns)
        transaction = iceberg_write.create_table(
            context.lake,
            database,
            name,
            schema=schema,
            spec=parse_spec(_partition_texts(text), schema),
            location=location.name,
            properties=iceberg_properties(properties),
        )
        iceberg_write.commit_create(context.cursor, transaction, None)
        return Outcome(lines=())
    if not node.find(exp.ExternalProperty):
        raise LakeError(
            "INVALID_OPERATION", "FAILED: SemanticException only external tables and Iceberg tables can be created"
        )
    keys = _column_definitions(partitioned.this.expressions) if partitioned else []
    context.lake.glue.create_table(
        DatabaseName=database,
        TableInput={
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "transient_lastDdlTime": str(int(time.time())), **properties},
            "PartitionKeys": glue_columns(keys),
            "StorageDescriptor": {"Columns": glue_columns(columns), "Location": location.name, **hive_storage(node)},
        },
    )
    return Outcome(lines=())


def _partition_texts(text: str) -> list[str]:
    """The fields of PARTITIONED BY as written: the parser turns transforms into functions of other dialects."""
    match = re.search(r"\bpartitioned\s+by\s*\(", text, re.IGNORECASE)
    if not match:
        return []
    depth, end = 1, match.end()
    while depth and end < len(text):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        end += 1
    return split_arguments(text[match.end() : end - 1])


def _column_definitions(nodes: Sequence[exp.Expression]) -> list[Column]:
    columns = []
    for node in nodes:
        if not isinstance(node, exp.ColumnDef) or node.args.get("kind") is None:
            raise LakeError("SYNTAX_ERROR", f"FAILED: ParseException column without a type: {node.sql(dialect='hive')}")
        comment = next(
            (item.kind.name for item in node.constraints if isinstance(item.kind, exp.CommentColumnConstraint)), ""
        )
        comment = comment or next(
            (i.kind.this.name for i in node.constraints if isinstance(i.kind, exp.CommentColumnConstraint)), ""
        )
        columns.append(Column(node.name.lower(), from_data_type(node.args["kind"]), comment))
    return columns


def alter_table(context: Context, text: str) -> Outcome:
    """ALTER TABLE: RENAME TO, ADD COLUMNS, SET TBLPROPERTIES, ADD and DROP PARTITION."""
    match = re.match(rf"alter\s+table\s+{QUALIFIED}\s+(.*)", text, re.IGNORECASE | re.DOTALL)
    if not match:
        raise LakeError("SYNTAX_ERROR", "FAILED: ParseException in ALTER TABLE")
    database, name, action = (match[1] or context.database).lower(), match[2].lower(), match[3]
    table = context.compiler.resolver.table(exp.table_(name, db=database))
    from localcloud.athena.run import alter

    for pattern, run in alter.ACTIONS:
        found = re.match(pattern, action, re.IGNORECASE | re.DOTALL)
        if found:
            run(context, table, found, text)
            return Outcome(lines=())
    raise NotSupportedError(f"ALTER TABLE {action.split('(')[0].strip()}")


def hive_columns(columns: Sequence[Column]) -> list[tuple[str, ...]]:
    """Name, Hive type and comment of each column, as DESCRIBE prints them."""
    return [(column.name, to_hive(column.type), column.comment) for column in columns]
