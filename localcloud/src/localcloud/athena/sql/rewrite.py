"""A typed Trino query as a DuckDB query: each node whose meaning differs is replaced."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from localcloud.athena.sql import times, types
from localcloud.athena.sql.casts import cast
from localcloud.athena.sql.functions import FUNCTIONS, UNSUPPORTED
from localcloud.athena.sql.inference import TYPE, type_of
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.types import parts, to_duckdb

Rule = Callable[[exp.Expression], exp.Expression]


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


def call(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    """A call of a DuckDB function or macro."""
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def duckdb_type(trino: str) -> exp.DataType:
    """A Trino type as a DuckDB type node."""
    return exp.DataType.build(to_duckdb(trino), dialect="duckdb")


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
    if function.emit == UNSUPPORTED:
        raise NotSupportedError(f"the function {name}")
    special = _SPECIAL.get(name)
    if special:
        return special(node)
    node.set("this", function.emit)
    return node


def _concat(node: exp.Expression) -> exp.Expression:
    result = node.expressions[0]
    for other in node.expressions[1:]:
        result = _pipe(exp.DPipe(this=result, expression=other))
    return result


def _pipe(node: exp.Expression) -> exp.Expression:
    left, right = type_of(node.this), type_of(node.expression)
    if left and right and (left.startswith("array") != right.startswith("array")):
        if left.startswith("array"):
            return call("list_append", node.this, node.expression)
        return call("list_prepend", node.this, node.expression)
    return exp.Paren(this=exp.DPipe(this=node.this.copy(), expression=node.expression.copy()))


def _extreme(node: exp.Expression) -> exp.Expression:
    nulls = exp.or_(*[exp.Is(this=item.copy(), expression=exp.Null()) for item in node.expressions])
    return exp.Case(ifs=[exp.If(this=nulls, true=exp.Null())], default=call(node.name.lower(), *node.expressions))


_WRAPPERS = (exp.Window, exp.Filter, exp.IgnoreNulls, exp.RespectNulls)


def _summed(node: exp.Expression) -> exp.Expression:
    """Cast a sum of integers to bigint: DuckDB sums to 128 bits, Trino to bigint, and fails beyond it.

    The cast stands outside the aggregate's FILTER and OVER.
    """
    core = node
    while isinstance(core, _WRAPPERS):
        core = core.this
    wrapped = isinstance(node.parent, _WRAPPERS) and node.arg_key == "this"
    if wrapped or not isinstance(core, exp.Anonymous) or core.name.lower() != "sum":
        return node
    if type_of(core) is None:
        raise NotSupportedError("sum() of an expression whose type is not known")
    return exp.Cast(this=node.copy(), to=duckdb_type("bigint")) if type_of(core) == "bigint" else node


def _average(node: exp.Expression) -> exp.Expression:
    kind = type_of(node)
    if kind is None or not types.is_decimal(kind):
        return node
    if isinstance(node.parent, _WRAPPERS) or isinstance(node.expressions[0], exp.Distinct):
        raise NotSupportedError("avg() of a decimal with OVER, FILTER or DISTINCT (cast it to double)")
    precision, scale = types.precision_scale(kind)
    value = node.expressions[0].sql(dialect="duckdb")
    total = f"sum(CAST(({value}) * CAST({10**scale} AS DECIMAL({scale + 1},0)) AS HUGEINT))"
    down = _down(scale)
    return exp.maybe_parse(
        f"CAST(CAST(trino_average(CAST({total} AS HUGEINT), count({value})) AS DECIMAL({37 - scale},0)) * {down}"
        f" AS DECIMAL({precision},{scale}))",
        dialect="duckdb",
    )


def _down(scale: int) -> str:
    """10 to the power of -scale as an exact decimal."""
    return f"CAST('{'1' if scale == 0 else '0.' + '0' * (scale - 1) + '1'}' AS DECIMAL({scale + 1},{scale}))"


def _any_match(node: exp.Expression) -> exp.Expression:
    array, condition = node.expressions
    return call(f"trino_{node.name.lower()}", call("list_transform", array, condition))


def _element_at(node: exp.Expression) -> exp.Expression:
    container, key = node.expressions
    kind = type_of(container) or ""
    if kind.startswith("map"):
        return call("map_extract_value", container, key)
    return call("list_extract", container, key)


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


def _row(node: exp.Expression) -> exp.Expression:
    fields = ", ".join(f"'field{index}': {item.sql(dialect='duckdb')}" for index, item in enumerate(node.expressions))
    return exp.maybe_parse(f"{{{fields}}}", dialect="duckdb")


def _typeof(node: exp.Expression) -> exp.Expression:
    kind = type_of(node.expressions[0])
    if kind is None:
        raise NotSupportedError("typeof() of an expression whose type is not known")
    return exp.Literal.string(kind)


def _whole(node: exp.Expression) -> exp.Expression:
    """floor, ceil and round leave an integer as it is; DuckDB would make a double of it."""
    value = node.expressions[0]
    if types.is_integer(type_of(value)):
        if len(node.expressions) > 1:
            raise NotSupportedError(f"{node.name.lower()}() of an integer to a number of digits")
        return value.copy()
    node.set("this", FUNCTIONS[node.name.lower()].emit)
    return node


def _by_container(array: str, other: str) -> Rule:
    """A function that DuckDB has under one name for arrays and another for what else Trino takes."""

    def rule(node: exp.Expression) -> exp.Expression:
        kind = type_of(node.expressions[0]) or ""
        return call(array if kind.startswith("array") else other, *node.expressions)

    return rule


def _cardinality(node: exp.Expression) -> exp.Expression:
    kind = type_of(node.expressions[0]) or ""
    size = call("cardinality" if kind.startswith("map") else "len", *node.expressions)
    return exp.Cast(this=size, to=duckdb_type("bigint"))


def _reduce(node: exp.Expression) -> exp.Expression:
    array, start, step, output = node.expressions
    reduced = call("list_reduce", array, step, start)
    return call("list_extract", call("list_transform", call("list_value", reduced), output), exp.Literal.number(1))


def _approx_distinct(node: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this="count", expressions=[exp.Distinct(expressions=[node.expressions[0].copy()])])


def _map_agg(node: exp.Expression) -> exp.Expression:
    key, value = node.expressions
    return call("map", call("list", key), call("list", value))


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
    node.set("this", FUNCTIONS[node.name.lower()].emit)
    return node


def _divide(node: exp.Expression) -> exp.Expression:
    left, right = type_of(node.this), type_of(node.expression)
    if types.is_integer(left) and types.is_integer(right):
        kind = types.arithmetic(exp.Div, left, right) or "bigint"
        if isinstance(node.expression, exp.Literal) and node.expression.this != "0":
            divided: exp.Expression = exp.Paren(
                this=exp.IntDiv(this=node.this.copy(), expression=node.expression.copy())
            )
        else:
            divided = call("trino_int_div", node.this, node.expression)
        return exp.Cast(this=divided, to=duckdb_type(kind))
    if "double" in (left, right) or "real" in (left, right):
        both = [exp.Cast(this=side.copy(), to=duckdb_type("double")) for side in (node.this, node.expression)]
        return exp.Paren(this=exp.Div(this=both[0], expression=both[1]))
    kind = types.arithmetic(exp.Div, left, right)
    if kind and types.is_decimal(kind) and left and right:
        return _divide_decimals(node, left, right, kind)
    raise NotSupportedError(f"dividing {left or 'a value of unknown type'} by {right or 'a value of unknown type'}")


def _divide_decimals(node: exp.Expression, left: str, right: str, kind: str) -> exp.Expression:
    """Exact division by whole numbers: both sides scaled up, rounded half away from zero, scaled down."""
    (_, s1), (_, s2) = types.precision_scale(left), types.precision_scale(right)
    precision, scale = types.precision_scale(kind)
    a, b = node.this.sql(dialect="duckdb"), node.expression.sql(dialect="duckdb")
    up = 10 ** (scale - s1 + s2)
    numerator = f"(CAST(({a}) * CAST({10**s1} AS DECIMAL({s1 + 1},0)) AS HUGEINT) * CAST({up} AS HUGEINT))"
    denominator = f"CAST(({b}) * CAST({10**s2} AS DECIMAL({s2 + 1},0)) AS HUGEINT)"
    down = _down(scale)
    return exp.maybe_parse(
        f"CAST(CAST(trino_div_half_up({numerator}, {denominator}) AS DECIMAL({37 - scale},0)) * {down}"
        f" AS DECIMAL({precision},{scale}))",
        dialect="duckdb",
    )


def _modulo(node: exp.Expression) -> exp.Expression:
    return call("trino_mod", node.this, node.expression)


def _add(node: exp.Expression) -> exp.Expression:
    # DuckDB makes a timestamp of date + interval; Trino keeps the date.
    if type_of(node) == "date":
        return exp.Cast(this=exp.Paren(this=node.copy()), to=duckdb_type("date"))
    return node


def _subscript(node: exp.Expression) -> exp.Expression:
    kind = type_of(node.this) or ""
    base = parts(kind)[0]
    if base == "row":
        raise NotSupportedError("a subscript of a row")
    index = node.expressions[0]
    if base == "map":
        return call("trino_map_value", node.this, index)
    return call("trino_array_value", node.this, index)


def _window(node: exp.Expression) -> exp.Expression:
    """Number the lines of an object in their order: Trino reads a text object from start to end."""
    partition = node.args.get("partition_by") or []
    paths = [column for column in partition if isinstance(column, exp.Column) and column.name == "$path"]
    if paths and node.args.get("order") is None:
        line = exp.Column(this=exp.Identifier(this="$line", quoted=True), table=paths[0].args.get("table"))
        node.set("order", exp.Order(expressions=[exp.Ordered(this=line, nulls_first=False)]))
    return _summed(node)


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


def _unnest(node: exp.Expression) -> exp.Expression:
    """UNNEST as a lateral subquery: rows spread into their fields, maps into key and value, with an ordinality."""
    alias = node.args.get("alias")
    names = [column.name for column in alias.columns] if alias else []
    items, outputs, lengths = [], [], []
    for index, argument in enumerate(node.expressions):
        base, inner = parts(type_of(argument) or "")
        sql, element = argument.sql(dialect="duckdb"), f"_e{index}"
        if base == "map":
            items += [f"UNNEST(map_keys({sql})) AS {element}", f"UNNEST(map_values({sql})) AS {element}v"]
            outputs += [element, f"{element}v"]
        elif base == "array":
            items.append(f"UNNEST({sql}) AS {element}")
            fields = parts(inner[0])[1] if parts(inner[0])[0] == "row" else []
            outputs += [f"struct_extract_at({element}, {n + 1})" for n in range(len(fields))] or [element]
        else:
            raise NotSupportedError(f"UNNEST of {base or 'an expression whose type is not known'}")
        lengths.append(f"len({sql})")
    offset = node.args.get("offset")
    if offset:
        items.append(f"UNNEST(generate_series(1, greatest({', '.join(lengths)}))) AS _n")
        outputs.append("_n")
        if isinstance(offset, exp.Identifier):
            names = [name for name in names if name != offset.name] + [offset.name]
    names = names or [f"_col{index}" for index in range(len(outputs))]
    if len(names) != len(outputs):
        raise LakeError(
            "MISMATCHED_COLUMN_ALIASES",
            f"line 1:1: Column alias list has {len(names)} entries but relation has {len(outputs)} columns",
        )
    selected = ", ".join(f'{output} AS "{name}"' for output, name in zip(outputs, names, strict=True))
    query = exp.maybe_parse(f"SELECT {selected} FROM (SELECT {', '.join(items)})", dialect="duckdb")  # noqa: S608
    return exp.Subquery(this=query, alias=exp.TableAlias(this=alias.this.copy()) if alias else None)


_SPECIAL: dict[str, Rule] = {
    "concat": _concat,
    "greatest": _extreme,
    "least": _extreme,
    "avg": _average,
    "sum": _summed,
    "ceil": _whole,
    "ceiling": _whole,
    "floor": _whole,
    "round": _whole,
    "reverse": _by_container("list_reverse", "reverse"),
    "cardinality": _cardinality,
    "reduce": _reduce,
    "any_match": _any_match,
    "all_match": _any_match,
    "none_match": _any_match,
    "element_at": _element_at,
    "regexp_replace": _regexp_replace,
    "row": _row,
    "typeof": _typeof,
    "approx_distinct": _approx_distinct,
    "map_agg": _map_agg,
    "json_extract": _json_path,
    "json_extract_scalar": _json_path,
    "json_size": _json_path,
    **times.SPECIAL,
}

_RULES: dict[type[exp.Expression], Rule] = {
    exp.Anonymous: _function,
    exp.Cast: cast,
    exp.TryCast: cast,
    exp.Div: _divide,
    exp.Mod: _modulo,
    exp.Add: _add,
    exp.Sub: _add,
    exp.DPipe: _pipe,
    exp.Bracket: _subscript,
    exp.Window: _window,
    exp.Filter: _summed,
    exp.Ordered: _ordered,
    exp.CurrentTimestamp: _now,
    exp.Localtimestamp: _local_now,
    exp.HexString: _hex,
    exp.ParseJSON: _json,
    exp.AtTimeZone: _at_zone,
    exp.Trim: _trim,
    exp.Substring: _substring,
    exp.Extract: times.extract,
    exp.Unnest: _unnest,
}

_PLAIN = (
    exp.And, exp.Or, exp.Case, exp.If, exp.Coalesce, exp.Array, exp.Exists, exp.CurrentDate, exp.StrPosition,
    exp.GroupConcat, exp.Cast, exp.TryCast, exp.Anonymous, exp.Unnest, exp.Like, exp.Xor, exp.Struct,
)  # fmt: skip
"""Functions with a node of their own that mean the same in DuckDB."""
