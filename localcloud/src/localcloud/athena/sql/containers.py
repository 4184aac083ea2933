"""Arrays, maps and rows."""

from __future__ import annotations

from sqlglot import exp

from localcloud.athena.sql.nodes import Rule, call, duckdb_type, type_of
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.sql_text import identifier
from localcloud.lake.types import parts


def concat(node: exp.Expr) -> exp.Expr:
    result = node.expressions[0]
    for other in node.expressions[1:]:
        result = pipe(exp.DPipe(this=result, expression=other))
    return result


def pipe(node: exp.Expr) -> exp.Expr:
    left, right = type_of(node.this), type_of(node.expression)
    for side, kind in ((node.this, left), (node.expression, right)):
        base, length = parts(kind or "")
        if base == "char":
            side.replace(call("rpad", side, exp.Literal.number(length[0]), exp.Literal.string(" ")))
    if left and right and (left.startswith("array") != right.startswith("array")):
        if left.startswith("array"):
            return call("list_append", node.this, node.expression)
        return call("list_prepend", node.this, node.expression)
    return exp.Paren(this=exp.DPipe(this=node.this.copy(), expression=node.expression.copy()))


def by_name(emit: str) -> Rule:
    """A function that is called by another name."""
    return lambda node: call(emit, *node.expressions)


def without_count(node: exp.Expr) -> exp.Expr:
    """min, max, min_by and max_by of one value, not of the n least or greatest."""
    name = node.name.lower()
    if len(node.expressions) > (2 if name.endswith("_by") else 1):
        raise NotSupportedError(f"{name}() of more than one value")
    node.set("this", {"max_by": "arg_max", "min_by": "arg_min"}.get(name, name))
    return node


def sequence(node: exp.Expr) -> exp.Expr:
    """sequence() of integers or of dates; the latter move by an interval, a day where none is given."""
    start, stop, *step = node.expressions
    kind = type_of(start) or ""
    if kind in ("tinyint", "smallint", "integer", "bigint"):
        return call("trino_sequence", *node.expressions)
    if kind != "date":
        raise NotSupportedError(f"sequence() of {kind or 'values whose type is not known'}")
    interval = step[0].sql(dialect="duckdb") if step else "INTERVAL 1 DAY"
    first, last = start.sql(dialect="duckdb"), stop.sql(dialect="duckdb")
    series = f"CAST(generate_series(CAST({first} AS TIMESTAMP), CAST({last} AS TIMESTAMP), {interval}) AS DATE[])"
    return exp.maybe_parse(series, dialect="duckdb")


def nullif(node: exp.Expr) -> exp.Expr:
    """nullif(); maps are compared without regard to the order of their entries."""
    value, other = node.expressions
    if not (type_of(value) or "").startswith("map"):
        return node
    left, right = (f"list_sort(map_entries({side.sql(dialect='duckdb')}))" for side in (value, other))
    if (type_of(other) or "") == "map(unknown, unknown)":
        left, right = f"cardinality({value.sql(dialect='duckdb')})", "0"
    chosen = f"CASE WHEN {left} = {right} THEN NULL ELSE {value.sql(dialect='duckdb')} END"
    return exp.maybe_parse(chosen, dialect="duckdb")


def map_filter(node: exp.Expr) -> exp.Expr:
    """The entries of a map for which a condition on key and value holds."""
    entries, condition = _over_entries(node)
    return call("map_from_entries", call("list_filter", entries, condition))


def transform_values(node: exp.Expr) -> exp.Expr:
    """A map with the same keys and new values."""
    entries, value = _over_entries(node)
    keys = call("map_keys", node.expressions[0])
    return call("map", keys, call("list_transform", entries, value))


def map_concat(node: exp.Expr) -> exp.Expr:
    """The entries of maps in one, NULL if one of them is: DuckDB leaves a NULL map out."""
    missing = exp.or_(*(argument.copy().is_(exp.null()) for argument in node.expressions))
    return exp.Paren(this=exp.Case().when(missing, exp.null()).else_(node.copy()))


def _over_entries(node: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    """The entries of a map, and its lambda of key and value as one of an entry."""
    container, function = node.expressions
    entry = "_entry"
    fields = dict(zip((parameter.name for parameter in function.expressions), ("key", "value"), strict=True))
    body = function.this.copy()
    wrapper = exp.Paren(this=body)
    for name in list(wrapper.find_all(exp.Identifier)):
        holder = name.parent if isinstance(name.parent, exp.Column) else name
        if name.name in fields and not isinstance(holder.parent, exp.Dot):
            holder.replace(exp.Dot(this=exp.to_identifier(entry), expression=exp.to_identifier(fields[name.name])))
    return call("map_entries", container), exp.Lambda(this=wrapper, expressions=[exp.to_identifier(entry)])


def any_match(node: exp.Expr) -> exp.Expr:
    array, condition = node.expressions
    return call(f"trino_{node.name.lower()}", call("list_transform", array, condition))


def element_at(node: exp.Expr) -> exp.Expr:
    container, key = node.expressions
    kind = type_of(container) or ""
    if kind.startswith("map"):
        return call("map_extract_value", container, key)
    return call("trino_element_at", container, key)


def by_container(array: str, other: str) -> Rule:
    """A function that DuckDB has under one name for arrays and another for what else Trino takes."""

    def rule(node: exp.Expr) -> exp.Expr:
        kind = type_of(node.expressions[0]) or ""
        return call(array if kind.startswith("array") else other, *node.expressions)

    return rule


def cardinality(node: exp.Expr) -> exp.Expr:
    kind = type_of(node.expressions[0]) or ""
    size = call("cardinality" if kind.startswith("map") else "len", *node.expressions)
    return exp.Cast(this=size, to=duckdb_type("bigint"))


def reduce(node: exp.Expr) -> exp.Expr:
    array, start, step, output = node.expressions
    reduced = call("list_reduce", array, step, start)
    return call("list_extract", call("list_transform", call("list_value", reduced), output), exp.Literal.number(1))


def row(node: exp.Expr) -> exp.Expr:
    fields = ", ".join(f"'field{index}': {item.sql(dialect='duckdb')}" for index, item in enumerate(node.expressions))
    return exp.maybe_parse(f"{{{fields}}}", dialect="duckdb")


def map_agg(node: exp.Expr) -> exp.Expr:
    key, value = node.expressions
    return call("map", call("list", key), call("list", value))


def subscript(node: exp.Expr) -> exp.Expr:
    kind = type_of(node.this) or ""
    base = parts(kind)[0]
    if base not in ("row", "map", "array", ""):
        raise LakeError("TYPE_MISMATCH", f"line 1:1: Cannot use a subscript of {kind}")
    if base == "row":
        raise NotSupportedError("a subscript of a row")
    index = node.expressions[0]
    if base == "map":
        return call("trino_map_value", node.this, index)
    return call("trino_array_value", node.this, index)


def unnest(node: exp.Expr) -> exp.Expr:
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
    selected = ", ".join(f"{output} AS {identifier(name)}" for output, name in zip(outputs, names, strict=True))
    query: exp.Expr = exp.maybe_parse(f"SELECT {selected} FROM (SELECT {', '.join(items)})", dialect="duckdb")  # noqa: S608
    return exp.Subquery(this=query, alias=exp.TableAlias(this=alias.this.copy()) if alias else None)
