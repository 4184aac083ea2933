"""Reading Hive tables: the objects a query needs, and DuckDB SQL over them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import duckdb
import pyarrow as pa
from sqlglot import exp

from localcloud.lake import serdes, text, types
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, LakeTable
from localcloud.lake.objects import StoredObject, find_objects
from localcloud.lake.partitions import find_partitions, typed_values
from localcloud.lake.predicates import matching
from localcloud.lake.session import Lake

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"

_names = itertools.count()


def plan(
    lake: Lake, cursor: duckdb.DuckDBPyConnection, table: LakeTable, conditions: Sequence[exp.Expression]
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
) -> tuple[str, int]:
    """A SELECT of `columns` and `"$path"` (text also `"$line"`) over the objects, and the bytes it scans."""
    wanted = [column for column in table.columns if column.name in columns]
    keys = [key for key in table.partition_keys if key.name in columns]
    if table.serde == PARQUET:
        source, casts, scanned = _parquet(cursor, wanted, objects)
        extra = ""
    else:
        source, casts = _text(lake, cursor, table, wanted, objects)
        scanned, extra = sum(stored.size for stored in objects), ', s."$line"'
    outputs = {column.name: cast for column, cast in zip(wanted, casts, strict=True)}
    outputs |= {key.name: f'CAST(p."{key.name}" AS {types.to_duckdb(key.type)})' for key in keys}
    selected = "".join(f'{outputs[name]} AS "{name}", ' for name in columns)
    joined = ""
    if keys:
        joined = f' JOIN {_partition_values(cursor, table, keys, objects)} p ON s."$path" = p."$path"'
    return f'SELECT {selected}s."$path"{extra} FROM {source} s{joined}', scanned  # noqa: S608


def _parquet(
    cursor: duckdb.DuckDBPyConnection, wanted: Sequence[Column], objects: Sequence[StoredObject]
) -> tuple[str, list[str], int]:
    nulls = [f"CAST(NULL AS {types.to_duckdb(column.type)})" for column in wanted]
    if not objects:
        return '(SELECT NULL::VARCHAR AS "$path" WHERE false)', nulls, 0
    paths = "[" + ", ".join(_quoted(stored.path) for stored in objects) + "]"
    scan = f"read_parquet({paths}, filename = '$path', union_by_name = true, hive_partitioning = false)"
    described = cursor.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()  # noqa: S608
    stored_names = {row[0].lower(): row[0] for row in described}
    casts = [
        f's."{stored_names[column.name]}"::{types.to_duckdb(column.type)}' if column.name in stored_names else null
        for column, null in zip(wanted, nulls, strict=True)
    ]
    names = ", ".join(_quoted(column.name) for column in wanted) or "''"
    row = cursor.execute(
        f"SELECT coalesce(sum(total_compressed_size), 0) FROM parquet_metadata({paths})"  # noqa: S608
        f" WHERE lower(split_part(path_in_schema, ', ', 1)) IN ({names})"
    ).fetchone()
    return scan, casts, int(row[0]) if row else 0


def _text(
    lake: Lake,
    cursor: duckdb.DuckDBPyConnection,
    table: LakeTable,
    wanted: Sequence[Column],
    objects: Sequence[StoredObject],
) -> tuple[str, list[str]]:
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
    return f'"{name}"', [_from_text(table, column) for column in wanted]


def _from_text(table: LakeTable, column: Column) -> str:
    if column.type == "varchar":
        return f's."{column.name}"'
    if table.serde in serdes.JSON and column.type.startswith(("row", "array", "map")):
        return f'TRY_CAST(s."{column.name}"::JSON AS {types.to_duckdb(column.type)})'
    if column.type.startswith(("row", "array", "map")):
        raise NotSupportedError(f"a column of type {column.type} in text")
    # LazySimpleSerDe gives NULL where a text is no value of the column's type.
    return f'TRY_CAST(s."{column.name}" AS {types.to_duckdb(column.type)})'


def _partition_values(
    cursor: duckdb.DuckDBPyConnection, table: LakeTable, keys: Sequence[Column], objects: Sequence[StoredObject]
) -> str:
    name = f"_partitions_{next(_names)}"
    position = {key.name: index for index, key in enumerate(table.partition_keys)}
    values = {
        key.name: pa.array([o.partition.values[position[key.name]] for o in objects], pa.string()) for key in keys
    }
    arrow = pa.table({"$path": pa.array([o.path for o in objects], pa.string()), **values})
    cursor.register(f"{name}_arrow", arrow)
    cursor.execute(f'CREATE TEMP TABLE "{name}" AS SELECT * FROM "{name}_arrow"')  # noqa: S608
    cursor.unregister(f"{name}_arrow")
    return f'"{name}"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
