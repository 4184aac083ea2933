"""Documents whose keys nobody sees in order need not be sorted when they are parsed, which costs most of the parsing.

Trino's json_parse keeps an object's keys in order. That shows where a document becomes text, is compared or is handed
out, but not where one of its members is taken or counted. So a document that only goes on to outer queries of the same
statement stays unsorted, and is parsed once more, sorted, where its order can be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from localcloud.athena.sql.nodes import TYPE
from localcloud.athena.sql.walk import every

UNSORTED = "unsorted"
"""The key in the `meta` of a json_parse whose result need not be sorted."""

_HANDED_ON: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Coalesce: ("this", "expressions"),
    exp.If: ("true", "false"),
    exp.Case: ("ifs", "default"),
}
"""The arguments of an expression that may be its result."""
_OF_MEMBERS = ("json_size", "json_array_length", "is_json_scalar", "json_extract_scalar")
"""Functions of a document whose result is the same in any order of its keys; so is json_extract() of a member."""

Outputs = dict[int, set[str]]
"""The output columns of queries that hold unsorted documents, by the id of the query."""


def leave_unsorted(query: exp.Expr) -> None:
    """Mark each json_parse of a typed query whose order is not seen, and sort its documents where it is."""
    if not any(map(_parses, every(query, exp.Anonymous))):
        return
    if any(clause.args.get("recursive") for clause in query.find_all(exp.With)):
        return
    scopes = [scope for scope in traverse_scope(query) if isinstance(scope.expression, exp.Select)]
    sources: dict[int, Mapping[str, object]] = {id(scope.expression): scope.sources for scope in scopes}
    outputs: Outputs = {id(scope.expression): set() for scope in scopes}
    for scope in scopes:  # inner scopes come first
        for node in list(scope.expression.find_all(exp.Anonymous, exp.Column)):
            if node.parent_select is scope.expression and _is_document(node, sources, outputs):
                _leave(node, scope.expression, outputs)


def _is_document(node: exp.Expr, sources: Mapping[int, Mapping[str, object]], outputs: Outputs) -> bool:
    """Whether the node is a json_parse, or a column that holds unsorted documents."""
    if isinstance(node, exp.Anonymous):
        return _parses(node)
    for select in _selects_around(node):
        source = sources.get(id(select), {}).get(node.text("table"))
        if source is not None:
            return isinstance(source, Scope) and node.name in outputs.get(id(source.expression), ())
    return False


def _parses(node: exp.Anonymous) -> bool:
    return node.name.lower() == "json_parse"


def _selects_around(node: exp.Expr) -> Iterator[exp.Expr]:
    select = node.parent_select
    while select is not None:
        yield select
        select = select.parent_select


def _leave(node: exp.Expr, select: exp.Expr, outputs: Outputs) -> None:
    """Leave a document unsorted where that is not seen; sort a column's where it is."""
    top = _handed_on(node)
    output = top.parent if isinstance(top.parent, exp.Alias) else top
    if output.parent is select and output.arg_key == "expressions" and _is_inner(select):
        outputs[id(select)].add(output.alias_or_name)
    elif not _order_is_unseen(top):
        if isinstance(node, exp.Column):
            node.replace(_sorted(node))
        return
    if isinstance(node, exp.Anonymous):
        node.meta[UNSORTED] = True


def _handed_on(node: exp.Expr) -> exp.Expr:
    """The outermost expression whose result may be that of `node`."""
    while True:
        parent = node.parent
        is_call = isinstance(parent, exp.Anonymous) and parent.name.lower() in ("try", "coalesce")
        if parent is None or not (
            is_call or isinstance(parent, exp.Paren) or node.arg_key in _HANDED_ON.get(type(parent), ())
        ):
            return node
        node = parent


def _is_inner(select: exp.Expr) -> bool:
    """Whether the query's output goes to another query as it is."""
    holder = select.parent
    if any(select.args.get(part) for part in ("distinct", "group", "having", "order", "qualify", "windows")):
        return False
    if isinstance(holder, exp.Subquery) and not isinstance(holder.parent, exp.From | exp.Join):
        return False
    return isinstance(holder, exp.CTE | exp.Subquery) and not holder.alias_column_names


def _order_is_unseen(node: exp.Expr) -> bool:
    parent = node.parent
    if isinstance(parent, exp.Is):
        return isinstance(parent.expression, exp.Null)
    if not isinstance(parent, exp.Anonymous) or parent.expressions[0] is not node:
        return False
    name = parent.name.lower()
    return name in _OF_MEMBERS or (name == "json_extract" and _names_member(parent))


def _names_member(extract: exp.Anonymous) -> bool:
    path = extract.expressions[1]
    return isinstance(path, exp.Literal) and path.name.startswith(("$.", "$["))


def _sorted(column: exp.Column) -> exp.Expr:
    text = exp.Anonymous(this="json_format", expressions=[column.copy()])
    document = exp.Anonymous(this="json_parse", expressions=[text])
    text.meta[TYPE], document.meta[TYPE] = "varchar", "json"
    return document
