"""The statements that dbt's shared suite has for PostgreSQL, in Athena's SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def in_athenas_words(sql: str, *, storage: str) -> Iterator[str]:
    """Each statement of `sql` as Athena takes it.

    A table becomes an Iceberg table, whose rows can change, in a folder of its own below `storage`, an S3 URI that ends
    in a slash; texts that are times get their type, and hashes are in upper case, as dbt-athena's.
    """
    for statement in sqlglot.parse(sql, read="postgres"):
        if isinstance(statement, exp.Create):
            yield _table(statement, storage)
        elif statement is not None:
            yield statement.transform(_expression).sql("athena")


def _table(create: exp.Create, storage: str) -> str:
    """CREATE TABLE of an Iceberg table, whose texts have no length; Athena's DDL names no catalog."""
    for kind in create.find_all(exp.DataType):
        if kind.this in exp.DataType.TEXT_TYPES:
            kind.replace(exp.DataType.build("text"))
    table = create.this.this
    table.set("catalog", None)
    return f"{create.sql('athena')} location '{storage}{table.name}/' tblproperties ('table_type' = 'iceberg')"


def _expression(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Literal) and node.is_string and _TIME.fullmatch(node.this):
        return exp.cast(node.copy(), "timestamp")
    if isinstance(node, exp.MD5):
        return exp.Upper(this=node.copy())
    return node
