"""Views, kept in Glue in Athena's own form, so that whoever reads Glue can read them."""

from __future__ import annotations

import base64
import json
import re

from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.create_as import require_names
from localcloud.athena.run.grammar import unquoted
from localcloud.athena.run.names import QUALIFIED
from localcloud.athena.run.tables import glue_columns
from localcloud.athena.sql.dialect import parse_query
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import VIEW_PREFIX, Column, require_database

_CREATE = re.compile(
    rf"create\s+(or\s+replace\s+)?view\s+{QUALIFIED}\s*(?:comment\s+'((?:[^']|'')*)'\s*)?"
    r"(?:security\s+(\w+)\s+)?as\b(.*)",
    re.IGNORECASE | re.DOTALL,
)


def create_view(context: Context, text: str) -> Outcome:
    """CREATE [OR REPLACE] VIEW name [COMMENT ...] AS query."""
    match = _CREATE.match(text)
    if not match or (match[5] or "definer").lower() != "definer":
        raise NotSupportedError("this form of CREATE VIEW")
    database, name = (match[2] or context.database).lower(), match[3].lower()
    original, comment = match[6].strip(), unquoted(match[4] or "")
    compiled = context.compiler.compile(parse_query(original), reads=False)
    require_names(compiled.columns)
    definition = {
        "originalSql": original,
        "catalog": "awsdatacatalog",
        "schema": context.database,
        "columns": [{"name": column.name, "type": column.type} for column in compiled.columns],
    } | ({"comment": comment} if comment else {})
    require_database(context.lake, database)
    encoded = base64.b64encode(json.dumps(definition).encode()).decode()
    _save(context, database, name, f"{VIEW_PREFIX}{encoded} */", compiled.columns, bool(match[1]))
    return Outcome(lines=())


def _save(context: Context, database: str, name: str, encoded: str, columns: tuple[Column, ...], replace: bool) -> None:
    entry = {
        "Name": name,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "ViewOriginalText": encoded,
        "ViewExpandedText": "/* Presto View */",
        "PartitionKeys": [],
        "StorageDescriptor": {"Columns": glue_columns(columns), "Location": "", "SerdeInfo": {}},
    }
    glue = context.lake.glue
    try:
        existing = glue.get_table(DatabaseName=database, Name=name)["Table"]
    except glue.exceptions.EntityNotFoundException:
        glue.create_table(DatabaseName=database, TableInput=entry)
        return
    if existing.get("TableType") != "VIRTUAL_VIEW":
        raise LakeError("TABLE_ALREADY_EXISTS", f"Table '{database}.{name}' already exists and is not a view")
    if not replace:
        raise LakeError("TABLE_ALREADY_EXISTS", f"line 1:1: View already exists: '{database}.{name}'")
    glue.update_table(DatabaseName=database, TableInput=entry)
