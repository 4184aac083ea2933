"""Several members of one document, taken out in one pass over its text instead of one pass each."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from localcloud.athena.sql.dialect import identifier
from localcloud.athena.sql.nodes import call
from localcloud.athena.sql.walk import every

_EXTRACT, _EXTRACT_SCALAR = "trino_json_extract", "trino_json_extract_scalar"
_MEMBER = re.compile(r"\$\.[A-Za-z_][A-Za-z0-9_]*")


def share_passes(query: exp.Expr) -> None:
    """Where a rewritten query takes members of a column of another query of it, take them all at once beforehand."""
    if not any(map(_takes_member, every(query, exp.Anonymous))):
        return
    for scope in list(traverse_scope(query)):
        if not isinstance(scope.expression, exp.Select):
            continue
        taken: dict[tuple[str, str], list[exp.Anonymous]] = defaultdict(list)
        for node in scope.find_all(exp.Anonymous):
            if _takes_member(node) and isinstance(scope.sources.get(node.expressions[0].table), Scope):
                taken[node.expressions[0].table, node.expressions[0].name].append(node)
        for (table, column), calls in taken.items():
            if len(calls) > 1:
                _share(scope, table, column, calls)


def _takes_member(node: exp.Anonymous) -> bool:
    if node.name not in (_EXTRACT, _EXTRACT_SCALAR):
        return False
    document, path = node.expressions
    return isinstance(document, exp.Column) and _MEMBER.fullmatch(path.name) is not None


def _share(scope: Scope, table: str, column: str, calls: Sequence[exp.Anonymous]) -> None:
    source = _source(scope.expression, table)
    if source is None:
        return
    paths = sorted({node.expressions[1].name for node in calls})
    members = exp.column(identifier(f"{column}$members"), table=identifier(table))
    document = exp.column(identifier(column), table=identifier(table))
    places = exp.Array(expressions=[exp.Literal.string(path) for path in paths])
    read = sorted({found.name for found in scope.columns if found.table == table})
    inner = exp.select(*(exp.column(identifier(name), table=identifier(table)) for name in read), copy=False)
    inner = inner.select(exp.alias_(call("json_extract", document, places), members.this.copy()), copy=False)
    inner = inner.from_(source.copy(), copy=False)
    for node in calls:
        member = call("list_extract", members, exp.Literal.number(paths.index(node.expressions[1].name) + 1))
        scalar = call("trino_json_scalar_member", member, *node.expressions)
        node.replace(scalar if node.name == _EXTRACT_SCALAR else member)
    source.replace(exp.Subquery(this=inner, alias=exp.TableAlias(this=identifier(table))))


def _source(select: exp.Expr, table: str) -> exp.Table | None:
    """The place where the query reads `table`; None unless that is one by name, and all that the query reads."""
    place = select.args["from_"].this
    is_alone = not select.args.get("joins") and not select.args.get("laterals")
    return place if is_alone and isinstance(place, exp.Table) and place.alias_or_name == table else None
