"""SHOW of what there is."""

from __future__ import annotations

import re

from sqlglot import exp

from localcloud.athena.catalog_tables import tables
from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.names import NAME, QUALIFIED
from localcloud.athena.run.tables import table_columns
from localcloud.lake.errors import LakeError
from localcloud.lake.glue import Column, LakeTable, require_database

_TABLE = rf"{QUALIFIED}\s*$"


def one_column(name: str, values: list[str]) -> Outcome:
    """A result of one column."""
    return Outcome(columns=(Column(name, "varchar"),), lines=tuple((value,) for value in values))


def _pattern(text: str | None) -> re.Pattern[str]:
    """Hive's pattern in SHOW: `*` for anything, `|` for a choice."""
    choices = (text or "*").split("|")
    return re.compile(
        "|".join(re.escape(choice).replace(r"\*", ".*").replace("%", ".*") for choice in choices), re.IGNORECASE
    )


def statement_match(pattern: str, text: str) -> re.Match[str]:
    """The match of a statement with its pattern; raises Hive's ParseException where there is none."""
    match = re.match(pattern, text, re.IGNORECASE | re.DOTALL)
    if not match:
        raise LakeError("SYNTAX_ERROR", f"FAILED: ParseException cannot read: {text[:100]}")
    return match


def named_table(context: Context, database: str | None, name: str) -> LakeTable:
    """The table or view that a statement names; raises TABLE_NOT_FOUND."""
    return context.compiler.resolver.table(exp.table_(name.lower(), db=(database or context.database).lower()))


def databases(context: Context, text: str) -> Outcome:
    """SHOW DATABASES [LIKE 'pattern']."""
    wanted = _pattern(statement_match(r"show\s+(?:databases|schemas)(?:\s+like)?(?:\s+'([^']*)')?\s*$", text)[1])
    pages = context.lake.glue.get_paginator("get_databases").paginate()
    names = sorted(entry["Name"] for page in pages for entry in page["DatabaseList"])
    return one_column("database_name", [name for name in names if wanted.fullmatch(name)])


def list_tables(context: Context, text: str) -> Outcome:
    """SHOW TABLES | VIEWS [IN database] ['pattern']."""
    match = statement_match(
        rf"show\s+(tables|views)(?:\s+(?:in|from)\s+{NAME})?(?:\s+like)?(?:\s+'([^']*)')?\s*$", text
    )
    database, wanted = (match[2] or context.database).lower(), _pattern(match[3])
    require_database(context.lake, database)
    views_only = match[1].lower() == "views"
    names = [table.name for table in tables(context.lake, [database]) if not views_only or table.kind == "view"]
    return one_column("views" if views_only else "tab_name", sorted(name for name in names if wanted.fullmatch(name)))


def columns(context: Context, text: str) -> Outcome:
    """SHOW COLUMNS IN table [IN database]."""
    match = statement_match(rf"show\s+columns\s+(?:in|from)\s+{QUALIFIED}(?:\s+(?:in|from)\s+{NAME})?\s*$", text)
    table = named_table(context, match[1] or match[3], match[2])
    return one_column("field", [column.name for column in table_columns(context, table)])


def partitions(context: Context, text: str) -> Outcome:
    """SHOW PARTITIONS table: those registered in Glue."""
    match = statement_match(rf"show\s+partitions\s+{_TABLE}", text)
    table = named_table(context, match[1], match[2])
    pages = context.lake.glue.get_paginator("get_partitions").paginate(
        DatabaseName=table.database, TableName=table.name
    )
    rows = [
        "/".join(f"{key.name}={value}" for key, value in zip(table.partition_keys, entry["Values"], strict=True))
        for page in pages
        for entry in page["Partitions"]
    ]
    return one_column("partition", rows)


def properties(context: Context, text: str) -> Outcome:
    """SHOW TBLPROPERTIES table [('name')]."""
    match = statement_match(rf"show\s+tblproperties\s+{QUALIFIED}\s*(?:\(\s*'([^']*)'\s*\))?\s*$", text)
    table = named_table(context, match[1], match[2])
    pairs = [(key, value) for key, value in sorted(table.parameters.items()) if match[3] in (None, key)]
    return Outcome(columns=(Column("prpt_name", "varchar"), Column("prpt_value", "varchar")), lines=tuple(pairs))
