"""Reading Athena's DDL: sqlglot's trees, and patterns where the grammar is Hive's own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp, parse_one
from sqlglot.dialects.athena import Athena  # by name it is imported late, and by several threads at once
from sqlglot.errors import ParseError, TokenError

from localcloud.lake.errors import LakeError
from localcloud.lake.glue import Column
from localcloud.lake.types import from_data_type, split_arguments, to_hive

TEXT = r"'((?:[^'\\]|\\.|'')*)'"
"""A quoted text; one group, still escaped."""

_PAIR = re.compile(rf"{TEXT}\s*=\s*{TEXT}")
_ESCAPED = re.compile(r"\\(.)|''")


def parse_ddl(text: str) -> exp.Expr:
    """One DDL statement in the Hive grammar that Athena uses for it."""
    try:
        return parse_one(text, dialect=Athena)
    except (ParseError, TokenError) as error:
        raise parse_failure(str(error)) from error


def parse_failure(detail: str) -> LakeError:
    """A statement that Hive's parser would not read."""
    return LakeError("FAILED", f"ParseException {detail}")


def ddl_failure(detail: str) -> LakeError:
    """A statement that Hive's DDL task gives up on."""
    return LakeError("FAILED", f"Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. {detail}")


def unquoted(text: str) -> str:
    """The text that an escaped literal stands for."""
    return _ESCAPED.sub(lambda match: match[1] or "'", text)


def property_pairs(text: str) -> dict[str, str]:
    """`'key' = 'value', ...` as a dictionary."""
    return {unquoted(key): unquoted(value) for key, value in _PAIR.findall(text)}


def partition_texts(text: str) -> list[str]:
    """The fields of PARTITIONED BY as written: the parser turns transforms into functions of other dialects."""
    match = re.search(r"\bpartitioned\s+by\s*\(", text, re.IGNORECASE)
    if not match:
        return []
    depth, end = 1, match.end()
    while depth and end < len(text):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        end += 1
    return split_arguments(text[match.end() : end - 1])


def column_definitions(nodes: Sequence[exp.Expr]) -> list[Column]:
    """Columns with their types and comments; raises a ParseException for one without a type."""
    columns = []
    for node in nodes:
        if not isinstance(node, exp.ColumnDef) or node.args.get("kind") is None:
            raise parse_failure(f"column without a type: {node.sql(dialect='hive')}")
        columns.append(Column(node.name.lower(), from_data_type(node.args["kind"]), _comment(node)))
    return columns


def columns_of(text: str) -> list[Column]:
    """The columns of a parenthesised list such as `(a int, b string COMMENT 'x')`."""
    node = parse_ddl(f"CREATE EXTERNAL TABLE _t {text}")
    schema = node.find(exp.Schema)
    return column_definitions(schema.expressions if schema else [])


def hive_columns(columns: Sequence[Column]) -> list[tuple[str, str, str]]:
    """Name, Hive type and comment of each column, as DESCRIBE prints them."""
    return [(column.name, to_hive(column.type), column.comment) for column in columns]


def _comment(node: exp.ColumnDef) -> str:
    for constraint in node.constraints:
        if isinstance(constraint.kind, exp.CommentColumnConstraint):
            return str(constraint.kind.this.name)
    return ""
