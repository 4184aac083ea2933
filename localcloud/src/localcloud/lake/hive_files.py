"""ORC and Avro files of Hive tables, read into temporary tables."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa
import pyarrow.orc as orc

from localcloud.lake import types
from localcloud.lake.errors import BadDataError
from localcloud.lake.glue import Column, LakeTable
from localcloud.lake.objects import StoredObject, split_uri
from localcloud.lake.session import Lake
from localcloud.lake.sql_text import identifier, quoted


def orc_rows(
    lake: Lake, cursor: duckdb.DuckDBPyConnection, table: LakeTable, objects: Sequence[StoredObject], name: str
) -> None:
    """Fill the temporary table `name` with `"$path"` and the table's columns; by position, as Athena reads ORC."""
    by_position = table.serde_parameters.get("orc.column.index.access", "true").lower() == "true"
    cursor.execute(_empty(table.columns, name))
    for stored in objects:
        for batch in _stripes(lake, stored, table.columns, by_position):
            _insert(cursor, table.columns, stored, batch, name)


def _stripes(lake: Lake, stored: StoredObject, columns: Sequence[Column], by_position: bool) -> Iterator[pa.Table]:
    bucket, key = split_uri(stored.path)
    content = lake.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        file = orc.ORCFile(io.BytesIO(content))
        for index in range(file.nstripes):
            batch = pa.Table.from_batches([file.read_stripe(index)])
            given = batch.column_names
            if by_position:
                names = [column.name for column in columns]
                batch = batch.select(given[: len(names)]).rename_columns(names[: len(given)])
            else:
                batch = batch.rename_columns([name.lower() for name in given])
            yield batch
    except (pa.ArrowException, OSError) as error:
        raise BadDataError(stored.path, f"not an ORC file ({error})") from error


def avro_rows(cursor: duckdb.DuckDBPyConnection, table: LakeTable, objects: Sequence[StoredObject], name: str) -> None:
    """Fill the temporary table `name` with `"$path"` and the table's columns; by name, as Avro is read."""
    cursor.execute(_empty(table.columns, name))
    for stored in objects:
        source = f"read_avro({quoted(stored.path)})"
        try:
            described = cursor.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
        except duckdb.Error as error:
            raise BadDataError(stored.path, f"not an Avro file ({error})") from error
        given = {row[0].lower(): row[0] for row in described}
        cursor.execute(_filled(table.columns, stored, given, source, name))


def _insert(
    cursor: duckdb.DuckDBPyConnection, columns: Sequence[Column], stored: StoredObject, batch: pa.Table, name: str
) -> None:
    cursor.register(f"{name}_batch", batch)
    try:
        given = {column: column for column in batch.column_names}
        cursor.execute(_filled(columns, stored, given, f'"{name}_batch"', name))
    except duckdb.Error as error:
        raise BadDataError(stored.path, str(error)) from error
    finally:
        cursor.unregister(f"{name}_batch")


def _empty(columns: Sequence[Column], name: str) -> str:
    fields = "".join(f", {identifier(column.name)} {types.to_duckdb(column.type)}" for column in columns)
    return f'CREATE TEMP TABLE "{name}" ("$path" VARCHAR{fields})'


def _filled(columns: Sequence[Column], stored: StoredObject, given: dict[str, str], source: str, name: str) -> str:
    values = "".join(
        f", CAST({identifier(given[column.name])} AS {types.to_duckdb(column.type)})"
        if column.name in given
        else ", NULL"
        for column in columns
    )
    return f'INSERT INTO "{name}" SELECT {quoted(stored.path)}{values} FROM {source}'  # noqa: S608
