"""The Redshift type of one expression, from the types of what is directly below it (see inference.py)."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql import kinds, types
from localcloud.redshift.sql.functions import FUNCTIONS, TAKE_SUPER
from localcloud.redshift.sql.kinds import Kind
from localcloud.redshift.sql.nodes import BUILT

KIND = "kind"
"""Key of `meta`: an expression's type."""

_BOOLEAN = (
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In, exp.Is, exp.Like,
    exp.ILike, exp.Escape, exp.SimilarTo, exp.Exists, exp.Boolean, exp.RegexpLike, exp.RegexpILike, exp.NullSafeEQ,
    exp.NullSafeNEQ,
)  # fmt: skip
_SAME_AS_INNER = (
    exp.Paren, exp.Alias, exp.Neg, exp.Filter, exp.Window, exp.IgnoreNulls, exp.RespectNulls, exp.Order, exp.Ordered,
    exp.Min, exp.Max, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue, exp.Nullif,
)  # fmt: skip


_TEXTS = (exp.DataType.Type.VARCHAR, exp.DataType.Type.NVARCHAR, exp.DataType.Type.TEXT)


def kind_of(node: exp.Expr | None) -> Kind:
    """The type that was found for a node."""
    return node.meta.get(KIND) if node is not None else None


def kind(node: exp.Expr) -> Kind:
    """The type of anything but a column or a query."""
    found = _FIXED.get(type(node))
    if found is not None:
        return found
    compute = _COMPUTED.get(type(node))
    return compute(node) if compute is not None else None


def _arithmetic(operator: str) -> Callable[[exp.Expr], Kind]:
    return lambda node: kinds.arithmetic(operator, kind_of(node.this), kind_of(node.expression))


def _inner(node: exp.Expr) -> Kind:
    return kind_of(node.this)


def _navigated(node: exp.Expr) -> Kind:
    return kinds.SUPER if kind_of(node.this) == kinds.SUPER else kind_of(node.expression)


def _cast(node: exp.Expr) -> Kind:
    to: exp.DataType = node.args["to"]
    if to.this in _TEXTS and not to.expressions and isinstance(node.this, exp.Literal) and node.this.is_string:
        # A text without a length is as long as the literal is.
        return f"character varying({max(len(node.this.name.encode()), 1)})"
    return kinds.INTERVAL if to.this == exp.DataType.Type.INTERVAL else types.of_declaration(to).name


def _of_all(node: exp.Expr) -> Kind:
    return kinds.common([kind_of(node.this), *map(kind_of, node.expressions)])


def _of_branches(node: exp.Expr) -> Kind:
    return kinds.common(map(kind_of, _branches(node)))


def _aggregated(node: exp.Expr) -> Kind:
    argument = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    return kind_of(argument)


def _branches(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Case):
        default = node.args.get("default")
        return [branch.args["true"] for branch in node.args["ifs"]] + ([default] if default is not None else [])
    if isinstance(node, exp.Nvl2):
        return [node.args["true"], node.args["false"]]
    results = node.expressions[1:]
    return [*results[1::2], *([results[-1]] if len(results) % 2 else [])]


def _call(node: exp.Expr) -> Kind:
    name = str(node.this).lower()
    function = FUNCTIONS.get(name)
    if function is None or node.meta.get(BUILT):
        return None
    if kinds.SUPER in map(kind_of, node.expressions) and name not in TAKE_SUPER:
        raise unsupported(f"{name} of a SUPER value without a cast")
    if not function.arity[0] <= len(node.expressions) <= function.arity[1]:
        given = ", ".join(kind_of(argument) or kinds.UNKNOWN for argument in node.expressions)
        raise RedshiftError("42883", f"function {name}({given}) does not exist")
    return function.returns([kind_of(argument) for argument in node.expressions])


def _literal(node: exp.Expr) -> Kind:
    if node.is_string:
        return kinds.UNKNOWN
    whole, _, fraction = node.this.partition(".")
    if "e" in node.this.lower():
        return kinds.DOUBLE
    if "." in node.this:
        return kinds.numeric(max(len(whole.lstrip("0")) + len(fraction), 1), len(fraction))
    number = int(whole)
    if number < 2**31:
        return kinds.INTEGER
    return kinds.BIGINT if number < 2**63 else kinds.numeric(len(whole), 0)


_FIXED: dict[type[exp.Expr], str] = {
    **dict.fromkeys(_BOOLEAN, kinds.BOOLEAN),
    exp.Null: kinds.UNKNOWN,
    exp.DPipe: kinds.VARCHAR,
    exp.Count: kinds.BIGINT,
    exp.ApproxDistinct: kinds.BIGINT,
    exp.GroupConcat: kinds.VARCHAR,
    exp.CurrentDate: kinds.DATE,
    exp.CurrentTimestamp: kinds.TIMESTAMP,
    exp.Extract: kinds.INTEGER,
    exp.Interval: kinds.INTERVAL,
    exp.Substring: kinds.VARCHAR,
    exp.Trim: kinds.VARCHAR,
    exp.StrPosition: kinds.INTEGER,
    exp.CurrentUser: "name",
    exp.SessionUser: "name",
    exp.BitwiseAnd: kinds.BIGINT,
}
_COMPUTED: dict[type[exp.Expr], Callable[[exp.Expr], Kind]] = {
    **dict.fromkeys(_SAME_AS_INNER, _inner),
    exp.Add: _arithmetic("+"),
    exp.Sub: _arithmetic("-"),
    exp.Mul: _arithmetic("*"),
    exp.Div: _arithmetic("/"),
    exp.Mod: _arithmetic("%"),
    exp.Bracket: _navigated,
    exp.Dot: _navigated,
    exp.Anonymous: _call,
    exp.Literal: _literal,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Coalesce: _of_all,
    exp.Greatest: _of_all,
    exp.Least: _of_all,
    exp.Case: _of_branches,
    exp.DecodeCase: _of_branches,
    exp.Nvl2: _of_branches,
    exp.Sum: lambda node: kinds.total(_aggregated(node)),
    exp.Avg: lambda node: kinds.average(_aggregated(node)),
}
