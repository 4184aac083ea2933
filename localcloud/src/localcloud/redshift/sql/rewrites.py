"""Where Redshift's operators and functions mean something else than DuckDB's: rewritten on the tree, node by node."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlglot import exp

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql import aggregates, arithmetic, casts, dates, function_calls, kinds, super_values
from localcloud.redshift.sql.expressions import KIND, kind_of
from localcloud.redshift.sql.nodes import call, cast

Change = Callable[[Any], exp.Expr]


def rewrite(tree: exp.Expr) -> exp.Expr:
    """Apply every rewrite, innermost nodes first; a replacement keeps the type of what it stands for.

    A change may move its node, or what is below it, into what it returns: nothing has to be copied.
    """
    for node in list(tree.walk(bfs=False))[::-1]:
        change = _rewrite_of(type(node))  # type: ignore[arg-type]  # a class has a hash of its own
        if change is None:
            continue
        kind, parent, key, index = kind_of(node), node.parent, node.arg_key, node.index
        replacement = change(node)
        if replacement is node:
            continue
        replacement.meta[KIND] = kind
        if node is tree:
            tree = replacement
            tree.parent = None
        elif parent is not None and key is not None:
            parent.set(key, replacement, index)
    return tree


@cache
def _rewrite_of(kind: type[exp.Expr]) -> Change | None:
    found = next((_REWRITES[base] for base in kind.__mro__ if base in _REWRITES), None)
    if found is None and issubclass(kind, exp.Func) and kind not in _UNCHANGED:
        return _refuse(f"the function {kind.sql_name().lower()}()")
    return found


_UNCHANGED = frozenset(
    {
        exp.And, exp.Or, exp.Case, exp.If, exp.Coalesce, exp.Greatest, exp.Least, exp.DecodeCase, exp.Exists,
        exp.Any, exp.Count, exp.Min, exp.Max, exp.ApproxDistinct, exp.GroupConcat, exp.Trim, exp.RegexpLike,
        exp.RegexpILike, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue, exp.CurrentDate, exp.Nvl2,
        exp.PercentileCont, exp.PercentileDisc, exp.Median, exp.Nullif, exp.Array,
    }
)  # fmt: skip
"""Functions for which sqlglot writes DuckDB's equivalent."""


def _like(node: exp.Expr) -> exp.Expr:
    if kind_of(node.this) == kinds.SUPER:
        node.set("this", call("rs_super_varchar", node.this))
    if isinstance(node.parent, exp.Escape):
        return node
    return exp.Escape(this=node, expression=exp.Literal.string("\\"))


def _similar(node: exp.Expr) -> exp.Expr:
    pattern = node.expression
    if not isinstance(pattern, exp.Literal) or isinstance(node.parent, exp.Escape):
        raise unsupported("SIMILAR TO with ESCAPE or a pattern that is no literal")
    regex = "".join({"%": ".*", "_": ".", ".": "\\.", "^": "\\^", "$": "\\$"}.get(c, c) for c in pattern.name)
    return call("regexp_full_match", node.this, exp.Literal.string(regex))


def _substring(node: exp.Expr) -> exp.Expr:
    arguments = [node.this, node.args.get("start") or exp.Literal.number(1)]
    if node.args.get("length") is not None:
        arguments.append(node.args["length"])
    return call("rs_substring", *arguments)


def _position(node: exp.Expr) -> exp.Expr:
    return call("rs_strpos", node.this, node.args["substr"])


def _concatenate(node: exp.Expr) -> exp.Expr:
    """DuckDB gives NULL no type."""
    if kinds.SUPER in (kind_of(node.this), kind_of(node.expression)):
        raise unsupported("|| on SUPER values without a cast")
    if kinds.VARBYTE in (kind_of(node.this), kind_of(node.expression)) or isinstance(node.parent, exp.DPipe):
        return node
    return cast(exp.Paren(this=node), kinds.VARCHAR)


def _strip_catalog(node: exp.Expr) -> exp.Expr:
    """`pg_catalog.format_type(…)` is `format_type(…)`."""
    if kind_of(node.this) == kinds.SUPER:
        return super_values.navigate_dot(node)
    if isinstance(node.this, (exp.Identifier, exp.Column)) and node.this.name == "pg_catalog":
        return node.expression
    return node


def _unbound(node: exp.Expr) -> exp.Expr:
    raise RedshiftError("42P02", f"there is no parameter {node.sql()}")


def _refuse(feature: str) -> Change:
    def refuse(_: exp.Expr) -> exp.Expr:
        raise unsupported(feature)

    return refuse


def _session_macro(name: str) -> Change:
    return lambda _: call(name)


def _list_aggregate(node: exp.Expr) -> exp.Expr:
    """LISTAGG with its default separator; with DISTINCT, sqlglot takes the separator for a second argument of it."""
    arguments = node.this.expressions if isinstance(node.this, exp.Distinct) else [node.this]
    separator = node.args.get("separator") or (arguments[1] if len(arguments) > 1 else exp.Literal.string(""))
    if isinstance(node.this, exp.Distinct):
        node.set("this", exp.Distinct(expressions=[arguments[0].copy()]))
    node.set("separator", separator.copy())
    return node


_REWRITES: dict[type[exp.Expr], Change] = {
    exp.Add: arithmetic.combine,
    exp.Sub: arithmetic.combine,
    exp.Mul: arithmetic.combine,
    exp.Div: arithmetic.divide,
    exp.Mod: arithmetic.modulo,
    exp.EQ: arithmetic.compare,
    exp.NEQ: arithmetic.compare,
    exp.LT: arithmetic.compare,
    exp.LTE: arithmetic.compare,
    exp.GT: arithmetic.compare,
    exp.GTE: arithmetic.compare,
    exp.Between: arithmetic.compare,
    exp.In: arithmetic.compare,
    exp.Cast: casts.rewrite_cast,
    exp.TryCast: _refuse("TRY_CAST"),
    exp.Like: _like,
    exp.ILike: _like,
    exp.SimilarTo: _similar,
    exp.Sum: aggregates.total,
    exp.Avg: aggregates.average,
    exp.GroupConcat: _list_aggregate,
    exp.Anonymous: function_calls.rewrite_call,
    exp.Extract: dates.extract,
    exp.Substring: _substring,
    exp.StrPosition: _position,
    exp.CurrentTimestamp: _session_macro("rs_sysdate"),
    exp.Dot: _strip_catalog,
    exp.CurrentUser: _session_macro("rs_current_user"),
    exp.SessionUser: _session_macro("rs_current_user"),
    exp.CurrentDatabase: _session_macro("rs_current_database"),
    exp.CurrentSchema: _session_macro("rs_current_schema"),
    exp.Placeholder: _unbound,
    exp.Pivot: _refuse("PIVOT"),
    exp.TableSample: _refuse("TABLESAMPLE"),
    exp.Bracket: super_values.navigate_bracket,
    exp.Column: super_values.navigate_column,
    exp.Is: super_values.is_null,
    exp.DPipe: _concatenate,
    exp.MatchRecognize: _refuse("MATCH_RECOGNIZE"),
}
