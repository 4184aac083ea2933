"""DROP TABLE and DROP VIEW."""

from __future__ import annotations

import re

from sqlglot import exp

from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.names import QUALIFIED
from localcloud.athena.run.tables import table_exists
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.objects import delete_below


def drop_table(context: Context, text: str) -> Outcome:
    """DROP TABLE | VIEW [IF EXISTS] name. Dropping an Iceberg table deletes its data; an external table keeps it."""
    match = re.match(rf"drop\s+(table|view)\s+(if\s+exists\s+)?{QUALIFIED}\s*(?:purge)?\s*$", text, re.IGNORECASE)
    if not match:
        raise NotSupportedError("this form of DROP")
    kind, optional = match[1].lower(), match[2]
    database, name = (match[3] or context.database).lower(), match[4].lower()
    if not table_exists(context, database, name):
        if optional:
            return Outcome(lines=())
        raise LakeError("TABLE_NOT_FOUND", f"Table '{database}.{name}' does not exist")
    table = context.compiler.resolver.table(exp.table_(name, db=database))
    if (table.kind == "view") != (kind == "view"):
        found = "view" if table.kind == "view" else "table"
        raise LakeError("INVALID_OPERATION", f"'{database}.{name}' is a {found}, not a {kind}")
    context.lake.glue.delete_table(DatabaseName=database, Name=name)
    if table.kind == "iceberg" and table.location:
        delete_below(context.lake, table.location)
    return Outcome(lines=())
