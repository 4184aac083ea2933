"""CREATE, DROP and ALTER DATABASE."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.grammar import parse_ddl, parse_failure, property_pairs
from localcloud.athena.run.names import NAME
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import require_database

_CREATE = re.compile(
    rf"create\s+(?:database|schema)\s+(if\s+not\s+exists\s+)?{NAME}\s*(.*)$", re.IGNORECASE | re.DOTALL
)
_COMMENT = re.compile(r"\bcomment\s+'((?:[^'\\]|\\.|'')*)'", re.IGNORECASE)
_LOCATION = re.compile(r"\blocation\s+'([^']*)'", re.IGNORECASE)
_PROPERTIES = re.compile(r"\bdbproperties\s*\((.*)\)\s*$", re.IGNORECASE | re.DOTALL)
_ALTER = re.compile(
    rf"alter\s+(?:database|schema)\s+{NAME}\s+set\s+dbproperties\s*\((.*)\)\s*$", re.IGNORECASE | re.DOTALL
)


def create_database(context: Context, text: str) -> Outcome:
    """CREATE DATABASE | SCHEMA [IF NOT EXISTS] name [COMMENT ...] [LOCATION ...] [WITH DBPROPERTIES (...)]."""
    match = _CREATE.match(text)
    if not match:
        raise parse_failure(f"cannot read: {text[:100]}")
    name, rest = match[2].lower(), match[3]
    entry: dict[str, Any] = {"Name": name}
    for pattern, key in ((_COMMENT, "Description"), (_LOCATION, "LocationUri")):
        found = pattern.search(rest)
        if found:
            entry[key] = found[1].replace("''", "'")
    properties = _PROPERTIES.search(rest)
    if properties:
        entry["Parameters"] = property_pairs(properties[1])
    try:
        context.lake.glue.create_database(DatabaseInput=entry)
    except context.lake.glue.exceptions.AlreadyExistsException:
        if not match[1]:
            raise LakeError("SCHEMA_ALREADY_EXISTS", f"Schema '{name}' already exists") from None
    return Outcome(lines=())


def drop_database(context: Context, text: str) -> Outcome:
    """DROP DATABASE | SCHEMA [IF EXISTS] name [CASCADE]."""
    node = parse_ddl(text)
    table = node.find(exp.Table)
    if table is None:
        raise parse_failure("the statement names no database")
    name = (table.db or table.name).lower()
    glue = context.lake.glue
    try:
        found = glue.get_tables(DatabaseName=name)["TableList"]
    except glue.exceptions.EntityNotFoundException:
        if node.args.get("exists"):
            return Outcome(lines=())
        raise LakeError("SCHEMA_NOT_FOUND", f"Schema '{name}' does not exist") from None
    if found and not node.args.get("cascade"):
        raise LakeError("INVALID_OPERATION", f"Database {name} is not empty. One or more tables exist.")
    glue.delete_database(Name=name)
    return Outcome(lines=())


def alter_database(context: Context, text: str) -> Outcome:
    """ALTER DATABASE | SCHEMA name SET DBPROPERTIES ('key' = 'value', ...)."""
    match = _ALTER.match(text)
    if not match:
        raise NotSupportedError("ALTER DATABASE other than SET DBPROPERTIES")
    name = match[1].lower()
    require_database(context.lake, name)
    entry = context.lake.glue.get_database(Name=name)["Database"]
    kept = {key: entry[key] for key in ("Name", "Description", "LocationUri") if entry.get(key)}
    properties = {**(entry.get("Parameters") or {}), **property_pairs(match[2])}
    context.lake.glue.update_database(Name=name, DatabaseInput={**kept, "Parameters": properties})
    return Outcome(lines=())
