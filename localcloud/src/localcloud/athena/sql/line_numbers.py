"""Numbering the lines of text objects in their order, as Trino does, which reads an object from start to end.

That is `row_number() OVER (PARTITION BY "$path")`, without an order of its own, right on the table.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from localcloud.athena.sql.dialect import identifier
from localcloud.athena.sql.resolve import Source
from localcloud.athena.sql.walk import every
from localcloud.lake.hive_read import is_text

_PLAIN = (exp.Where, exp.And, exp.Or, exp.Paren, exp.Not, exp.In, exp.EQ, exp.Literal, exp.Identifier)
"""What a condition is made of that is the same for every line of an object."""


def number_lines(query: exp.Expr, sources: Mapping[str, Source]) -> None:
    """Give such windows the order of the lines; where whole objects are read, the number each line has already."""
    if not any(column.name == "$path" for column in every(query, exp.Column)):
        return
    for scope in traverse_scope(query):
        for window in list(scope.expression.find_all(exp.Window)):
            for column in window.args.get("partition_by") or []:
                if not isinstance(column, exp.Column) or column.name != "$path" or window.args.get("order"):
                    continue
                table = scope.sources.get(column.table)
                if isinstance(table, exp.Table) and table.name in sources:
                    line = exp.column(identifier("$line"), table=column.args["table"].copy())
                    if not table.args.get("sample") and _is_line_number(window, scope.expression, sources[table.name]):
                        window.replace(line)
                    else:
                        window.set("order", exp.Order(expressions=[exp.Ordered(this=line, nulls_first=False)]))


def _is_line_number(window: exp.Window, select: exp.Expr, source: Source) -> bool:
    """Whether the window counts every line of its object: nothing but partitions and paths chooses what is read."""
    if window.this.name.lower() != "row_number" or len(window.args["partition_by"]) > 1:
        return False
    if source.suffix or source.table.kind != "hive" or not is_text(source.table):
        return False
    if not isinstance(select, exp.Select) or any(select.args.get(part) for part in ("joins", "laterals", "group")):
        return False
    where = select.args.get("where")
    of_objects = {"$path", *(key.name for key in source.table.partition_keys)}
    return where is None or all(
        node.name in of_objects if isinstance(node, exp.Column) else isinstance(node, _PLAIN) for node in where.walk()
    )
