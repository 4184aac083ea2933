"""Which conditions of a query hold for every row of one of its tables that can matter, so that files can be left out.

Taken are parts of WHERE, joined by AND, of the SELECT that names the table, and of them those alone that compare its
columns with numbers, days and moments as they are written, or ask whether a column is one of some texts. What order
texts have, and what functions mean, is the engine's to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlglot import exp

from localcloud.lake.predicates import bare, conjuncts
from localcloud.redshift.sql.external_types import MAX_ICEBERG_TEXT

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?)?", re.ASCII)
_SPEAKING = (exp.Paren, exp.And, exp.Or, exp.Between, exp.In, exp.EQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
"""What a condition may be made of beside columns and values: none of these is true of NULL."""

_BLANK, _AFTER_BLANK = " ", "!"

_SHAPING = ("distinct", "group", "having", "limit", "offset", "qualify")


def conditions_on(table: exp.Table) -> list[exp.Expr]:
    """Conditions, on bare column names, that no row meets which a join has made up for want of a match."""
    select = table.find_ancestor(exp.Select)
    where = select.args.get("where") if select else None
    if where is None:
        return []
    # A name without a table is this one's or, if it has no such column, says nothing of it.
    own = ("", table.alias_or_name)
    return [
        bare(condition)
        for condition in conjuncts(where.this)
        if not isinstance(condition, exp.Column)
        and _is_plain(condition)
        and all(column.table in own for column in condition.find_all(exp.Column))
    ]


def passed_on(view: exp.Expr, conditions: Sequence[exp.Expr]) -> exp.Expr:
    """Let a view's query say of its own tables what `conditions` say of its columns. Changes and returns `view`.

    Only where that takes no row into account which another one of the result depends on.
    """
    if not isinstance(view, exp.Select) or any(view.args.get(key) for key in _SHAPING):
        return view
    if any(column.find(exp.AggFunc, exp.Window) for column in view.selects):
        return view
    known = {column.alias_or_name.lower(): column.unalias() for column in view.selects}
    is_whole = view.selects == [exp.Star()] and not view.args.get("joins") and not view.args.get("laterals")
    for condition in conditions:
        inner = condition.copy()
        columns = [(column, column if is_whole else known.get(column.name)) for column in inner.find_all(exp.Column)]
        if all(isinstance(source, exp.Column) for _, source in columns):
            for column, source in columns:
                column.replace(source.copy())  # type: ignore[union-attr]
            view = view.where(inner, copy=False)
    return view


def on_bytes(condition: exp.Expr) -> exp.Expr:
    """The condition as one on the bytes that files hold: true where it is, and of some other rows.

    Texts that differ in blanks at their end are equal to Redshift ("Significance of trailing blanks" in the Developer
    Guide), and all texts that begin with `a` and a blank lie between `a` and `a!`. So do texts that it cuts to a length
    of its own, which leaves the beginning as it is.
    """
    return condition.transform(_range_of_text)


def _range_of_text(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.In) and _is_among_texts(node):
        return exp.paren(exp.or_(*(_between(node.this, text) for text in node.expressions)), copy=False)
    if isinstance(node, exp.EQ) and _is_among_texts(node):
        column, text = (node.this, node.expression) if _is_name(node.this) else (node.expression, node.this)
        return exp.paren(_between(column, text), copy=False)
    return node


def _between(column: exp.Expr, text: exp.Expr) -> exp.Expr:
    first = text.name.rstrip(_BLANK)
    return exp.and_(
        exp.GTE(this=column.copy(), expression=exp.Literal.string(first)),
        exp.LT(this=column.copy(), expression=exp.Literal.string(first + _AFTER_BLANK)),
    )


def _is_among_texts(node: exp.Expr) -> bool:
    """Whether this asks if a column is a text, or one of several."""
    if isinstance(node, exp.EQ):
        sides = (node.this, node.expression)
        return any(map(_is_name, sides)) and any(map(_is_text, sides))
    if isinstance(node, exp.In):
        return _is_name(node.this) and bool(node.expressions) and all(map(_is_text, node.expressions))
    return False


def _is_name(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier)


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and node.is_string and len(node.name) < MAX_ICEBERG_TEXT


def _is_plain(node: exp.Expr) -> bool:
    """Whether a condition is made of comparisons of columns with values alone."""
    if _is_among_texts(node):
        return True
    if isinstance(node, exp.Column):
        return _is_name(node)
    if isinstance(node, exp.Literal):
        return not node.is_string
    if isinstance(node, exp.Neg):
        return isinstance(node.this, exp.Literal) and not node.this.is_string
    if isinstance(node, exp.Cast):
        return not isinstance(node, exp.TryCast) and _is_moment(node)
    return isinstance(node, _SPEAKING) and all(_is_plain(part) for part in node.iter_expressions())


def _is_moment(cast: exp.Cast) -> bool:
    """Whether this is a day or a moment without a zone, written in full."""
    text = cast.this
    if not isinstance(text, exp.Literal) or not text.is_string or not _MOMENT.fullmatch(text.name):
        return False
    try:
        datetime.fromisoformat(text.name)
    except ValueError:
        return False
    return cast.is_type(exp.DType.TIMESTAMP) or (cast.is_type(exp.DType.DATE) and len(text.name) == len("2026-01-01"))
