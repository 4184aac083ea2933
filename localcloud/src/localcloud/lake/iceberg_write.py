"""Writing the Parquet files of Iceberg tables, with the statistics that their manifests keep."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow.parquet as pq
from pyiceberg import types as ice
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionField
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.typedef import Record

from localcloud.lake.errors import LakeError
from localcloud.lake.partition_sql import partition_sql
from localcloud.lake.sql_text import identifier, quoted


def write_files(
    cursor: duckdb.DuckDBPyConnection, table: Table, select: str, max_partitions: int | None = None
) -> list[DataFile]:
    """Write the rows of `select`, which has the table's columns in its order, as data files of the table.

    The files belong to nobody until a commit names them. Raises ICEBERG_TOO_MANY_OPEN_PARTITIONS if the rows fall into
    more than `max_partitions` partitions; nothing is left then.
    """
    schema, spec = table.schema(), table.spec()
    names = {field.name for field in schema.fields}
    folders = [f"{field.name}_" if field.name in names else field.name for field in spec.fields]
    keys = [
        f"{partition_sql(cursor, field, schema)} AS {identifier(folder)}"
        for folder, field in zip(folders, spec.fields, strict=True)
    ]
    columns = [identifier(field.name) for field in schema.fields]
    options = [
        "FORMAT parquet",
        f"COMPRESSION {_codec(table.properties)}",
        f"FIELD_IDS {{{_field_ids(schema.fields)}}}",
        "RETURN_STATS true",
    ]
    if "write.parquet.compression-level" in table.properties:
        options.append(f"COMPRESSION_LEVEL {int(table.properties['write.parquet.compression-level'])}")
    target = f"{table.location().rstrip('/')}/data"
    if keys:
        partitions = ", ".join(identifier(folder) for folder in folders)
        options += [
            f"PARTITION_BY ({partitions})",
            "OVERWRITE_OR_IGNORE true",
            f"FILENAME_PATTERN '{uuid.uuid4()}_{{i}}'",
        ]
    else:
        target = f"{target}/{uuid.uuid4()}.parquet"
    query = f"COPY (SELECT {', '.join(columns + keys)} FROM ({select})) TO '{target}' ({', '.join(options)})"  # noqa: S608
    written = cursor.execute(query).fetchall()
    files = []
    for path, rows, size, _, _, partition in written:
        if rows == 0:
            table.io.delete(path)
            continue
        files.append(_data_file(table, path, size, [(partition or {}).get(folder) for folder in folders]))
    if max_partitions is not None and len({file.partition for file in files}) > max_partitions:
        discard(table, files)
        raise LakeError(
            "ICEBERG_TOO_MANY_OPEN_PARTITIONS",
            f"Exceeded limit of {max_partitions} open writers for partitions/buckets",
        )
    return files


def discard(table: Table, files: Iterable[DataFile]) -> None:
    """Delete files that no commit will name."""
    for file in files:
        table.io.delete(file.file_path)


def _data_file(table: Table, path: str, size: int, partition: Sequence[str | None]) -> DataFile:
    schema, spec = table.schema(), table.spec()
    with table.io.new_input(path).open() as stream:
        footer = pq.read_metadata(stream)
    statistics = data_file_statistics_from_parquet_metadata(
        parquet_metadata=footer,
        stats_columns=compute_statistics_plan(schema, table.properties),
        parquet_column_mapping=parquet_path_to_id_mapping(schema),
    )
    values = [_partition_value(text, field, schema) for text, field in zip(partition, spec.fields, strict=True)]
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=Record(*values),
        file_size_in_bytes=size,
        sort_order_id=None,
        spec_id=spec.spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )


def _partition_value(text: str | None, field: PartitionField, schema: Schema) -> Any:
    """The value Iceberg stores for a partition, from the text DuckDB made of it."""
    if text is None:
        return None
    kind = field.transform.result_type(schema.find_type(field.source_id))
    if isinstance(kind, ice.IntegerType | ice.LongType):
        return int(text)
    if isinstance(kind, ice.DateType):
        # Identity partitions hold dates; day() holds days since the epoch, written as a number.
        days = (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days if "-" in text[1:] else int(text)
        return days
    if isinstance(kind, ice.BooleanType):
        return text == "true"
    if isinstance(kind, ice.DecimalType):
        return Decimal(text)
    if isinstance(kind, ice.TimestampType):
        return int(text)
    return text


def _field_ids(fields: Iterable[ice.NestedField]) -> str:
    return ", ".join(f"{quoted(field.name)}: {_field_id(field.field_id, field.field_type)}" for field in fields)


def _field_id(field_id: int, kind: ice.IcebergType) -> str:
    if isinstance(kind, ice.StructType):
        return f"{{__duckdb_field_id: {field_id}, {_field_ids(kind.fields)}}}"
    if isinstance(kind, ice.ListType):
        return f"{{__duckdb_field_id: {field_id}, element: {_field_id(kind.element_id, kind.element_type)}}}"
    if isinstance(kind, ice.MapType):
        key, value = _field_id(kind.key_id, kind.key_type), _field_id(kind.value_id, kind.value_type)
        return f"{{__duckdb_field_id: {field_id}, key: {key}, value: {value}}}"
    return str(field_id)


def _codec(properties: Mapping[str, str]) -> str:
    codec = properties.get("write.parquet.compression-codec", "zstd").lower()
    return codec if codec in ("zstd", "snappy", "gzip", "uncompressed") else "zstd"
