"""MERGE, UPDATE and DELETE on Iceberg tables."""

from __future__ import annotations

from sqlglot import exp

from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.row_change import Addition, Change, RowChange
from localcloud.athena.sql.dialect import parse_query
from localcloud.athena.sql.qualified import shorten_change
from localcloud.lake.errors import LakeError, NotSupportedError


def merge(context: Context, text: str) -> Outcome:
    """MERGE INTO target USING source ON condition WHEN ..."""
    node = parse_query(text)
    if not isinstance(node, exp.Merge):
        raise LakeError("SYNTAX_ERROR", "line 1:1: not a MERGE")
    shorten_change(node, context.database)
    work = RowChange(context, node.this)
    using = node.args["using"]
    work.read_source(using)
    changes, additions = [], []
    for clause in node.args["whens"].expressions:
        if clause.args.get("source"):
            raise LakeError("SYNTAX_ERROR", "line 1:1: WHEN NOT MATCHED BY SOURCE is no part of MERGE")
        then, condition = clause.args["then"], clause.args.get("condition")
        if clause.args.get("matched"):
            changes.append(Change(condition, work.assignments(then)))
        else:
            additions.append(Addition(condition, work.insertion(then)))
    return work.run(node.args["on"], changes, additions)


def update(context: Context, text: str) -> Outcome:
    """UPDATE table SET column = value, ... WHERE condition."""
    node = parse_query(text)
    if not isinstance(node, exp.Update) or node.args.get("from_"):
        raise NotSupportedError("this form of UPDATE")
    shorten_change(node, context.database)
    work = RowChange(context, node.this)
    where = node.args.get("where")
    values = {item.this.name.lower(): item.expression for item in node.expressions}
    return work.run(where.this if where else exp.true(), [Change(None, values)], [])


def delete(context: Context, text: str) -> Outcome:
    """DELETE FROM table WHERE condition."""
    node = parse_query(text)
    if not isinstance(node, exp.Delete):
        raise LakeError("SYNTAX_ERROR", "line 1:1: not a DELETE")
    shorten_change(node, context.database)
    work = RowChange(context, node.this)
    where = node.args.get("where")
    return work.run(where.this if where else exp.true(), [Change(None, None)], [])
