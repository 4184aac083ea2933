"""OPTIMIZE: small files of an Iceberg table become few."""

from __future__ import annotations

import re
from collections import defaultdict

from pyiceberg.expressions import AlwaysTrue
from pyiceberg.manifest import DataFile
from sqlglot import exp

from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.names import QUALIFIED
from localcloud.lake import iceberg_read, iceberg_write
from localcloud.lake.errors import LakeError, NotSupportedError

_STATEMENT = re.compile(
    rf"optimize\s+{QUALIFIED}\s+rewrite\s+data\s+using\s+bin_pack\s*(where\b.*)?$",
    re.IGNORECASE | re.DOTALL,
)
_SMALL_BYTES = 384 * 1024 * 1024
"""Files below three quarters of Iceberg's 512 MB target are packed together."""


def optimize(context: Context, text: str) -> Outcome:
    """OPTIMIZE table REWRITE DATA USING BIN_PACK: rewrite partitions that hold several small files."""
    match = _STATEMENT.match(text)
    if not match:
        raise LakeError(
            "SYNTAX_ERROR", "line 1:1: mismatched input. Expecting: OPTIMIZE table REWRITE DATA USING BIN_PACK"
        )
    if match[3]:
        raise NotSupportedError("OPTIMIZE with WHERE")
    table = context.compiler.resolver.table(exp.table_(match[2].lower(), db=(match[1] or context.database).lower()))
    if table.kind != "iceberg":
        raise LakeError("NOT_SUPPORTED", "OPTIMIZE is only supported for Iceberg tables")
    iceberg = iceberg_read.load(context.lake, table)
    plan = iceberg_read.plan(iceberg, AlwaysTrue())
    partitions: dict[object, list[DataFile]] = defaultdict(list)
    for file in plan.files:
        if file.file_size_in_bytes < _SMALL_BYTES:
            partitions[(file.spec_id, file.partition)].append(file)
    packed = [file for files in partitions.values() if len(files) > 1 for file in files]
    if not packed:
        return Outcome(rows=0)
    names = [field.name for field in iceberg.schema().fields]
    select = iceberg_read.relation_sql(plan.only([file.file_path for file in packed]), names)
    added = iceberg_write.write_files(context.cursor, iceberg, select)
    iceberg_write.commit_replace(context.lake, iceberg, added, packed)
    return Outcome(rows=sum(file.record_count for file in added))
