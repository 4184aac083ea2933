"""ALTER TABLE on the registered partitions of a Hive table."""

from __future__ import annotations

import re
from typing import Any

from localcloud.athena.run.context import Context
from localcloud.athena.run.partition_specs import PARTITION, PartitionSpec, partition_specs
from localcloud.lake.errors import LakeError
from localcloud.lake.glue import LakeTable


def _add(context: Context, table: LakeTable, match: re.Match[str]) -> None:
    storage = dict(table.glue["StorageDescriptor"])
    for spec in _specs(table, match[2]):
        entry = {"Values": list(spec.values), "StorageDescriptor": {**storage, "Location": spec.folder(table)}}
        try:
            context.lake.glue.create_partition(DatabaseName=table.database, TableName=table.name, PartitionInput=entry)
        except context.lake.glue.exceptions.AlreadyExistsException:
            if not match[1]:
                raise LakeError("PARTITION_ALREADY_EXISTS", f"Partition already exists: {spec.values}") from None


def _drop(context: Context, table: LakeTable, match: re.Match[str]) -> None:
    for spec in _specs(table, match[2]):
        try:
            _entry(context, table, spec)
        except LakeError:
            if match[1]:
                continue
            raise
        context.lake.glue.delete_partition(
            DatabaseName=table.database, TableName=table.name, PartitionValues=list(spec.values)
        )


def _rename(context: Context, table: LakeTable, match: re.Match[str]) -> None:
    """The entry gets new values; its files stay where they are."""
    old, new = _specs(table, match[1])[0], _specs(table, match[2])[0]
    _update(context, table, old, {"Values": list(new.values)})


def _set_location(context: Context, table: LakeTable, match: re.Match[str]) -> None:
    spec = _specs(table, match[1])[0]
    storage = {**_entry(context, table, spec)["StorageDescriptor"], "Location": match[2]}
    _update(context, table, spec, {"StorageDescriptor": storage})


def _update(context: Context, table: LakeTable, spec: PartitionSpec, changes: dict[str, Any]) -> None:
    entry = _entry(context, table, spec)
    kept = {key: entry[key] for key in ("Values", "StorageDescriptor", "Parameters") if entry.get(key)}
    context.lake.glue.update_partition(
        DatabaseName=table.database,
        TableName=table.name,
        PartitionValueList=list(spec.values),
        PartitionInput={**kept, **changes},
    )


def _entry(context: Context, table: LakeTable, spec: PartitionSpec) -> dict[str, Any]:
    try:
        answer = context.lake.glue.get_partition(
            DatabaseName=table.database, TableName=table.name, PartitionValues=list(spec.values)
        )
    except context.lake.glue.exceptions.EntityNotFoundException:
        raise _missing(spec) from None
    return dict(answer["Partition"])


def _specs(table: LakeTable, text: str) -> list[PartitionSpec]:
    if table.kind == "iceberg" or not table.partition_keys:
        raise LakeError("INVALID_PARTITION", f"Table {table.database}.{table.name} is not a partitioned Hive table")
    return partition_specs(table, text)


def _missing(spec: PartitionSpec) -> LakeError:
    return LakeError("PARTITION_NOT_FOUND", f"Partition does not exist: {spec.values}")


ACTIONS = [
    (r"add\s+(if\s+not\s+exists\s+)?(partition\b.*)", _add),
    (r"drop\s+(if\s+exists\s+)?(partition\b.*)", _drop),
    (rf"({PARTITION})\s*rename\s+to\s+({PARTITION})\s*$", _rename),
    (rf"({PARTITION})\s*set\s+location\s+'([^']+)'\s*$", _set_location),
]
