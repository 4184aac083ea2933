"""A typed Trino query as a DuckDB query: each node whose meaning differs is replaced."""

from __future__ import annotations

from sqlglot import exp

from localcloud.athena.sql import arithmetic, containers, times
from localcloud.athena.sql.casts import cast
from localcloud.athena.sql.functions import FUNCTIONS
from localcloud.athena.sql.inference import TYPE, type_of
from localcloud.athena.sql.nodes import Rule, call, duckdb_type
from localcloud.lake.errors import LakeError, NotSupportedError


def rewrite(query: exp.Expression) -> exp.Expression:
    """Rewrite a query in place, innermost expressions first, and return it."""
    nodes = list(query.walk(bfs=False))
    for node in reversed(nodes):
        rule = _RULES.get(type(node))
        if rule is None:
            _require_known(node)
            continue
        new = rule(node)
        if new is not node:
            new.meta[TYPE] = node.meta.get(TYPE)
            if node is query:
                query = new
            else:
                node.replace(new)
    return query


def _require_known(node: exp.Expression) -> None:
    if isinstance(node, exp.Func) and not isinstance(node, _PLAIN):
        raise NotSupportedError(f"the function {node.sql_name().lower()}")


def _function(node: exp.Expression) -> exp.Expression:
    name = node.name.lower()
    function = FUNCTIONS.get(name)
    if function is None:
        raise LakeError(
            "FUNCTION_NOT_FOUND", f"line 1:1: Function '{name}' not registered or not supported by the local cloud"
        )
    special = _SPECIAL.get(name)
    if special:
        return special(node)
    node.set("this", function.emit)
    return node


def _regexp_replace(node: exp.Expression) -> exp.Expression:
    if len(node.expressions) > 2:
        replacement = node.expressions[2]
        if isinstance(replacement, exp.Lambda):
            raise NotSupportedError("regexp_replace with a function")
        if isinstance(replacement, exp.Literal):
            # Java writes a group as $1, RE2 as \1.
            text = replacement.this.replace("\\$", "\0")
            for digit in "0123456789":
                text = text.replace(f"${digit}", f"\\{digit}")
            if "$" in text:
                raise NotSupportedError(f"the replacement {replacement.this!r}")
            replacement.set("this", text.replace("\0", "$"))
    node.set("this", "trino_regexp_replace")
    return node


def _typeof(node: exp.Expression) -> exp.Expression:
    kind = type_of(node.expressions[0])
    if kind is None:
        raise NotSupportedError("typeof() of an expression whose type is not known")
    return exp.Literal.string(kind)


def _approx_distinct(node: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this="count", expressions=[exp.Distinct(expressions=[node.expressions[0].copy()])])


def _json_path(node: exp.Expression) -> exp.Expression:
    path = node.expressions[1]
    if not isinstance(path, exp.Literal) or not path.is_string:
        raise NotSupportedError("a JSON path that is no literal")
    text = path.this
    if "*" in text or ".." in text or "?" in text or not text.startswith("$"):
        raise NotSupportedError(f"the JSON path {text!r}")
    # Trino writes $["a b"], DuckDB $."a b".
    for quote in ('"', "'"):
        text = text.replace(f"[{quote}", '."').replace(f"{quote}]", '"')
    path.set("this", text)
    return _json_function(node)


def _json_function(node: exp.Expression) -> exp.Expression:
    """Functions of JSON take text as well, and give NULL where it is no JSON."""
    document = node.expressions[0]
    if type_of(document) != "json":
        document.replace(call("trino_json_or_null", document))
    node.set("this", FUNCTIONS[node.name.lower()].emit)
    return node


def _ordered(node: exp.Expression) -> exp.Expression:
    # Trino puts NULL last, ascending and descending, unless told otherwise.
    if node.args.get("nulls_first") is None:
        node.set("nulls_first", False)
    return node


def _now(node: exp.Expression) -> exp.Expression:
    return call("trino_now")


def _local_now(node: exp.Expression) -> exp.Expression:
    return exp.Cast(this=call("trino_now"), to=duckdb_type("timestamp(3)"))


def _hex(node: exp.Expression) -> exp.Expression:
    return call("unhex", exp.Literal.string(node.name))


def _json(node: exp.Expression) -> exp.Expression:
    return call("trino_json_parse", node.this)


def _at_zone(node: exp.Expression) -> exp.Expression:
    kind = type_of(node.this) or ""
    value = (
        node.this if "zone" in kind else exp.Cast(this=node.this.copy(), to=duckdb_type("timestamp(3) with time zone"))
    )
    return call("trino_at_timezone", value, node.args["zone"])


def _trim(node: exp.Expression) -> exp.Expression:
    if node.expression is None and not node.args.get("position"):
        return call("trino_ltrim", call("trino_rtrim", node.this))
    return node


def _substring(node: exp.Expression) -> exp.Expression:
    arguments = [node.this, node.args["start"], *([node.args["length"]] if node.args.get("length") else [])]
    return call("trino_substr", *arguments)


_SPECIAL: dict[str, Rule] = {
    "concat": containers.concat,
    "greatest": arithmetic.extreme,
    "least": arithmetic.extreme,
    "avg": arithmetic.average,
    "sum": arithmetic.summed,
    "ceil": arithmetic.whole,
    "ceiling": arithmetic.whole,
    "floor": arithmetic.whole,
    "round": arithmetic.whole,
    "reverse": containers.by_container("list_reverse", "reverse"),
    "cardinality": containers.cardinality,
    "reduce": containers.reduce,
    "any_match": containers.any_match,
    "all_match": containers.any_match,
    "none_match": containers.any_match,
    "element_at": containers.element_at,
    "regexp_replace": _regexp_replace,
    "row": containers.row,
    "typeof": _typeof,
    "approx_distinct": _approx_distinct,
    "map_agg": containers.map_agg,
    "json_extract": _json_path,
    "json_extract_scalar": _json_path,
    "json_size": _json_path,
    "json_array_length": _json_function,
    "is_json_scalar": _json_function,
    **times.SPECIAL,
}

_RULES: dict[type[exp.Expression], Rule] = {
    exp.Anonymous: _function,
    exp.Cast: cast,
    exp.TryCast: cast,
    exp.Div: arithmetic.divide,
    exp.Mod: arithmetic.modulo,
    exp.Add: arithmetic.add,
    exp.Sub: arithmetic.add,
    exp.DPipe: containers.pipe,
    exp.Bracket: containers.subscript,
    exp.Window: arithmetic.summed,
    exp.Filter: arithmetic.summed,
    exp.Ordered: _ordered,
    exp.CurrentTimestamp: _now,
    exp.Localtimestamp: _local_now,
    exp.HexString: _hex,
    exp.ParseJSON: _json,
    exp.AtTimeZone: _at_zone,
    exp.Trim: _trim,
    exp.Substring: _substring,
    exp.Extract: times.extract,
    exp.Unnest: containers.unnest,
}

_PLAIN = (
    exp.And, exp.Or, exp.Case, exp.If, exp.Coalesce, exp.Array, exp.Exists, exp.CurrentDate, exp.StrPosition,
    exp.GroupConcat, exp.Cast, exp.TryCast, exp.Anonymous, exp.Unnest, exp.Like, exp.Xor, exp.Struct,
)  # fmt: skip
"""Functions with a node of their own that mean the same in DuckDB."""
