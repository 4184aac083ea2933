"""INSERT."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from localcloud.athena.run.coercion import can_store, stored_sql
from localcloud.athena.run.context import MAX_OPEN_PARTITIONS, Context, Outcome
from localcloud.athena.run.hive_tables import write_hive
from localcloud.athena.run.tables import table_columns
from localcloud.athena.sql.compiled import Compiled
from localcloud.athena.sql.dialect import parse_query
from localcloud.lake import iceberg_commit, iceberg_read, iceberg_write
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, LakeTable
from localcloud.lake.hive_formats import FORMATS
from localcloud.lake.hive_partitions import register_partitions
from localcloud.lake.hive_write import FileFormat
from localcloud.lake.sql_text import identifier
from localcloud.lake.types import to_duckdb


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
        try:
            iceberg_commit.commit_append(iceberg, files)
        except LakeError:
            iceberg_write.discard(iceberg, files)
            raise
        return Outcome(rows=sum(file.record_count for file in files), files=tuple(file.file_path for file in files))
    if (table.glue.get("StorageDescriptor") or {}).get("BucketColumns"):
        raise LakeError("NOT_SUPPORTED", "Inserting into bucketed tables is not supported by Athena")
    kinds = {serde: kind for kind, (_, _, serde) in FORMATS.items()}
    if table.serde not in kinds:
        raise NotSupportedError(f"inserting into a table of the SerDe {table.serde}")
    kind = kinds[table.serde]
    codec = table.parameters.get("write.compression", table.parameters.get("parquet.compression", "gzip")).lower()
    file_format = FileFormat(kind, codec, table.serde_parameters.get("field.delim", "\x01"))
    keys = [key.name for key in table.partition_keys]
    written = write_hive(context, select, table.location, table.columns, keys, file_format)
    register_partitions(context.lake, table, written)
    return Outcome(rows=sum(file.rows for file in written), files=tuple(file.path for file in written))


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
    values = {
        name: stored_sql(f'"{cell}"', source, target)
        for name, cell, source, target in zip(named, inner, given, wanted, strict=True)
    }
    selected = ", ".join(
        f"{values.get(column.name, f'CAST(NULL AS {to_duckdb(column.type)})')} AS {identifier(column.name)}"
        for column in columns
    )
    return f"SELECT {selected} FROM ({compiled.sql}) AS _q({', '.join(inner)})"  # noqa: S608
