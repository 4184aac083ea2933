"""CREATE TABLE AS and INSERT."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from pyiceberg.schema import Schema
from pyiceberg.types import NestedField
from sqlglot import exp

from localcloud.athena.run.context import MAX_OPEN_PARTITIONS, Context, Outcome
from localcloud.athena.sql import types as trino
from localcloud.athena.sql.compile import Compiled
from localcloud.athena.sql.dialect import parse_query
from localcloud.lake import hive_read, hive_write, iceberg_read, iceberg_write, serdes
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, LakeTable, require_database
from localcloud.lake.hive_write import FileFormat, WrittenFile
from localcloud.lake.objects import split_uri
from localcloud.lake.partition_sql import parse_spec
from localcloud.lake.types import parts, to_duckdb, to_hive, to_iceberg

_ICEBERG_PROPERTIES = ("format_version", "optimize_", "vacuum_", "write_target_data_file_size_bytes")
_HIVE_FORMATS = {
    "PARQUET": (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        hive_read.PARQUET,
    ),
    "TEXTFILE": (
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        serdes.LAZY,
    ),
    "JSON": (
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        serdes.JSON[1],
    ),
}


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
    _require_names(compiled.columns)
    if str(properties.pop("table_type", "HIVE")).upper() == "ICEBERG":
        return _create_iceberg(context, database, name, compiled, properties, None if no_data else compiled.typed_sql)
    return _create_hive(context, database, name, compiled, properties, no_data)


def table_exists(context: Context, database: str, name: str) -> bool:
    """Whether Glue has the table."""
    try:
        context.lake.glue.get_table(DatabaseName=database, Name=name)
    except context.lake.glue.exceptions.EntityNotFoundException:
        return False
    return True


def table_name(context: Context, node: exp.Expression) -> tuple[str, str]:
    """Database and name of the table a statement names."""
    table = node if isinstance(node, exp.Table) else node.find(exp.Table)
    if table is None:
        raise LakeError("SYNTAX_ERROR", "line 1:1: the statement names no table")
    return (table.db or context.database).lower(), table.name.lower()


def read_properties(create: exp.Expression) -> dict[str, Any]:
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


def _value(node: exp.Expression) -> Any:
    if isinstance(node, exp.Array | exp.Schema | exp.Tuple):
        return [item.name if isinstance(item, exp.Literal) else item.sql(dialect="trino") for item in node.expressions]
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    return node.name


def _require_names(columns: Sequence[Column]) -> None:
    seen: set[str] = set()
    for index, column in enumerate(columns, start=1):
        if column.name.startswith("_col"):
            raise LakeError("MISSING_COLUMN_NAME", f"line 1:1: Column name not specified at position {index}")
        if column.type == "unknown":
            raise LakeError("COLUMN_TYPE_UNKNOWN", f"line 1:1: Column type is unknown at position {index}")
        if column.name in seen:
            raise LakeError("DUPLICATE_COLUMN_NAME", f"line 1:1: Column name '{column.name}' specified more than once")
        seen.add(column.name)


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
        elif key.startswith(_ICEBERG_PROPERTIES):
            found[key] = str(value)
        elif key not in ("table_type", "is_external", "location", "partitioning", "classification"):
            raise LakeError("INVALID_TABLE_PROPERTY", f"line 1:1: Table property '{key}' does not exist")
    return found


def _create_iceberg(
    context: Context, database: str, name: str, compiled: Compiled, properties: dict[str, Any], select: str | None
) -> Outcome:
    if properties.get("is_external") is True:
        raise LakeError("NOT_SUPPORTED", "External Iceberg tables are not supported: set is_external = false")
    if "location" not in properties:
        raise LakeError("INVALID_TABLE_PROPERTY", "Table location is mandatory for Iceberg tables: set location")
    schema = iceberg_schema(compiled.columns)
    transaction = iceberg_write.create_table(
        context.lake,
        database,
        name,
        schema=schema,
        spec=parse_spec(list(properties.get("partitioning") or []), schema),
        location=properties["location"],
        properties=iceberg_properties(properties),
    )
    files = iceberg_write.commit_create(context.cursor, transaction, select, MAX_OPEN_PARTITIONS)
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
    file_format, serde_parameters = _hive_format(properties)
    keys = [key.lower() for key in properties.pop("partitioned_by", None) or []]
    properties.pop("is_external", None)
    if properties:
        raise NotSupportedError(f"the table property '{next(iter(properties))}'")
    names = [column.name for column in compiled.columns]
    if keys and names[-len(keys) :] != keys:
        raise LakeError(
            "HIVE_COLUMN_ORDER_MISMATCH",
            "Partition keys must be the last columns in the table and in the same order as the table properties:"
            f" {keys}",
        )
    hive_write.require_empty(context.lake, location.rstrip("/") + "/")
    data = [column for column in compiled.columns if column.name not in keys]
    partition_columns = [column for column in compiled.columns if column.name in keys]
    files: list[WrittenFile] = []
    if not no_data:
        files = _write_hive(context, compiled.typed_sql, location, data, keys, file_format)
    _glue_create(context, database, name, location, data, partition_columns, file_format.kind, serde_parameters)
    table = context.compiler.resolver.table(exp.Table(this=exp.to_identifier(name), db=exp.to_identifier(database)))
    register_partitions(context, table, files)
    return Outcome(rows=sum(file.rows for file in files), files=tuple(file.path for file in files))


def _hive_format(properties: dict[str, Any]) -> tuple[FileFormat, dict[str, str]]:
    kind = str(properties.pop("format", "PARQUET")).upper()
    delimiter = str(properties.pop("field_delimiter", "\x01"))
    codec = properties.pop("write_compression", None) or properties.pop("parquet_compression", None)
    default = {"PARQUET": "gzip"}.get(kind, "gzip")
    serde = {"field.delim": delimiter} if kind == "TEXTFILE" else {}
    return FileFormat(kind, str(codec or default).lower(), delimiter), serde | {
        "serialization.format": serde.get("field.delim", "1")
    }


def _write_hive(
    context: Context, select: str, location: str, data: Sequence[Column], keys: Sequence[str], file_format: FileFormat
) -> list[WrittenFile]:
    files = hive_write.write_files(
        context.lake,
        context.cursor,
        select,
        location=location,
        columns=[column.name for column in data],
        keys=keys,
        file_format=file_format,
    )
    opened = len({file.partition for file in files})
    if opened > MAX_OPEN_PARTITIONS:
        for file in files:
            bucket, key = split_uri(file.path)
            context.lake.s3.delete_object(Bucket=bucket, Key=key)
        raise LakeError(
            "HIVE_TOO_MANY_OPEN_PARTITIONS",
            f"Exceeded limit of {MAX_OPEN_PARTITIONS} open writers for partitions/buckets",
        )
    return files


def _glue_create(
    context: Context,
    database: str,
    name: str,
    location: str,
    data: Sequence[Column],
    keys: Sequence[Column],
    kind: str,
    serde_parameters: Mapping[str, str],
) -> None:
    input_format, output_format, serde = _HIVE_FORMATS[kind]
    context.lake.glue.create_table(
        DatabaseName=database,
        TableInput={
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {
                "EXTERNAL": "TRUE",
                "has_encrypted_data": "false",
                "transient_lastDdlTime": str(int(time.time())),
            },
            "PartitionKeys": glue_columns(keys),
            "StorageDescriptor": {
                "Columns": glue_columns(data),
                "Location": location,
                "InputFormat": input_format,
                "OutputFormat": output_format,
                "SerdeInfo": {"SerializationLibrary": serde, "Parameters": dict(serde_parameters)},
            },
        },
    )


def glue_columns(columns: Sequence[Column]) -> list[dict[str, str]]:
    """Columns as Glue takes them."""
    return [
        {"Name": column.name, "Type": to_hive(column.type), **({"Comment": column.comment} if column.comment else {})}
        for column in columns
    ]


def register_partitions(context: Context, table: LakeTable, files: Sequence[WrittenFile]) -> None:
    """Tell Glue of the partitions that files were written to; those it knows stay as they are."""
    if not table.partition_keys:
        return
    storage = dict(table.glue["StorageDescriptor"])
    entries: dict[tuple[str, ...], dict[str, Any]] = {}
    for file in files:
        values = tuple(value if value is not None else "__HIVE_DEFAULT_PARTITION__" for value in file.partition)
        folder = file.path.rsplit("/", 1)[0] + "/"
        entries[values] = {"Values": list(values), "StorageDescriptor": {**storage, "Location": folder}}
    batches = list(entries.values())
    for start in range(0, len(batches), 100):
        context.lake.glue.batch_create_partition(
            DatabaseName=table.database, TableName=table.name, PartitionInputList=batches[start : start + 100]
        )


def insert(context: Context, text: str) -> Outcome:
    """INSERT INTO table [(columns)] query."""
    node = parse_query(text)
    if not isinstance(node, exp.Insert) or node.args.get("overwrite"):
        raise NotSupportedError("this form of INSERT")
    target = node.this.this if isinstance(node.this, exp.Schema) else node.this
    table = context.compiler.resolver.table(target)
    if table.kind == "view":
        raise LakeError("NOT_SUPPORTED", "line 1:1: Inserting into views is not supported")
    columns = table_columns(context, table)
    named = [item.name.lower() for item in node.this.expressions] if isinstance(node.this, exp.Schema) else []
    compiled = context.compiler.compile(node.expression)
    select = inserted(table, columns, named or [column.name for column in columns], compiled)
    if table.kind == "iceberg":
        iceberg = iceberg_read.load(context.lake, table)
        files = iceberg_write.write_files(context.cursor, iceberg, select, MAX_OPEN_PARTITIONS)
        iceberg_write.commit_append(iceberg, files)
        return Outcome(rows=sum(file.record_count for file in files), files=tuple(file.file_path for file in files))
    kinds = {serde: kind for kind, (_, _, serde) in _HIVE_FORMATS.items()}
    if table.serde not in kinds:
        raise NotSupportedError(f"inserting into a table of the SerDe {table.serde}")
    kind = kinds[table.serde]
    codec = table.parameters.get("write.compression", table.parameters.get("parquet.compression", "gzip")).lower()
    file_format = FileFormat(kind, codec, table.serde_parameters.get("field.delim", "\x01"))
    keys = [key.name for key in table.partition_keys]
    written = _write_hive(context, select, table.location, table.columns, keys, file_format)
    register_partitions(context, table, written)
    return Outcome(rows=sum(file.rows for file in written), files=tuple(file.path for file in written))


def table_columns(context: Context, table: LakeTable) -> tuple[Column, ...]:
    """All columns of a table with exact types."""
    if table.kind == "iceberg":
        return iceberg_read.columns(iceberg_read.load(context.lake, table))
    return table.all_columns


def inserted(table: LakeTable, columns: Sequence[Column], named: Sequence[str], compiled: Compiled) -> str:
    """A SELECT of the table's columns from a query that gives the `named` ones; raises TYPE_MISMATCH."""
    known = {column.name: column for column in columns}
    for name in named:
        if name not in known:
            raise LakeError("COLUMN_NOT_FOUND", f"line 1:1: Insert column name does not exist in target table: {name}")
    wanted = [known[name].type for name in named]
    given = [column.type for column in compiled.columns]
    if len(wanted) != len(given) or not all(
        can_store(source, target) for source, target in zip(given, wanted, strict=True)
    ):
        raise LakeError(
            "TYPE_MISMATCH",
            f"line 1:1: Insert query has mismatched column types: Table: [{', '.join(wanted)}],"
            f" Query: [{', '.join(given)}]",
        )
    inner = [f"_i{index}" for index in range(len(named))]
    values = {name: f'CAST("{inner[index]}" AS {to_duckdb(known[name].type)})' for index, name in enumerate(named)}
    selected = ", ".join(
        f'{values.get(column.name, f"CAST(NULL AS {to_duckdb(column.type)})")} AS "{column.name}"' for column in columns
    )
    return f"SELECT {selected} FROM ({compiled.sql}) AS _q({', '.join(inner)})"  # noqa: S608


def can_store(source: str, target: str) -> bool:
    """Whether Trino puts a value of one type into a column of another without a cast."""
    if source == target or source == "unknown":
        return True
    (source_base, _), (target_base, _) = parts(source), parts(target)
    if source_base == target_base:
        return True
    if {source_base, target_base} <= {"varchar", "char"}:
        return True
    return trino.common([source, target]) == target
