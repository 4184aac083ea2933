"""Commits to Iceberg tables, by PyIceberg under Glue's optimistic lock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import duckdb
from pyiceberg.exceptions import CommitFailedException, TableAlreadyExistsError, ValidationException
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import CreateTableTransaction, Table

from localcloud.lake.errors import LakeError
from localcloud.lake.iceberg_write import discard, write_files
from localcloud.lake.session import Lake

_REWRITE_ATTEMPTS = 5


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
    # By the catalog, or by what the transaction requires: that nobody has made the table since it began.
    except (TableAlreadyExistsError, CommitFailedException) as error:
        discard(table, files)
        raise LakeError(
            "TABLE_ALREADY_EXISTS", f"line 1:1: Table 'awsdatacatalog.{'.'.join(table.name())}' already exists"
        ) from error
    return files
