"""VACUUM: old snapshots of an Iceberg table expire, and files that nothing needs any more are deleted."""

from __future__ import annotations

import re
import time

from sqlglot import exp

from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.names import QUALIFIED
from localcloud.lake import iceberg_maintenance, iceberg_read
from localcloud.lake.errors import LakeError
from localcloud.lake.iceberg_maintenance import Retention

_STATEMENT = re.compile(rf"vacuum\s+{QUALIFIED}\s*$", re.IGNORECASE)


def vacuum(context: Context, text: str) -> Outcome:
    """VACUUM table, by the table's properties vacuum_*."""
    match = _STATEMENT.match(text)
    if not match:
        raise LakeError("SYNTAX_ERROR", "line 1:1: mismatched input. Expecting: VACUUM table")
    table = context.compiler.resolver.table(exp.table_(match[2].lower(), db=(match[1] or context.database).lower()))
    if table.kind != "iceberg":
        raise LakeError("NOT_SUPPORTED", "VACUUM is only supported for Iceberg tables")
    iceberg = iceberg_read.load(context.lake, table)
    iceberg_maintenance.vacuum(context.lake, iceberg, Retention.of(iceberg.properties), time.time())
    return Outcome(lines=())
