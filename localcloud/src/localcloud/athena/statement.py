"""What a statement is: its kind, told from its first words, and its text without comments around it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlglot import exp

_COMMENT = re.compile(r"\A\s*(?:--[^\n]*(?:\n|\Z)|/\*.*?\*/)", re.DOTALL)
_KINDS: list[tuple[str, str, str]] = [
    (r"(select|with|values|table|\()\b|\(", "DML", "SELECT"),
    (r"insert\s+into\b", "DML", "INSERT"),
    (r"merge\s+into\b", "DML", "MERGE"),
    (r"update\b", "DML", "UPDATE"),
    (r"delete\s+from\b", "DML", "DELETE"),
    (r"unload\b", "DML", "UNLOAD"),
    (r"optimize\b", "DML", "OPTIMIZE"),
    (r"vacuum\b", "DML", "VACUUM"),
    (r"create\s+(or\s+replace\s+)?view\b", "DDL", "CREATE_VIEW"),
    (r"create\s+(database|schema)\b", "DDL", "CREATE_DATABASE"),
    (r"create\s+external\s+table\b", "DDL", "CREATE_TABLE"),
    (r"create\s+table\b", "DDL", "CREATE_TABLE"),
    (r"drop\s+(database|schema)\b", "DDL", "DROP_DATABASE"),
    (r"drop\s+view\b", "DDL", "DROP_VIEW"),
    (r"drop\s+table\b", "DDL", "DROP_TABLE"),
    (r"alter\s+table\b", "DDL", "ALTER_TABLE"),
    (r"alter\s+(database|schema)\b", "DDL", "ALTER_DATABASE"),
    (r"msck\s+(repair\s+)?table\b", "DDL", "MSCK_REPAIR"),
    (r"show\s+(databases|schemas)\b", "UTILITY", "SHOW_DATABASES"),
    (r"show\s+tables\b", "UTILITY", "SHOW_TABLES"),
    (r"show\s+views\b", "UTILITY", "SHOW_VIEWS"),
    (r"show\s+columns\b", "UTILITY", "SHOW_COLUMNS"),
    (r"show\s+partitions\b", "UTILITY", "SHOW_PARTITIONS"),
    (r"show\s+tblproperties\b", "UTILITY", "SHOW_TBLPROPERTIES"),
    (r"show\s+create\s+table\b", "UTILITY", "SHOW_CREATE_TABLE"),
    (r"show\s+create\s+view\b", "UTILITY", "SHOW_CREATE_VIEW"),
    (r"(describe|desc)\b", "UTILITY", "DESCRIBE"),
    (r"explain\b", "UTILITY", "EXPLAIN"),
    (r"prepare\b", "UTILITY", "PREPARE"),
    (r"deallocate\s+prepare\b", "UTILITY", "DEALLOCATE_PREPARE"),
]
_AS_QUERY = re.compile(r"\bas(?:\s|\(|--[^\n]*\n|/\*.*?\*/)+(?:select|with|values|table)\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Statement:
    """A statement's text, its StatementType and its SubstatementType ('' where nothing here runs it).

    `parsed` is its tree where it has been parsed, for the one who runs it to change.
    """

    text: str
    type: str
    subtype: str
    parsed: exp.Expr | None = field(default=None, compare=False, repr=False)


def read_statement(text: str) -> Statement:
    """Tell what a statement is."""
    body = strip(text)
    for pattern, kind, subtype in _KINDS:
        if re.match(pattern, body, re.IGNORECASE):
            if subtype == "CREATE_TABLE" and _AS_QUERY.search(body):
                return Statement(body, "DDL", "CREATE_TABLE_AS_SELECT")
            return Statement(body, kind, subtype)
    return Statement(body, "DML", "")


def strip(text: str) -> str:
    """The statement without comments before it and a semicolon after it."""
    while match := _COMMENT.match(text):
        text = text[match.end() :]
    return text.strip().rstrip(";").rstrip()
