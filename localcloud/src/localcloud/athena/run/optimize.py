"""OPTIMIZE: small files of an Iceberg table become few, and rows deleted by delete files go for good."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from pyiceberg.expressions import AlwaysTrue
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from sqlglot import exp

from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.names import QUALIFIED
from localcloud.athena.sql.dialect import parse_query
from localcloud.lake import iceberg_bytes, iceberg_commit, iceberg_read, iceberg_write
from localcloud.lake.errors import LakeError
from localcloud.lake.glue import LakeTable
from localcloud.lake.iceberg_read import IcebergPlan

_STATEMENT = re.compile(
    rf"optimize\s+{QUALIFIED}\s+rewrite\s+data\s+using\s+bin_pack\s*(?:where\b(.*))?$",
    re.IGNORECASE | re.DOTALL,
)
_DEFAULTS = {
    "write_target_data_file_size_bytes": 512 * 1024 * 1024,
    "optimize_rewrite_data_file_threshold": 5,
    "optimize_rewrite_delete_file_threshold": 2,
}
"""Source: Athena user guide, 'Create Iceberg tables, Table properties'."""


def optimize(context: Context, text: str) -> Outcome:
    """OPTIMIZE table REWRITE DATA USING BIN_PACK [WHERE condition on partition columns]."""
    match = _STATEMENT.match(text)
    if not match:
        raise LakeError(
            "SYNTAX_ERROR", "line 1:1: mismatched input. Expecting: OPTIMIZE table REWRITE DATA USING BIN_PACK"
        )
    reference = exp.table_(match[2].lower(), db=(match[1] or context.database).lower())
    table = context.compiler.resolver.table(reference)
    if table.kind != "iceberg":
        raise LakeError("NOT_SUPPORTED", "OPTIMIZE is only supported for Iceberg tables")
    iceberg = iceberg_read.load(context.lake, table)
    plan = iceberg_read.plan(iceberg, AlwaysTrue())
    if match[3]:
        plan = plan.only(_paths_where(context, table, iceberg, match[3]))
    packed = _to_rewrite(plan, iceberg.properties)
    if not packed:
        return Outcome(rows=0)
    chosen = plan.only([file.file_path for file in packed])
    names = [field.name for field in iceberg.schema().fields]
    context.compiler.scanned_bytes = iceberg_bytes.scanned_bytes(context.lake, chosen, names, AlwaysTrue())
    added = iceberg_write.write_files(context.cursor, iceberg, iceberg_read.relation_sql(context.lake, chosen, names))
    try:
        iceberg_commit.commit_rewrite(context.lake, iceberg, added, packed)
    except LakeError:
        iceberg_write.discard(iceberg, added)
        raise
    return Outcome(rows=sum(file.record_count for file in added))


def _to_rewrite(plan: IcebergPlan, properties: Mapping[str, str]) -> list[DataFile]:
    """The files of those partitions that have enough to gain: many badly sized files, or files with many deletes."""
    settings = {key: int(properties.get(key, default)) for key, default in _DEFAULTS.items()}
    target = settings["write_target_data_file_size_bytes"]
    # Files of 0.75 to 1.8 times the target are well sized, where the table says nothing else.
    low = int(properties.get("optimize_rewrite_min_data_file_size_bytes", target * 3 // 4))
    high = int(properties.get("optimize_rewrite_max_data_file_size_bytes", target * 9 // 5))
    groups: dict[object, list[DataFile]] = defaultdict(list)
    for file in plan.files:
        deleted = len(plan.deletes_of(file)) >= settings["optimize_rewrite_delete_file_threshold"]
        if deleted or not low <= file.file_size_in_bytes <= high:
            groups[(file.spec_id, file.partition)].append(file)
    return [
        file
        for files in groups.values()
        if len(files) >= settings["optimize_rewrite_data_file_threshold"]
        or sum(file.file_size_in_bytes for file in files) > target
        or any(plan.deletes_of(file) for file in files)
        for file in files
    ]


def _paths_where(context: Context, table: LakeTable, iceberg: Table, condition: str) -> Sequence[str]:
    """The files with a row that meets the condition, which may name partition columns only."""
    query = parse_query(f'SELECT DISTINCT "$path" FROM _t WHERE {condition}')  # noqa: S608
    query.find(exp.Table).replace(exp.table_(table.name, db=table.database))  # type: ignore[union-attr]
    schema = iceberg.schema()
    sources = {schema.find_column_name(field.source_id) for field in iceberg.spec().fields}
    for column in query.args["where"].find_all(exp.Column):
        if column.name.lower() not in sources:
            raise LakeError(
                "NOT_SUPPORTED",
                "Unexpected FilterNode found in plan; probably connector was not able to handle provided WHERE"
                f" expression: '{column.name}' is no partition column",
            )
    compiled = context.compiler.compile(query)
    return [row[0] for row in context.cursor.execute(compiled.sql).fetchall()]
