"""What DuckDB would take and Trino does not: operators, operands of unlike types; and comparisons that differ."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from localcloud.athena.sql import nans
from localcloud.athena.sql.nodes import Rule, call, type_of
from localcloud.athena.sql.special_types import plain
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.types import parts

_FAMILIES = {
    "varchar": "text", "char": "text", "tinyint": "number", "smallint": "number", "integer": "number",
    "bigint": "number", "decimal": "number", "double": "number", "real": "number", "date": "moment",
    "timestamp": "moment", "timestamp with time zone": "moment",
}  # fmt: skip
_SIGNS: dict[type[exp.Expr], str] = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_NESTED = ("array", "map", "row")


def compare(node: exp.Expr) -> exp.Expr:
    """A comparison: its sides must be of one family, and NULL inside an array or a row makes equality unknown."""
    left, right = type_of(node.this), type_of(node.expression)
    if left in (None, "unknown") or right in (None, "unknown"):
        return node
    if family(str(left)) != family(str(right)):
        raise LakeError("TYPE_MISMATCH", f"line 1:1: Cannot apply operator: {left} {_SIGNS[type(node)]} {right}")
    if parts(str(left))[0] not in _NESTED or not isinstance(node, exp.EQ | exp.NEQ):
        return nans.compare(node)
    a, b = node.this.sql(dialect="duckdb"), node.expression.sql(dialect="duckdb")
    equal = exp.paren(exp.maybe_parse(_equal(a, b, str(left)), dialect="duckdb"))
    return exp.not_(equal) if isinstance(node, exp.NEQ) else equal


def family(trino: str) -> str:
    """The types that can be compared with one another share a family."""
    base = parts(plain(trino))[0]
    return _FAMILIES.get(base, base)


def _equal(a: str, b: str, kind: str) -> str:
    base, inner = parts(kind)
    if base == "map":
        return f"list_sort(map_entries({a})) = list_sort(map_entries({b}))"
    if base == "row":
        fields = range(1, len(inner) + 1)
        kinds = [field.partition(" ")[2] for field in inner]
        pairs = [(f"struct_extract_at({a}, {n})", f"struct_extract_at({b}, {n})") for n in fields]
        return " AND ".join(f"({_equal(x, y, k)})" for (x, y), k in zip(pairs, kinds, strict=True))
    if base == "array":
        if parts(inner[0])[0] in _NESTED:
            raise NotSupportedError("comparing arrays of arrays, maps or rows")
        return f"trino_array_equal({a}, {b})"
    return f"{a} = {b}"


def negate(node: exp.Expr) -> exp.Expr:
    """NOT takes a boolean only."""
    kind = type_of(node.this)
    if kind not in (None, "unknown", "boolean"):
        raise LakeError(
            "TYPE_MISMATCH", f"line 1:1: Value of logical NOT expression must evaluate to a boolean (actual: {kind})"
        )
    return node


def coalesce(node: exp.Expr) -> exp.Expr:
    """All operands must be of one family."""
    operands = map(type_of, node.expressions if isinstance(node, exp.Anonymous) else (node.this, *node.expressions))
    kinds = {family(str(kind)) for kind in operands if kind not in (None, "unknown")}
    if len(kinds) > 1:
        raise LakeError(
            "TYPE_MISMATCH", "line 1:1: All COALESCE operands must be the same type or coercible to a common type"
        )
    return node


def like(node: exp.Expr) -> exp.Expr:
    """LIKE with ESCAPE: the escape character stands before `%`, `_` or itself only."""
    pattern, escape = node.this.expression, node.expression
    if not isinstance(pattern, exp.Literal) or not isinstance(escape, exp.Literal):
        return node
    rest = pattern.this.replace(escape.this * 2, "")
    for piece in rest.split(escape.this)[1:]:
        if not piece.startswith(("%", "_")):
            raise LakeError(
                "INVALID_FUNCTION_ARGUMENT",
                "Escape character must be followed by '%', '_' or the escape character itself",
            )
    return node


def absent(what: str) -> Rule:
    """The rule of syntax that Trino has not."""

    def rule(node: exp.Expr) -> exp.Expr:
        raise LakeError("SYNTAX_ERROR", f"line 1:1: mismatched input {what!r}")

    return rule


def fetch(node: exp.Expr) -> exp.Expr:
    """FETCH FIRST: WITH TIES would need all rows that are equal to the last one."""
    options = node.args.get("limit_options")
    if options is not None and (options.args.get("with_ties") or options.args.get("percent")):
        raise NotSupportedError("FETCH FIRST … WITH TIES")
    return node


def ignore_nulls(node: exp.Expr) -> exp.Expr:
    """IGNORE NULLS of a window function, which DuckDB takes inside the call."""
    function = node.this
    if not isinstance(function, exp.Anonymous) or function.name.lower() not in _NULL_AWARE:
        raise NotSupportedError("IGNORE NULLS of this function")
    first, *others = function.expressions
    return _NULL_AWARE[function.name.lower()](first, others)


OfArguments = Callable[[exp.Expr, list[exp.Expr]], exp.Expr]
"""Builds a call of its first argument and the others."""


def _shifted(kind: type[exp.Expr]) -> OfArguments:
    def build(first: exp.Expr, others: list[exp.Expr]) -> exp.Expr:
        names = ("offset", "default")
        return exp.IgnoreNulls(
            this=kind(this=first.copy(), **{n: o.copy() for n, o in zip(names, others, strict=False)})
        )

    return build


def _picked(kind: type[exp.Expr]) -> OfArguments:
    def build(first: exp.Expr, others: list[exp.Expr]) -> exp.Expr:
        arguments = {"offset": others[0].copy()} if others else {}
        return exp.IgnoreNulls(this=kind(this=first.copy(), **arguments))

    return build


_NULL_AWARE = {
    "lag": _shifted(exp.Lag),
    "lead": _shifted(exp.Lead),
    "first_value": _picked(exp.FirstValue),
    "last_value": _picked(exp.LastValue),
    "nth_value": _picked(exp.NthValue),
}


def bytes_only(node: exp.Expr, emit: str) -> exp.Expr:
    """A function of varbinary; text must be encoded by to_utf8() first."""
    kind = type_of(node.expressions[0])
    if parts(kind or "")[0] in ("varchar", "char"):
        raise LakeError(
            "FUNCTION_NOT_FOUND", f"line 1:1: Unexpected parameters ({kind}) for function {node.name.lower()}"
        )
    return call(emit, *node.expressions)


def text_document(node: exp.Expr, emit: str) -> exp.Expr:
    """A function of SQL/JSON, which reads text and not the type JSON."""
    if type_of(node.expressions[0]) == "json":
        raise LakeError("TYPE_MISMATCH", "line 1:1: Cannot read input of type json as JSON using formatting JSON")
    return call(emit, *node.expressions)


RULES: dict[type[exp.Expr], Rule] = {
    **dict.fromkeys(_SIGNS, compare),
    exp.Between: nans.between,
    exp.In: nans.one_of,
    exp.Not: negate,
    exp.Coalesce: coalesce,
    exp.Escape: like,
    exp.ILike: absent("ILIKE"),
    exp.SimilarTo: absent("SIMILAR"),
    exp.BitwiseAnd: absent("&"),
    exp.BitwiseOr: absent("|"),
    exp.BitwiseXor: absent("^"),
    exp.BitwiseNot: absent("~"),
    exp.Struct: absent("{"),
    exp.Fetch: fetch,
    exp.IgnoreNulls: ignore_nulls,
}
