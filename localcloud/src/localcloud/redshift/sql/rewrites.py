"""Where Redshift's operators and functions mean something else than DuckDB's: rewritten on the tree, node by node."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from sqlglot import exp

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql import formats, types
from localcloud.redshift.sql.functions import DUCKDB_SAME, SAME_EXPRESSIONS, macro_names

_GENERATED = frozenset({"cast_to_type", "nullif", "any_value", "regexp_full_match", "strftime", "strptime"})


def call(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def rewrite(tree: exp.Expression) -> exp.Expression:
    """Apply every rewrite, innermost nodes first."""
    for node in list(tree.walk(bfs=False))[::-1]:
        change = _rewrite_of(type(node))
        if change:
            replacement = change(node)
            if replacement is not node:
                if node is tree:
                    tree = replacement
                else:
                    node.replace(replacement)
    return tree


@lru_cache(maxsize=1024)
def _rewrite_of(kind: type[exp.Expression]) -> Callable[[exp.Expression], exp.Expression] | None:
    found = next((_REWRITES[base] for base in kind.__mro__ if base in _REWRITES), None)
    if found is None and issubclass(kind, exp.Func) and kind not in SAME_EXPRESSIONS:
        return _refuse(f"the function {kind.sql_name().lower()}()")
    return found


def _divide(node: exp.Expression) -> exp.Expression:
    left, right = node.this, node.expression
    if left.find(exp.AggFunc, exp.Window) or right.find(exp.AggFunc, exp.Window):
        # DuckDB can't choose a macro's overload by the type of an aggregate; `integer_division` is set, so that only
        # the division of NUMERIC aggregates differs: it gives DOUBLE PRECISION.
        node.set("expression", call("rs_nonzero", right.copy()))
        return node
    return call("rs_div", left.copy(), right.copy(), left.copy(), right.copy())


def _modulo(node: exp.Expression) -> exp.Expression:
    return call("rs_mod", node.this.copy(), node.expression.copy())


def _cast(node: exp.Expression) -> exp.Expression:
    kind: exp.DataType = node.args["to"]
    if kind.this in (
        exp.DataType.Type.DECIMAL,
        exp.DataType.Type.VARCHAR,
        exp.DataType.Type.CHAR,
        exp.DataType.Type.NCHAR,
        exp.DataType.Type.NVARCHAR,
    ):
        column = types.of_declaration(kind)
        node.set("to", exp.DataType.build(column.duckdb, dialect="duckdb"))
        limit = types.byte_limit(column.name) if kind.expressions else None
        return call("rs_truncate", node.copy(), exp.Literal.number(limit)) if limit else node
    if kind.this == exp.DataType.Type.SUPER:
        raise unsupported("a cast to super")
    return node


def _like(node: exp.Expression) -> exp.Expression:
    if isinstance(node.parent, exp.Escape):
        return node
    return exp.Escape(this=node.copy(), expression=exp.Literal.string("\\"))


def _similar(node: exp.Expression) -> exp.Expression:
    pattern = node.expression
    if not isinstance(pattern, exp.Literal) or isinstance(node.parent, exp.Escape):
        raise unsupported("SIMILAR TO with ESCAPE or a pattern that is no literal")
    regex = "".join({"%": ".*", "_": ".", ".": "\\.", "^": "\\^", "$": "\\$"}.get(c, c) for c in pattern.name)
    return call("regexp_full_match", node.this.copy(), exp.Literal.string(regex))


def _sum(node: exp.Expression) -> exp.Expression:
    return _typed_aggregate(node, "rs_sum_type", lambda holder: holder)


def _avg(node: exp.Expression) -> exp.Expression:
    def mean(holder: exp.Expression) -> exp.Expression:
        total = _swap_aggregate(holder, lambda argument: exp.Sum(this=argument))
        count = _swap_aggregate(holder, lambda argument: exp.Count(this=argument))
        return exp.Div(this=total, expression=call("nullif", count, exp.Literal.number(0)))

    return _typed_aggregate(node, "rs_avg_type", mean)


def _typed_aggregate(
    node: exp.Expression, type_macro: str, value: Callable[[exp.Expression], exp.Expression]
) -> exp.Expression:
    """`cast_to_type(value, any_value(type_macro(x, x)))`, both with the aggregate's own FILTER and OVER.

    Arguments that hold aggregates themselves (sum(count(*)) over ()) keep DuckDB's type.
    """
    holder = node
    while isinstance(holder.parent, (exp.Window, exp.Filter)) and holder.parent.this is holder:
        holder = holder.parent
    if holder.meta.get("typed") or node.this.find(exp.AggFunc, exp.Window):
        return node
    plain = holder.copy()
    plain.meta["typed"] = True
    template = _swap_aggregate(holder, lambda x: call("any_value", call(type_macro, _argument(x), _argument(x))))
    replacement = call("cast_to_type", value(plain), template)
    if holder is node:
        return replacement
    holder.replace(replacement)
    return node


def _argument(node: exp.Expression) -> exp.Expression:
    return (node.expressions[0] if isinstance(node, exp.Distinct) else node).copy()


def _swap_aggregate(holder: exp.Expression, build: Callable[[exp.Expression], exp.Expression]) -> exp.Expression:
    """A copy of `holder` (an aggregate, perhaps inside FILTER and OVER) around another aggregate."""
    copy = holder.copy()
    inner = copy
    while isinstance(inner, (exp.Window, exp.Filter)):
        inner = inner.this
    replacement = build(inner.this.copy())
    if inner is copy:
        return replacement
    inner.replace(replacement)
    return copy


def _anonymous(node: exp.Expression) -> exp.Expression:
    name = str(node.this).lower()
    if name in ("to_char", "to_date", "to_timestamp"):
        return _formatted(node, name)
    if name == "trunc" and len(node.expressions) == 1:
        return call("rs_trunc_of", node.expressions[0].copy(), node.expressions[0].copy())
    if name in _GENERATED or name.startswith("rs_") or name in DUCKDB_SAME:
        return node
    if f"rs_{name}" in macro_names():
        node.set("this", f"rs_{name}")
        return node
    raise RedshiftError("42883", f"function {name}() does not exist or is not supported by the local cloud")


def _concat(node: exp.Expression) -> exp.Expression:
    first, *rest = node.expressions
    result: exp.Expression = first.copy()
    for part in rest:
        result = exp.DPipe(this=result, expression=part.copy())
    return exp.Paren(this=result)


def _formatted(node: exp.Expression, name: str) -> exp.Expression:
    """to_char, to_date and to_timestamp; a number can't be formatted: DuckDB's strftime refuses it."""
    if len(node.expressions) != 2 or not isinstance(node.expressions[1], exp.Literal):
        raise unsupported(f"{name} without a literal format")
    value, pattern = node.expressions[0], node.expressions[1].name
    if name == "to_char":
        return formats.to_char(value, pattern)
    moment = formats.parse_timestamp(value, pattern, name)
    return exp.Cast(this=moment, to=exp.DataType.build("DATE" if name == "to_date" else "TIMESTAMPTZ"))


def _strip_catalog(node: exp.Expression) -> exp.Expression:
    """`pg_catalog.format_type(…)` is `format_type(…)`."""
    if isinstance(node.this, (exp.Identifier, exp.Column)) and node.this.name == "pg_catalog":
        return node.expression
    return node


def _unbound(node: exp.Expression) -> exp.Expression:
    raise RedshiftError("42P02", f"there is no parameter {node.sql()}")


def _refuse(feature: str) -> Callable[[exp.Expression], exp.Expression]:
    def refuse(_: exp.Expression) -> exp.Expression:
        raise unsupported(feature)

    return refuse


def _session_macro(name: str) -> Callable[[exp.Expression], exp.Expression]:
    return lambda _: call(name)


_REWRITES: dict[type[exp.Expression], Callable[[exp.Expression], exp.Expression]] = {
    exp.Div: _divide,
    exp.Mod: _modulo,
    exp.Cast: _cast,
    exp.Like: _like,
    exp.ILike: _like,
    exp.SimilarTo: _similar,
    exp.Sum: _sum,
    exp.Avg: _avg,
    exp.Anonymous: _anonymous,
    exp.Concat: _concat,
    exp.CurrentTimestamp: _session_macro("rs_sysdate"),
    exp.Dot: _strip_catalog,
    exp.CurrentUser: _session_macro("rs_current_user"),
    exp.SessionUser: _session_macro("rs_current_user"),
    exp.CurrentDatabase: _session_macro("rs_current_database"),
    exp.CurrentSchema: _session_macro("rs_current_schema"),
    exp.CurrentVersion: _session_macro("rs_version"),
    exp.Placeholder: _unbound,
    exp.Pivot: _refuse("PIVOT"),
    exp.TableSample: _refuse("TABLESAMPLE"),
    exp.Bracket: _refuse("navigation into SUPER values"),
    exp.MatchRecognize: _refuse("MATCH_RECOGNIZE"),
    exp.ToNumber: _refuse("to_number"),
}
