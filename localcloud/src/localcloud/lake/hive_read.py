"""Reading Hive tables: the objects a query needs, and DuckDB SQL over them."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence

import duckdb
import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError
from sqlglot import exp

from localcloud.lake import hive_files, serdes, text, types
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, LakeTable
from localcloud.lake.hive_parquet import parquet_source
from localcloud.lake.objects import StoredObject, find_objects, list_objects
from localcloud.lake.partitions import find_partitions, folder, known, typed_values
from localcloud.lake.predicates import matching
from localcloud.lake.session import Lake
from localcloud.lake.sql_text import identifier
from localcloud.lake.text_values import value_of

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
ORC = "org.apache.hadoop.hive.ql.io.orc.OrcSerde"
AVRO = "org.apache.hadoop.hive.serde2.avro.AvroSerDe"
_SYMLINKS = "SymlinkTextInputFormat"

_names = itertools.count()


def is_text(table: LakeTable) -> bool:
    """Whether the objects of a Hive table are read line by line."""
    return table.serde not in (PARQUET, ORC, AVRO)


def list_ahead(lake: Lake, tables: Sequence[LakeTable]) -> None:
    """List the folders of tables without partitions at once, for a lake that keeps its listings."""
    folders = {folder(table.location) for table in tables if table.kind == "hive" and not table.partition_keys}
    if len(folders) > 1:
        unknown = folders - (lake.listings or {}).keys()
        for listing in [lake.workers.submit(list_objects, lake, uri) for uri in unknown]:
            with contextlib.suppress(LakeError, BotoCoreError, ClientError):  # raised where the table is read
                listing.result()


def plan(
    lake: Lake, cursor: duckdb.DuckDBPyConnection, table: LakeTable, conditions: Sequence[exp.Expr]
) -> list[StoredObject]:
    """The objects that may hold matching rows, after partitions and `"$path"`."""
    partitions = find_partitions(lake, cursor, table, conditions)
    objects = [stored for stored in find_objects(lake, partitions, conditions) if stored.size > 0]
    if not objects:
        return []
    keys = table.partition_keys
    values = [[stored.partition.values[index] for stored in objects] for index in range(len(keys))]
    candidates = pa.table({"$path": [stored.path for stored in objects], "$file_size": [o.size for o in objects]})
    for key, column in zip(keys, typed_values(cursor, keys, values).columns if keys else [], strict=True):
        candidates = candidates.append_column(key.name, column)
    return [objects[index] for index in matching(cursor, candidates, conditions)]


def relation_sql(
    lake: Lake,
    cursor: duckdb.DuckDBPyConnection,
    table: LakeTable,
    objects: Sequence[StoredObject],
    columns: Sequence[str],
    counted: Sequence[str] | None = None,
    conditions: Sequence[exp.Expr] = (),
    *,
    path: bool = True,
) -> tuple[str, int]:
    """A SELECT of `columns` and `"$path"` (text also `"$line"`) over the objects, and the bytes it scans.

    Without `path`, DuckDB is spared `"$path"` where that is possible: it takes as long to plan as all the columns.

    Those are the compressed bytes of the column chunks that Parquet's footers cannot rule out, and whole objects of
    every other format.
    """
    if _SYMLINKS in str((table.glue.get("StorageDescriptor") or {}).get("InputFormat", "")):
        raise NotSupportedError("reading a table of SymlinkTextInputFormat")
    wanted = [column for column in table.columns if column.name in columns]
    keys = [key for key in table.partition_keys if key.name in columns]
    outputs = {column.name: f"s.{identifier(column.name)}" for column in wanted}
    path = path or not columns or bool(keys)
    extra, scanned = ', s."$path"', sum(stored.size for stored in objects)
    if not objects:
        outputs = {column.name: f"CAST(NULL AS {types.to_duckdb(column.type)})" for column in wanted}
        source = '(SELECT NULL::VARCHAR AS "$path", NULL::BIGINT AS "$line" WHERE false)'
        extra += ', s."$line"'
    elif table.serde == PARQUET:
        source, scanned = parquet_source(
            lake, cursor, table, wanted, columns if counted is None else counted, objects, conditions, path
        )
        extra = extra if path else ""
        outputs = {column.name: f"s.{identifier(column.name)}::{types.to_duckdb(column.type)}" for column in wanted}
    elif table.serde in (ORC, AVRO):
        source = _rows(lake, cursor, table, objects)
    else:
        source = _text(lake, cursor, table, objects)
        outputs = {column.name: value_of(table, column) for column in wanted}
        extra += ', s."$line"'
    outputs |= {key.name: f"CAST(p.{identifier(key.name)} AS {types.to_duckdb(key.type)})" for key in keys}
    selected = ", ".join(f"{outputs[name]} AS {identifier(name)}" for name in columns)
    joined = ""
    if keys and objects:
        joined = f' JOIN {_partition_values(cursor, table, keys, objects)} p ON s."$path" = p."$path"'
    elif keys:
        nulls = ", ".join(f"NULL AS {identifier(key.name)}" for key in keys)
        joined = f", (SELECT {nulls}) p"
    shown = f"{selected}{extra}" if selected else extra.removeprefix(", ")
    return f"SELECT {shown} FROM {source} s{joined}", scanned  # noqa: S608


def _rows(lake: Lake, cursor: duckdb.DuckDBPyConnection, table: LakeTable, objects: Sequence[StoredObject]) -> str:
    name = f"_rows_{next(_names)}"
    if table.serde == ORC:
        hive_files.orc_rows(lake, cursor, table, objects, name)
    else:
        hive_files.avro_rows(cursor, table, objects, name)
    return f'temp."{name}"'


def _text(lake: Lake, cursor: duckdb.DuckDBPyConnection, table: LakeTable, objects: Sequence[StoredObject]) -> str:
    split = serdes.splitter(table)
    skipped = int(table.parameters.get("skip.header.line.count", "0"))
    name = f"_text_{next(_names)}"
    failures: list[LakeError] = []
    stream = text.reader(lake, objects, [column.name for column in table.columns], split, skipped, failures)
    # DuckDB may scan a relation twice (a CTE used twice); a stream could be read only once, a temporary table can
    # be read again, keeps the order and spills to disk.
    cursor.register(f"{name}_stream", stream)
    try:
        cursor.execute(f'CREATE TEMP TABLE "{name}" AS SELECT * FROM "{name}_stream"')  # noqa: S608
    except duckdb.Error as error:
        raise (failures[0] if failures else error) from error
    finally:
        cursor.unregister(f"{name}_stream")
    return f'temp."{name}"'


def _partition_values(
    cursor: duckdb.DuckDBPyConnection, table: LakeTable, keys: Sequence[Column], objects: Sequence[StoredObject]
) -> str:
    name = f"_partitions_{next(_names)}"
    position = {key.name: index for index, key in enumerate(table.partition_keys)}
    values = {
        key.name: pa.array([known(o.partition.values[position[key.name]]) for o in objects], pa.string())
        for key in keys
    }
    arrow = pa.table({"$path": pa.array([o.path for o in objects], pa.string()), **values})
    cursor.register(f"{name}_arrow", arrow)
    cursor.execute(f'CREATE TEMP TABLE "{name}" AS SELECT * FROM "{name}_arrow"')  # noqa: S608
    cursor.unregister(f"{name}_arrow")
    return f'temp."{name}"'
