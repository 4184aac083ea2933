"""CREATE TABLE AS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from localcloud.athena.run.context import MAX_OPEN_PARTITIONS, Context, Outcome
from localcloud.athena.run.hive_tables import (
    Bucketing,
    create_entry,
    file_format_of,
    require_hive_types,
    write_hive,
)
from localcloud.athena.run.tables import (
    iceberg_properties,
    iceberg_schema,
    read_properties,
    table_exists,
    table_name,
)
from localcloud.athena.sql.compiled import Compiled
from localcloud.athena.sql.dialect import parse_query
from localcloud.lake import hive_write, iceberg_commit
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, require_database
from localcloud.lake.hive_partitions import register_partitions
from localcloud.lake.hive_write import WrittenFile
from localcloud.lake.partition_sql import parse_spec


def create_as(context: Context, text: str) -> Outcome:
    """CREATE TABLE ... WITH (...) AS query."""
    create = parse_query(text)
    if not isinstance(create, exp.Create) or create.expression is None:
        raise NotSupportedError("this form of CREATE TABLE AS")
    database, name = table_name(context, create.this)
    properties = read_properties(create)
    require_database(context.lake, database)
    if table_exists(context, database, name):
        if create.args.get("exists"):
            return Outcome()
        raise LakeError("TABLE_ALREADY_EXISTS", f"line 1:1: Table 'awsdatacatalog.{database}.{name}' already exists")
    no_data = any(
        isinstance(p, exp.WithDataProperty) and p.args.get("no") for p in create.find_all(exp.WithDataProperty)
    )
    compiled = context.compiler.compile(create.expression)
    require_names(compiled.columns)
    if str(properties.pop("table_type", "HIVE")).upper() == "ICEBERG":
        return _create_iceberg(context, database, name, compiled, properties, None if no_data else compiled.typed_sql)
    return _create_hive(context, database, name, compiled, properties, no_data)


def require_names(columns: Sequence[Column]) -> None:
    """Raise LakeError, as Trino does for tables and views, for a column without a name of its own or without a type."""
    seen: set[str] = set()
    for index, column in enumerate(columns, start=1):
        if column.name.startswith("_col"):
            raise LakeError("MISSING_COLUMN_NAME", f"line 1:1: Column name not specified at position {index}")
        if column.type == "unknown":
            raise LakeError("COLUMN_TYPE_UNKNOWN", f"line 1:1: Column type is unknown at position {index}")
        if column.name in seen:
            raise LakeError("DUPLICATE_COLUMN_NAME", f"line 1:1: Column name '{column.name}' specified more than once")
        seen.add(column.name)


def _create_iceberg(
    context: Context, database: str, name: str, compiled: Compiled, properties: dict[str, Any], select: str | None
) -> Outcome:
    if properties.get("is_external") is True:
        raise LakeError("NOT_SUPPORTED", "External Iceberg tables are not supported: set is_external = false")
    if "location" not in properties:
        raise LakeError("INVALID_TABLE_PROPERTY", "Table location is mandatory for Iceberg tables: set location")
    schema = iceberg_schema(compiled.columns)
    transaction = iceberg_commit.create_table(
        context.lake,
        database,
        name,
        schema=schema,
        spec=parse_spec(list(properties.get("partitioning") or []), schema),
        location=properties["location"],
        properties=iceberg_properties(properties),
    )
    files = iceberg_commit.commit_create(context.cursor, transaction, select, MAX_OPEN_PARTITIONS)
    return Outcome(rows=sum(file.record_count for file in files), files=tuple(file.file_path for file in files))


def _create_hive(
    context: Context, database: str, name: str, compiled: Compiled, properties: dict[str, Any], no_data: bool
) -> Outcome:
    location = properties.pop("external_location", None)
    if location is None:
        location = f"{context.result_location.rstrip('/')}/tables/{context.query_id}/"
    elif context.location_enforced:
        raise LakeError(
            "INVALID_TABLE_PROPERTY",
            "The Create Table As Select query failed because it was submitted with an 'external_location' property to"
            " an Athena Workgroup that enforces a centralized output location for all queries. Please remove the"
            " 'external_location' property and resubmit the query.",
        )
    file_format, serde_parameters = file_format_of(properties)
    keys = [key.lower() for key in properties.pop("partitioned_by", None) or []]
    properties.pop("is_external", None)
    bucketing = _bucketing(compiled, properties, keys)
    if properties:
        raise NotSupportedError(f"the table property '{next(iter(properties))}'")
    names = [column.name for column in compiled.columns]
    if keys and names[-len(keys) :] != keys:
        raise LakeError(
            "HIVE_COLUMN_ORDER_MISMATCH",
            "Partition keys must be the last columns in the table and in the same order as the table properties:"
            f" {keys}",
        )
    require_hive_types(compiled.columns)
    hive_write.require_empty(context.lake, location.rstrip("/") + "/")
    data = [column for column in compiled.columns if column.name not in keys]
    partition_columns = [column for column in compiled.columns if column.name in keys]
    files: list[WrittenFile] = []
    if not no_data:
        files = write_hive(context, compiled.typed_sql, location, data, keys, file_format, bucketing)
    create_entry(
        context, database, name, location, data, partition_columns, file_format.kind, serde_parameters, bucketing
    )
    table = context.compiler.resolver.table(exp.Table(this=exp.to_identifier(name), db=exp.to_identifier(database)))
    register_partitions(context.lake, table, files)
    return Outcome(rows=sum(file.rows for file in files), files=tuple(file.path for file in files))


def _bucketing(compiled: Compiled, properties: dict[str, Any], keys: Sequence[str]) -> Bucketing | None:
    """The buckets that `bucketed_by` and `bucket_count` ask for; takes both out of `properties`."""
    names, count = properties.pop("bucketed_by", None), properties.pop("bucket_count", None)
    if names is None and count is None:
        return None
    if names is None or count is None or int(count) < 1:
        raise LakeError(
            "INVALID_TABLE_PROPERTY", "Must specify 'bucketed_by' and a 'bucket_count' greater than zero together"
        )
    columns = {column.name: column for column in compiled.columns if column.name not in keys}
    wanted = [name.lower() for name in names]
    for name in wanted:
        if name not in columns:
            raise LakeError("INVALID_TABLE_PROPERTY", f"Bucketing columns [{name}] not present in schema")
    return Bucketing(tuple(columns[name] for name in wanted), int(count))
