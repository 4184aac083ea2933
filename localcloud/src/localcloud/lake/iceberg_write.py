"""Writing Iceberg tables: Parquet files by DuckDB, commits by PyIceberg under Glue's optimistic lock."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow.parquet as pq
from pyiceberg import types as ice
from pyiceberg.exceptions import CommitFailedException, TableAlreadyExistsError, ValidationException
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import CreateTableTransaction, Table
from pyiceberg.typedef import Record

from localcloud.lake.errors import LakeError
from localcloud.lake.partition_sql import partition_sql
from localcloud.lake.session import Lake

_REWRITE_ATTEMPTS = 5


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
        f'{partition_sql(cursor, field, schema)} AS "{folder}"'
        for folder, field in zip(folders, spec.fields, strict=True)
    ]
    columns = [f'"{field.name}"' for field in schema.fields]
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
        partitions = ", ".join(f'"{folder}"' for folder in folders)
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


def commit_append(table: Table, files: Sequence[DataFile]) -> Table:
    """Add files. Appends never conflict, so one that lost a race is tried again on the newer state."""
    if not files:
        return table
    transaction = table.transaction()
    append = transaction.update_snapshot().merge_append()
    for file in files:
        append.append_data_file(file)
    return _commit(table, append, transaction.commit_transaction)


def commit_replace(lake: Lake, table: Table, added: Sequence[DataFile], removed: Iterable[DataFile]) -> Table:
    """Exchange files in one snapshot; any commit since `table` was loaded is a conflict.

    Raises LakeError ICEBERG_COMMIT_ERROR, as Athena reports it. It also does for rows that were only inserted, since
    the other commit may have inserted the same keys.
    """
    gone = list(removed)
    if not added and not gone:
        return table
    transaction = table.transaction()
    overwrite = transaction.update_snapshot().overwrite()
    for file in added:
        overwrite.append_data_file(file)
    for file in gone:
        overwrite.delete_data_file(file)

    def commit() -> Table:
        # Not commit_transaction: that would apply the change to a newer state, which was not what was joined with.
        lake.iceberg.commit_table(table, transaction._requirements, transaction._updates)
        return table.refresh()

    return _commit(table, overwrite, commit)


def commit_rewrite(lake: Lake, table: Table, added: Sequence[DataFile], removed: Sequence[DataFile]) -> None:
    """Exchange files for others that hold the same rows.

    Commits in between are no conflict while they leave the old files and their rows alone; else ICEBERG_COMMIT_ERROR.
    """
    gone = {file.file_path for file in removed}
    state = _with_deletes(table, gone)
    for attempt in range(1, _REWRITE_ATTEMPTS + 1):
        try:
            commit_replace(lake, table, added, removed)
            return
        except LakeError:
            table.refresh()
            if attempt == _REWRITE_ATTEMPTS or _with_deletes(table, gone) != state:
                raise


def _with_deletes(table: Table, paths: Collection[str]) -> dict[str, set[str]]:
    """Those of the data files that the table has, each with its delete files."""
    return {
        task.file.file_path: {delete.file_path for delete in task.delete_files}
        for task in table.scan().plan_files()
        if task.file.file_path in paths
    }


def _commit(table: Table, producer: Any, commit: Any) -> Table:
    try:
        producer.commit()
        result: Table = commit()
    except (CommitFailedException, ValidationException) as error:
        name = ".".join(table.name())
        raise LakeError(
            "ICEBERG_COMMIT_ERROR", f"Failed to commit Iceberg update to table: {name} ({error})"
        ) from error
    return result


def create_table(
    lake: Lake,
    database: str,
    name: str,
    *,
    schema: Schema,
    spec: PartitionSpec,
    location: str,
    properties: Mapping[str, str],
) -> CreateTableTransaction:
    """A table that exists once the transaction commits; files can be written for it before."""
    return lake.iceberg.create_table_transaction(
        (database, name),
        schema,
        location=location.rstrip("/"),
        partition_spec=spec,
        properties={"format-version": "2", "write.parquet.compression-codec": "zstd", **properties},
    )


def commit_create(
    cursor: duckdb.DuckDBPyConnection,
    transaction: CreateTableTransaction,
    select: str | None,
    max_partitions: int | None = None,
) -> list[DataFile]:
    """Create the table, with the rows of `select` if given, in one commit."""
    table: Table = transaction._table
    files = write_files(cursor, table, select, max_partitions) if select else []
    if files:
        append = transaction.update_snapshot().fast_append()
        for file in files:
            append.append_data_file(file)
        append.commit()
    try:
        transaction.commit_transaction()
    except TableAlreadyExistsError as error:
        discard(table, files)
        raise LakeError(
            "TABLE_ALREADY_EXISTS", f"line 1:1: Table 'awsdatacatalog.{'.'.join(table.name())}' already exists"
        ) from error
    return files


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
    return ", ".join(f"'{field.name}': {_field_id(field.field_id, field.field_type)}" for field in fields)


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
