"""Registering partitions of Hive tables in Glue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localcloud.lake.glue import LakeTable
from localcloud.lake.hive_write import WrittenFile
from localcloud.lake.session import Lake

_CREATED_AT_ONCE = 100
"""Partitions one BatchCreatePartition takes. Source: AWS Glue Web API reference."""


def register_partitions(lake: Lake, table: LakeTable, files: Sequence[WrittenFile]) -> None:
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
    for start in range(0, len(batches), _CREATED_AT_ONCE):
        lake.glue.batch_create_partition(
            DatabaseName=table.database,
            TableName=table.name,
            PartitionInputList=batches[start : start + _CREATED_AT_ONCE],
        )
