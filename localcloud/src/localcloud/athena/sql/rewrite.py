"""A typed Trino query as a DuckDB query: each node whose meaning differs is replaced."""

from __future__ import annotations

import re
from functools import partial

from sqlglot import exp

from localcloud.athena.sql import arithmetic, containers, literals, special_types, strict, texts, times
from localcloud.athena.sql.casts import cast
from localcloud.athena.sql.functions import FUNCTIONS
from localcloud.athena.sql.json_order import UNSORTED
from localcloud.athena.sql.nodes import TYPE, Rule, call, duckdb_type, type_of
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.types import parts


def rewrite(query: exp.Expr) -> exp.Expr:
    """Rewrite a query in place, innermost expressions first, and return it."""
    nodes = list(query.walk(bfs=False))
    for node in reversed(nodes):
        special_types.require_known_use(node)
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


def _require_known(node: exp.Expr) -> None:
    if isinstance(node, exp.Func) and not isinstance(node, _PLAIN):
        raise NotSupportedError(f"the function {node.sql_name().lower()}")


def _function(node: exp.Expr) -> exp.Expr:
    name = node.name.lower()
    function = FUNCTIONS.get(name)
    if function is None:
        raise LakeError(
            "FUNCTION_NOT_FOUND", f"line 1:1: Function '{name}' not registered or not supported by the local cloud"
        )
    _pad_chars(node)
    special = _SPECIAL.get(name)
    if special:
        return special(node)
    node.set("this", function.emit)
    return node


def _pad_chars(node: exp.Expr) -> None:
    """char(n) is kept without its padding, so that it compares as in Trino; functions see it with its padding."""
    if node.name.lower() not in _PADDING_KEPT_AWAY:
        for argument in list(node.expressions):
            base, length = parts(type_of(argument) or "")
            if base == "char":
                argument.replace(call("rpad", argument, exp.Literal.number(length[0]), exp.Literal.string(" ")))


def _typeof(node: exp.Expr) -> exp.Expr:
    kind = type_of(node.expressions[0])
    if kind is None:
        raise NotSupportedError("typeof() of an expression whose type is not known")
    if "varchar" in kind and not isinstance(node.expressions[0], exp.Cast | exp.TryCast | exp.Column):
        raise NotSupportedError("typeof() of text, whose length is not followed through expressions")
    return exp.Literal.string(re.sub(r"\bfield\d+ ", "", kind))


def _approx_distinct(node: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="count", expressions=[exp.Distinct(expressions=[node.expressions[0].copy()])])


def _json_path(node: exp.Expr) -> exp.Expr:
    path = node.expressions[1]
    if not isinstance(path, exp.Literal) or not path.is_string:
        raise NotSupportedError("a JSON path that is no literal")
    text = path.this
    if "*" in text or ".." in text or "?" in text or "[-" in text or not text.startswith("$"):
        raise NotSupportedError(f"the JSON path {text!r}")
    # Trino writes $["a b"], DuckDB $."a b".
    for quote in ('"', "'"):
        text = text.replace(f"[{quote}", '."').replace(f"{quote}]", '"')
    path.set("this", text)
    return _json_function(node)


def _json_function(node: exp.Expr) -> exp.Expr:
    """Functions of JSON take text as well, and give NULL where it is no JSON."""
    document = node.expressions[0]
    if type_of(document) != "json":
        document.replace(call("trino_json_or_null", document))
    node.set("this", FUNCTIONS[node.name.lower()].emit)
    return node


def _ordered(node: exp.Expr) -> exp.Expr:
    # Trino puts NULL last, ascending and descending, unless told otherwise.
    if node.args.get("nulls_first") is None:
        node.set("nulls_first", False)
    return node


def _now(node: exp.Expr) -> exp.Expr:
    return call("trino_now")


def _local_now(node: exp.Expr) -> exp.Expr:
    return exp.Cast(this=call("trino_now"), to=duckdb_type("timestamp(3)"))


def _hex(node: exp.Expr) -> exp.Expr:
    return call("unhex", exp.Literal.string(node.name))


def _json(node: exp.Expr) -> exp.Expr:
    return call("trino_json_parse", node.this)


def _json_parse(node: exp.Expr) -> exp.Expr:
    return call("trino_json_parse_unsorted" if UNSORTED in node.meta else "trino_json_parse", *node.expressions)


def _try(node: exp.Expr) -> exp.Expr:
    """DuckDB's TRY computes row by row once one of its thousands of rows fails, which takes minutes for documents."""
    tried = node.expressions[0]
    if tried.name.startswith("trino_json_parse") and isinstance(tried.expressions[0], exp.Column | exp.Identifier):
        return call(f"{tried.name}_or_null", tried.expressions[0])
    return node


def _at_zone(node: exp.Expr) -> exp.Expr:
    value, zone = (node.this, node.args["zone"]) if isinstance(node, exp.AtTimeZone) else node.expressions
    if "zone" not in (type_of(value) or ""):
        value = exp.Cast(this=value.copy(), to=duckdb_type("timestamp(3) with time zone"))
    return value if isinstance(zone, exp.Literal) else call("trino_at_timezone", value, zone)


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
    **dict.fromkeys(
        ("regexp_like", "regexp_extract", "regexp_extract_all", "regexp_replace", "regexp_split", "regexp_count"),
        texts.regexp,
    ),
    **{
        name: partial(strict.bytes_only, emit=FUNCTIONS[name].emit)
        for name in ("md5", "sha1", "sha256", "sha512", "crc32", "to_hex", "to_base64", "from_utf8")
    },
    **{
        name: partial(strict.text_document, emit=FUNCTIONS[name].emit)
        for name in ("json_exists", "json_value", "json_query")
    },
    **dict.fromkeys(("substr", "substring"), texts.part_of_text),
    "max_by": containers.without_count,
    "min_by": containers.without_count,
    "max": containers.without_count,
    "min": containers.without_count,
    "truncate": arithmetic.whole,
    "arrays_overlap": containers.by_name("trino_arrays_overlap"),
    "sequence": containers.sequence,
    "nullif": containers.nullif,
    "map_concat": containers.map_concat,
    "map_filter": containers.map_filter,
    "transform_values": containers.transform_values,
    "at_timezone": _at_zone,
    "coalesce": strict.coalesce,
    "row": containers.row,
    "typeof": _typeof,
    "try": _try,
    "approx_distinct": _approx_distinct,
    "map_agg": containers.map_agg,
    "json_parse": _json_parse,
    "json_extract": _json_path,
    "json_extract_scalar": _json_path,
    "json_size": _json_path,
    "json_array_length": _json_function,
    **times.SPECIAL,
}

_RULES: dict[type[exp.Expr], Rule] = {
    exp.Anonymous: _function,
    exp.Literal: literals.number,
    exp.Neg: literals.negative,
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
    exp.Trim: texts.trim,
    exp.Substring: texts.substring,
    exp.Extract: times.extract,
    exp.Unnest: containers.unnest,
    **strict.RULES,
}

_PADDING_KEPT_AWAY = (
    "count", "min", "max", "min_by", "max_by", "any_value", "arbitrary", "coalesce", "nullif", "try", "approx_distinct",
    "first_value", "last_value", "nth_value", "lag", "lead", "array_agg", "typeof", "row",
)  # fmt: skip
"""Functions that hand a char(n) on as it is."""

_PLAIN = (
    exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue,
    exp.And, exp.Or, exp.Case, exp.If, exp.Coalesce, exp.Array, exp.Exists, exp.CurrentDate, exp.StrPosition,
    exp.GroupConcat, exp.Cast, exp.TryCast, exp.Anonymous, exp.Unnest, exp.Like, exp.Xor, exp.Struct,
)  # fmt: skip
"""Functions with a node of their own that mean the same in DuckDB."""
