"""MSCK REPAIR TABLE: partitions that lie in S3 and are not registered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from sqlglot import exp

from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.grammar import ddl_failure, parse_failure
from localcloud.athena.run.names import QUALIFIED
from localcloud.lake.glue import Column, LakeTable
from localcloud.lake.objects import list_folders
from localcloud.lake.partitions import DEFAULT_PARTITION, registered

_STATEMENT = re.compile(rf"msck\s+(?:repair\s+)?table\s+{QUALIFIED}\s*(?:add\s+partitions)?\s*$", re.IGNORECASE)
_BATCH = 100
"""Partitions one BatchCreatePartition takes. Source: AWS Glue API reference."""


def repair(context: Context, text: str) -> Outcome:
    """MSCK REPAIR TABLE name: register every `key=value/` folder below the table's location."""
    match = _STATEMENT.match(text)
    if not match:
        raise parse_failure(f"cannot read: {text[:100]}")
    table = context.compiler.resolver.table(exp.table_(match[2].lower(), db=(match[1] or context.database).lower()))
    if table.kind != "hive" or not table.partition_keys:
        raise ddl_failure(f"MSCK REPAIR is for partitioned Hive tables, and {table.name} is none")
    known = {tuple(v or DEFAULT_PARTITION for v in entry.values) for entry in registered(context.lake, table)}
    found = [folder for folder in _folders(context, table) if folder[0] not in known]
    _register(context, table, found)
    names = ["/".join(uri.rstrip("/").rsplit("/", len(table.partition_keys))[1:]) for _, uri in found]
    lines = [f"Repair: Added partition to metastore {table.name}:{name}" for name in names]
    if names:
        lines.insert(0, "Partitions not in metastore:\t" + "\t".join(f"{table.name}:{name}" for name in names))
    return Outcome(columns=(Column("result", "varchar"),), lines=tuple((line,) for line in lines))


def _folders(context: Context, table: LakeTable) -> Iterator[tuple[tuple[str, ...], str]]:
    """Values and location of each folder that is named as the table's keys are, in their order."""
    level: list[tuple[tuple[str, ...], str]] = [((), table.location.rstrip("/") + "/")]
    for key in table.partition_keys:
        level = [
            ((*values, unquote(folder[len(key.name) + 1 :])), f"{uri}{folder}/")
            for values, uri in level
            for folder in list_folders(context.lake, uri)
            if folder.startswith(f"{key.name}=")
        ]
    yield from level


def _register(context: Context, table: LakeTable, found: list[tuple[tuple[str, ...], str]]) -> None:
    storage = dict(table.glue["StorageDescriptor"])
    entries = [{"Values": list(values), "StorageDescriptor": {**storage, "Location": uri}} for values, uri in found]
    for start in range(0, len(entries), _BATCH):
        context.lake.glue.batch_create_partition(
            DatabaseName=table.database, TableName=table.name, PartitionInputList=entries[start : start + _BATCH]
        )
