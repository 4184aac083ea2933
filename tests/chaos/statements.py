"""The statements of a load, told apart by what they are: each kind is a crash point."""

from __future__ import annotations

from sqlglot import exp


def point_of_statement(tree: exp.Expr) -> str:
    """Return which step of a load a statement is."""
    if isinstance(tree, exp.Create):
        return "scratch" if tree.args.get("expression") else "table"
    if isinstance(tree, exp.Drop):
        return "drop"
    if isinstance(tree, exp.Merge):
        return f"merge {'conflicts' if reads_landing(tree) else tree.this.db}"
    return "days" if isinstance(tree, exp.Query) and "day" in tree.named_selects else "count"


def reads_landing(merge: exp.Merge) -> bool:
    """Whether a merge reads landed objects again: that of records which contradict raw."""
    return merge.args["using"].this.args.get("with_") is not None
