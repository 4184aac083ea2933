"""Parquet files of Hive tables."""

from __future__ import annotations

from collections.abc import Sequence, Set

import duckdb
import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.types import NestedField
from sqlglot import exp

from localcloud.lake import predicates, types
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, LakeTable
from localcloud.lake.local_files import local_path
from localcloud.lake.objects import StoredObject
from localcloud.lake.parquet_footers import Footer, footers
from localcloud.lake.session import Lake
from localcloud.lake.sql_text import quoted

_TEXT = ("varchar", "char")
_INTEGERS = ("tinyint", "smallint", "integer", "bigint")


def parquet_source(
    lake: Lake,
    cursor: duckdb.DuckDBPyConnection,
    table: LakeTable,
    wanted: Sequence[Column],
    counted: Sequence[str],
    objects: Sequence[StoredObject],
    conditions: Sequence[exp.Expr],
    path: bool,
) -> tuple[str, int]:
    """A DuckDB relation with the wanted columns and, with `path`, `"$path"`; and the bytes that the counted ones take.

    Raises HIVE_BAD_DATA where a file's column is not of the table's type.
    """
    if table.serde_parameters.get("parquet.column.index.access", "false").lower() == "true":
        raise NotSupportedError("reading Parquet columns by position (parquet.column.index.access)")
    found = footers(lake, [(stored.path, stored.content) for stored in objects])
    _require_types(wanted, objects, found)
    compared = {name for condition in conditions for name in predicates.column_names(condition)}
    schema = comparable_schema([column for column in table.columns if column.name in compared])
    condition = predicates.to_iceberg(conditions, schema, predicates.evaluator(cursor))
    scanned = sum(footer.scanned_bytes(counted, schema, condition) for footer in found)
    folder = lake.local_files.folder_of((stored.path, stored.size) for stored in objects)
    paths = ", ".join(quoted(local_path(folder, stored.path) if folder else stored.path) for stored in objects)
    # DuckDB orders joins by how many rows a table has; exact is better than what it would guess from one file.
    rows = max(1, sum(group.rows for footer in found for group in footer.row_groups))
    options = (
        f"filename = {quoted('$file') if path else 'false'}, hive_partitioning = false, explicit_cardinality = {rows}"
    )
    files = f"read_parquet([{paths}], {options}{_schema_option(wanted, found)}{_text_option(wanted, found)})"
    if not path:
        return files, scanned
    uri = f"""'s3://' || substr("$file", {len(folder) + 1})""" if folder else '"$file"'
    return f'(SELECT *, {uri} AS "$path" FROM {files})', scanned  # noqa: S608


def _schema_option(wanted: Sequence[Column], found: Sequence[Footer]) -> str:
    """What tells DuckDB the columns' types where not all files have all columns in the same type.

    Where they have, DuckDB takes the columns as they are stored, together with their statistics.
    """
    if all(_is_uniform({footer.columns.get(column.name) for footer in found}) for column in wanted):
        return ""
    entries = ", ".join(
        f"{quoted(name)}: {{'name': {quoted(name)}, 'type': {quoted(kind)}, 'default_value': NULL}}"
        for name, kind in ((column.name, types.to_duckdb(column.type)) for column in wanted)
    )
    return f", schema = MAP {{{entries}}}"


def _is_uniform(kinds: Set[pa.DataType | None]) -> bool:
    """Whether a column of these types in the files is the same in all; nested ones may differ in their fields."""
    first = next(iter(kinds))
    return len(kinds) == 1 and first is not None and not pa.types.is_nested(first)


def _text_option(wanted: Sequence[Column], found: Sequence[Footer]) -> str:
    """How DuckDB takes bytes that a file does not mark as text, as older writers left it; Athena goes by the table."""
    stored = [footer.columns.get(column.name) for footer in found for column in wanted if column.type.startswith(_TEXT)]
    if not any(kind is not None and pa.types.is_binary(kind) for kind in stored):
        return ""
    if any(column.type == "varbinary" for column in wanted):
        raise NotSupportedError("reading Parquet text that is not marked as UTF8 beside a binary column")
    return ", binary_as_string = true"


def comparable_schema(columns: Sequence[Column]) -> Schema:
    """The columns that row groups can be left out by, as PyIceberg compares them."""
    fields = []
    for index, column in enumerate(columns, start=1):
        if not column.type.startswith(("row", "array", "map")):
            try:
                kind = types.to_iceberg(column.type, [1])
            except NotSupportedError:
                continue
            fields.append(NestedField(index, column.name, kind, required=False))
    return Schema(*fields)


def _require_types(wanted: Sequence[Column], objects: Sequence[StoredObject], found: Sequence[Footer]) -> None:
    for stored, footer in zip(objects, found, strict=True):
        for column in wanted:
            kind = footer.columns.get(column.name)
            if kind is not None and not _readable(kind, column.type):
                raise LakeError(
                    "HIVE_BAD_DATA",
                    f"Field {column.name}'s type {kind} in parquet file {stored.path} is incompatible with type"
                    f" {column.type} defined in table schema",
                )


def _readable(stored: pa.DataType, trino: str) -> bool:
    """Whether Trino reads a Parquet column as a type. Source: Trino, ParquetReader's column readers."""
    base, _ = types.parts(trino)
    is_text = pa.types.is_string(stored) or pa.types.is_binary(stored) or pa.types.is_large_string(stored)
    if base in ("row", "array", "map"):
        return bool(pa.types.is_nested(stored))
    if base in ("varchar", "char", "varbinary"):
        return is_text or pa.types.is_dictionary(stored) or pa.types.is_fixed_size_binary(stored)
    if base in _INTEGERS:
        return bool(pa.types.is_integer(stored) or (pa.types.is_decimal(stored) and stored.scale == 0))
    if base in ("real", "double"):
        return bool(pa.types.is_floating(stored))
    if base == "decimal":
        return bool(pa.types.is_decimal(stored) or pa.types.is_integer(stored))
    if base == "boolean":
        return bool(pa.types.is_boolean(stored))
    if base == "date":
        return bool(pa.types.is_date(stored))
    if base.startswith("timestamp"):
        return bool(pa.types.is_timestamp(stored))
    return not is_text
