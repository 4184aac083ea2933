"""ALTER TABLE: which action, and those on the table itself."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from localcloud.athena.run import alter_columns, alter_partitions
from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.grammar import TEXT, ddl_failure, parse_failure, property_pairs, unquoted
from localcloud.athena.run.names import QUALIFIED
from localcloud.athena.run.tables import iceberg_properties
from localcloud.lake import iceberg_read
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import LakeTable, table_input

Action = Callable[[Context, LakeTable, "re.Match[str]"], None]

_KEPT_IN_GLUE = ("classification", "comment")
"""Properties of an Iceberg table that are the catalogue's and not Iceberg's."""


def alter_table(context: Context, text: str) -> Outcome:
    """ALTER TABLE name action."""
    match = re.match(rf"alter\s+table\s+{QUALIFIED}\s+(.*)", text, re.IGNORECASE | re.DOTALL)
    if not match:
        raise parse_failure("in ALTER TABLE")
    database, name, action = (match[1] or context.database).lower(), match[2].lower(), match[3]
    table = context.compiler.resolver.table(exp.table_(name, db=database))
    if table.kind == "view":
        raise ddl_failure(f"{name} is a view: ALTER TABLE is for tables")
    for pattern, run in ACTIONS:
        found = re.match(pattern, action, re.IGNORECASE | re.DOTALL)
        if found:
            run(context, table, found)
            return Outcome(lines=())
    raise NotSupportedError(f"ALTER TABLE {action.split('(')[0].strip()}")


def _rename(context: Context, table: LakeTable, match: re.Match[str]) -> None:
    if table.kind != "iceberg":
        raise LakeError("NOT_SUPPORTED", "ALTER TABLE RENAME is only supported for Iceberg tables")
    database, name = (match[1] or table.database).lower(), match[2].lower()
    glue = context.lake.glue
    try:
        # Glue has no rename: the new entry points to the same metadata before the old one goes.
        glue.create_table(DatabaseName=database, TableInput={**table_input(table), "Name": name})
    except glue.exceptions.AlreadyExistsException:
        raise LakeError("TABLE_ALREADY_EXISTS", f"Table '{database}.{name}' already exists") from None
    glue.delete_table(DatabaseName=table.database, Name=table.name)


def _set_properties(context: Context, table: LakeTable, match: re.Match[str]) -> None:
    properties = property_pairs(match[1])
    if not properties:
        raise parse_failure("TBLPROPERTIES without properties")
    if table.kind == "iceberg":
        converted = iceberg_properties({key: value for key, value in properties.items() if key not in _KEPT_IN_GLUE})
        if converted:
            with iceberg_read.load(context.lake, table).transaction() as transaction:
                transaction.set_properties(converted)
        properties = {key: value for key, value in properties.items() if key in _KEPT_IN_GLUE}
        if not properties:
            return
        table = context.compiler.resolver.fresh(table)
    entry = table_input(table)
    entry["Parameters"] = {**entry.get("Parameters", {}), **properties}
    context.lake.glue.update_table(DatabaseName=table.database, TableInput=entry)


def _unset_properties(context: Context, table: LakeTable, match: re.Match[str]) -> None:
    names = [unquoted(name) for name in re.findall(TEXT, match[1])]
    if table.kind == "iceberg":
        keys = [key for name in names for key in iceberg_properties({name: "parquet"})]
        with iceberg_read.load(context.lake, table).transaction() as transaction:
            transaction.remove_properties(*keys)
        return
    entry = table_input(table)
    entry["Parameters"] = {key: value for key, value in entry.get("Parameters", {}).items() if key not in names}
    context.lake.glue.update_table(DatabaseName=table.database, TableInput=entry)


def _set_location(context: Context, table: LakeTable, match: re.Match[str]) -> None:
    if table.kind == "iceberg":
        raise LakeError("NOT_SUPPORTED", "ALTER TABLE SET LOCATION is not supported for Iceberg tables")
    entry = table_input(table)
    entry["StorageDescriptor"] = {**entry["StorageDescriptor"], "Location": match[1]}
    context.lake.glue.update_table(DatabaseName=table.database, TableInput=entry)


ACTIONS: list[tuple[str, Action]] = [
    (rf"rename\s+to\s+{QUALIFIED}\s*$", _rename),
    (r"set\s+tblproperties\s*\((.*)\)\s*$", _set_properties),
    (r"unset\s+tblproperties\s*(?:if\s+exists\s*)?\((.*)\)\s*$", _unset_properties),
    (r"set\s+location\s+'([^']+)'\s*$", _set_location),
    *alter_columns.ACTIONS,
    *alter_partitions.ACTIONS,
]
"""Each action by the words after the table's name."""
