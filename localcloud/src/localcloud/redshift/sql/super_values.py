"""SUPER values, stored as JSON: navigation (`c.orders[0].key`), iteration in FROM, and comparisons with scalars."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from localcloud.redshift.errors import unsupported
from localcloud.redshift.sql import kinds
from localcloud.redshift.sql.expressions import kind_of
from localcloud.redshift.sql.inference import ELEMENTS, PATH
from localcloud.redshift.sql.nodes import call, text

_COMPARABLE = {"number": "rs_super_number", "boolean": "rs_super_boolean", "text": "rs_super_varchar"}


def iterate(tree: exp.Expr) -> None:
    """Turn `FROM t, t.orders AS o AT i` into a lateral query over the elements of the array. Changes `tree`."""
    for select in list(tree.find_all(exp.Select)):
        known: set[str] = set()
        for item in list(_relations(select)):
            source = _array(item, known)
            if source is None:
                known.add(item.alias_or_name)
                continue
            path, element, index = source
            known.add(element)
            item.replace(_elements(path, element, index))


def _relations(select: exp.Select) -> Iterator[exp.Expr]:
    source = select.args.get("from_")
    if source is not None:
        yield source.this
        yield from (join.this for join in source.this.args.get("joins") or [])
    yield from (join.this for join in select.args.get("joins") or [])


def _array(item: exp.Expr, known: set[str]) -> tuple[exp.Expr, str, str] | None:
    """(path, name of the element, name of its position or '') when `item` iterates over a SUPER value."""
    if isinstance(item, exp.Pivot):
        raise unsupported("UNPIVOT of SUPER objects")
    if isinstance(item, exp.Unnest):
        alias = item.args.get("alias")
        path = item.expressions[0]
        names = [name.name for name in alias.columns] if alias else []
        return path, names[0] if names else (alias.name if alias else path.name), ""
    if isinstance(item, exp.AtIndex):
        return item.this.this, item.this.alias, item.expression.name
    if isinstance(item, exp.Bracket):
        return item, item.alias or "element", ""
    if isinstance(item, exp.Table) and isinstance(item.this, exp.Identifier) and item.parts[0].name in known:
        if len(item.parts) == 1:
            return None
        return item, item.alias_or_name, ""
    return None


def _elements(path: exp.Expr, element: str, index: str) -> exp.Subquery:
    value = _as_column(path)
    outputs = [_named(call("unnest", call("rs_elements", value)), element)]
    if index:
        outputs.append(_named(call("unnest", call("range", call("len", call("rs_elements", value.copy())))), index))
    alias = exp.TableAlias(this=exp.to_identifier(element, quoted=True))
    query = exp.Subquery(this=exp.Select(expressions=outputs), alias=alias)
    query.meta[ELEMENTS] = True
    return query


def _as_column(path: exp.Expr) -> exp.Expr:
    """A path that was read as the name of a table, read as a column."""
    if isinstance(path, exp.Bracket):
        return exp.Bracket(this=_as_column(path.this), expressions=[item.copy() for item in path.expressions])
    if isinstance(path, exp.Table):
        parts = [part.copy() for part in path.parts]
        keys = ("this", "table", "db", "catalog")
        return exp.Column(**dict(zip(keys, reversed(parts), strict=False)))
    return path.copy()


def _named(value: exp.Expr, name: str) -> exp.Alias:
    return exp.Alias(this=value, alias=exp.to_identifier(name, quoted=True))


def navigate_column(node: exp.Expr) -> exp.Expr:
    """`o.key` where `o` is a SUPER value, or one element of an array."""
    path = node.meta.get(PATH)
    if path is None:
        return node
    relation, column, fields = path
    value: exp.Expr = exp.column(
        exp.to_identifier(column, quoted=True), exp.to_identifier(relation, quoted=True) if relation else None
    )
    for name in fields:
        value = _step(value, name)
    if isinstance(node.parent, exp.Select) and node.arg_key == "expressions":
        return _named(value, node.name)
    return value


def navigate_bracket(node: exp.Expr) -> exp.Expr:
    """`a[0]` or `a['key']`; outside the array it is NULL."""
    index = node.expressions[0] if len(node.expressions) == 1 else None
    if kind_of(node.this) == kinds.NAMES:
        # PostgreSQL and DuckDB count from 1, where the dialect has read an index that begins at 0.
        node.set("offset", 1)
        return node
    if kind_of(node.this) != kinds.SUPER or index is None:
        raise unsupported("[ ] on anything but a SUPER value")
    if isinstance(index, exp.Literal) and index.is_string:
        return _step(node.this, index.name)
    if isinstance(index, exp.Literal):
        return call("json_extract", node.this, text(f"$[{index.name}]"))
    position = exp.Cast(this=index, to=exp.DataType.build("VARCHAR"))
    path = exp.DPipe(this=exp.DPipe(this=text("$["), expression=position), expression=text("]"))
    return call("json_extract", node.this, path)


def navigate_dot(node: exp.Expr) -> exp.Expr:
    return _step(node.this, node.expression.name)


def _step(value: exp.Expr, name: str) -> exp.Expr:
    escaped = name.replace('"', '\\"')
    return call("json_extract", value, text(f'$."{escaped}"'))


def compare(node: exp.Expr, operands: list[exp.Expr]) -> exp.Expr:
    """A SUPER value equals a scalar only of the same type; of another type it is NULL."""
    others = [kind_of(operand) for operand in operands if kind_of(operand) != kinds.SUPER]
    if not others:
        if isinstance(node, (exp.EQ, exp.NEQ)):
            return node
        raise unsupported("ordering two SUPER values without a cast")
    read = _COMPARABLE.get(_sort(others[0]))
    if read is None:
        raise unsupported(f"comparing a SUPER value with {others[0] or 'a value of unknown type'} without a cast")
    for operand in operands:
        if kind_of(operand) == kinds.SUPER:
            operand.replace(call(read, operand.copy()))
    return node


def _sort(kind: kinds.Kind) -> str:
    tests: dict[str, Callable[[kinds.Kind], bool]] = {"number": kinds.is_number, "text": kinds.is_text}
    if kind == kinds.BOOLEAN:
        return "boolean"
    return next((name for name, test in tests.items() if test(kind)), "text" if kind == kinds.UNKNOWN else "")


def is_null(node: exp.Expr) -> exp.Expr:
    """A JSON null is null, too."""
    if kind_of(node.this) != kinds.SUPER or not isinstance(node.expression, exp.Null):
        return node
    return call("rs_super_is_null", node.this)
