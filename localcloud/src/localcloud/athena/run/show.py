"""SHOW, DESCRIBE and EXPLAIN."""

from __future__ import annotations

import re

from sqlglot import exp

from localcloud.athena.catalog_tables import tables
from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.grammar import hive_columns
from localcloud.athena.run.names import NAME, QUALIFIED
from localcloud.athena.run.tables import table_columns
from localcloud.athena.sql.dialect import parse_query
from localcloud.athena.statement import read_statement
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, LakeTable, require_database, view_definition

_TABLE = rf"{QUALIFIED}\s*$"


def _lines(name: str, values: list[str]) -> Outcome:
    return Outcome(columns=(Column(name, "varchar"),), lines=tuple((value,) for value in values))


def _pattern(text: str | None) -> re.Pattern[str]:
    """Hive's pattern in SHOW: `*` for anything, `|` for a choice."""
    choices = (text or "*").split("|")
    return re.compile(
        "|".join(re.escape(choice).replace(r"\*", ".*").replace("%", ".*") for choice in choices), re.IGNORECASE
    )


def _match(pattern: str, text: str) -> re.Match[str]:
    match = re.match(pattern, text, re.IGNORECASE | re.DOTALL)
    if not match:
        raise LakeError("SYNTAX_ERROR", f"FAILED: ParseException cannot read: {text[:100]}")
    return match


def _table(context: Context, database: str | None, name: str) -> LakeTable:
    return context.compiler.resolver.table(exp.table_(name.lower(), db=(database or context.database).lower()))


def databases(context: Context, text: str) -> Outcome:
    """SHOW DATABASES [LIKE 'pattern']."""
    wanted = _pattern(_match(r"show\s+(?:databases|schemas)(?:\s+like)?(?:\s+'([^']*)')?\s*$", text)[1])
    pages = context.lake.glue.get_paginator("get_databases").paginate()
    names = sorted(entry["Name"] for page in pages for entry in page["DatabaseList"])
    return _lines("database_name", [name for name in names if wanted.fullmatch(name)])


def list_tables(context: Context, text: str) -> Outcome:
    """SHOW TABLES | VIEWS [IN database] ['pattern']."""
    match = _match(rf"show\s+(tables|views)(?:\s+(?:in|from)\s+{NAME})?(?:\s+like)?(?:\s+'([^']*)')?\s*$", text)
    database, wanted = (match[2] or context.database).lower(), _pattern(match[3])
    require_database(context.lake, database)
    views_only = match[1].lower() == "views"
    names = [table.name for table in tables(context.lake, [database]) if not views_only or table.kind == "view"]
    return _lines("views" if views_only else "tab_name", sorted(name for name in names if wanted.fullmatch(name)))


def columns(context: Context, text: str) -> Outcome:
    """SHOW COLUMNS IN table [IN database]."""
    match = _match(rf"show\s+columns\s+(?:in|from)\s+{QUALIFIED}(?:\s+(?:in|from)\s+{NAME})?\s*$", text)
    table = _table(context, match[1] or match[3], match[2])
    return _lines("field", [column.name for column in table_columns(context, table)])


def partitions(context: Context, text: str) -> Outcome:
    """SHOW PARTITIONS table: those registered in Glue."""
    match = _match(rf"show\s+partitions\s+{_TABLE}", text)
    table = _table(context, match[1], match[2])
    pages = context.lake.glue.get_paginator("get_partitions").paginate(
        DatabaseName=table.database, TableName=table.name
    )
    rows = [
        "/".join(f"{key.name}={value}" for key, value in zip(table.partition_keys, entry["Values"], strict=True))
        for page in pages
        for entry in page["Partitions"]
    ]
    return _lines("partition", rows)


def properties(context: Context, text: str) -> Outcome:
    """SHOW TBLPROPERTIES table [('name')]."""
    match = _match(rf"show\s+tblproperties\s+{QUALIFIED}\s*(?:\(\s*'([^']*)'\s*\))?\s*$", text)
    table = _table(context, match[1], match[2])
    pairs = [(key, value) for key, value in sorted(table.parameters.items()) if match[3] in (None, key)]
    return Outcome(columns=(Column("prpt_name", "varchar"), Column("prpt_value", "varchar")), lines=tuple(pairs))


def create_view(context: Context, text: str) -> Outcome:
    """SHOW CREATE VIEW name."""
    match = _match(rf"show\s+create\s+view\s+{_TABLE}", text)
    table = _table(context, match[1], match[2])
    if table.kind != "view":
        raise LakeError("INVALID_OPERATION", f"'{table.database}.{table.name}' is no view")
    body = f"CREATE VIEW {table.database}.{table.name} AS\n{view_definition(table)['originalSql']}"
    return _lines("Create View", body.split("\n"))


def create_table(context: Context, text: str) -> Outcome:
    """SHOW CREATE TABLE name."""
    match = _match(rf"show\s+create\s+table\s+{_TABLE}", text)
    table = _table(context, match[1], match[2])
    if table.kind == "view":
        raise LakeError("INVALID_OPERATION", f"'{table.database}.{table.name}' is a view: use SHOW CREATE VIEW")
    external = "EXTERNAL " if table.kind == "hive" else ""
    lines = [f"CREATE {external}TABLE `{table.database}.{table.name}`("]
    lines.append(", \n".join(f"  `{name}` {kind}" for name, kind, _ in hive_columns(table.columns)) + ")")
    if table.partition_keys:
        lines.append("PARTITIONED BY ( ")
        lines.append(", \n".join(f"  `{name}` {kind}" for name, kind, _ in hive_columns(table.partition_keys)) + ")")
    if table.serde:
        lines += ["ROW FORMAT SERDE ", f"  '{table.serde}' "]
    lines += ["LOCATION", f"  '{table.location}'", "TBLPROPERTIES ("]
    lines.append(", \n".join(f"  '{key}'='{value}'" for key, value in sorted(table.parameters.items())) + ")")
    return _lines("createtab_stmt", "\n".join(lines).split("\n"))


def describe(context: Context, text: str) -> Outcome:
    """DESCRIBE table."""
    match = _match(rf"(?:describe|desc)\s+(?:table\s+)?{_TABLE}", text)
    table = _table(context, match[1], match[2])
    rows = [
        (f"{name:<20}", f"{kind:<20}", f"{comment:<20}")
        for name, kind, comment in hive_columns(table_columns(context, table))
    ]
    names = (Column("col_name", "varchar"), Column("data_type", "varchar"), Column("comment", "varchar"))
    return Outcome(columns=names, lines=tuple(rows))


def explain(context: Context, text: str) -> Outcome:
    """EXPLAIN query, as DuckDB explains it: the plan is this engine's own."""
    body = re.sub(r"^explain\s+", "", text, flags=re.IGNORECASE)
    if body.startswith("(") or re.match("analyze", body, re.IGNORECASE):
        raise NotSupportedError("EXPLAIN with options")
    if read_statement(body).subtype != "SELECT":
        raise NotSupportedError("EXPLAIN of anything but a query")
    compiled = context.compiler.compile(parse_query(body))
    rows = context.cursor.execute(f"EXPLAIN {compiled.sql}").fetchall()
    return _lines("Query Plan", "\n".join(row[1] for row in rows).split("\n"))
