"""Which conditions of a query hold for every row of a table that can matter, so that its files can be pruned.

Only conditions that surely hold are taken: parts of WHERE joined by AND, and of an inner join's ON, followed through
subqueries and common table expressions as long as a column is passed on unchanged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from localcloud.lake.predicates import bare, conjuncts

Conditions = dict[str, list[exp.Expr]]


def conditions_by_table(query: exp.Expr) -> Conditions:
    """For each table name of a qualified query, conditions on its bare column names."""
    scopes = list(traverse_scope(query))
    uses: dict[int, int] = defaultdict(int)
    for scope in scopes:
        for _, source in scope.selected_sources.values():
            if isinstance(source, Scope):
                uses[id(source.expression)] += 1
    found: Conditions = defaultdict(list)
    passed: dict[int, list[exp.Expr]] = defaultdict(list)
    for scope in reversed(scopes):  # outer scopes first: they hand conditions down
        if not isinstance(scope.expression, exp.Select):
            continue
        inherited = _through_projection(scope, passed[id(scope.expression)])
        for alias, condition in [*inherited, *_own_conditions(scope)]:
            place = scope.sources.get(alias)
            if isinstance(place, exp.Table):
                found[place.name].append(bare(condition))
            elif isinstance(place, Scope) and uses[id(place.expression)] == 1:
                passed[id(place.expression)].append(bare(condition))
    return found


def _own_conditions(scope: Scope) -> Iterator[tuple[str, exp.Expr]]:
    select = scope.expression
    joins = select.args.get("joins") or []
    outer = {side: [join for join in joins if (join.side or "").upper() == side] for side in ("LEFT", "RIGHT", "FULL")}
    if outer["RIGHT"] or outer["FULL"]:
        return
    optional = {join.this.alias_or_name for join in outer["LEFT"]}
    where = select.args.get("where")
    for condition in conjuncts(where.this if where else None):
        yield from _single(condition, optional)
    for join in joins:
        if (join.side or "").upper() == "LEFT":
            # The ON of a left join may prune its right side, never the left one.
            for condition in conjuncts(join.args.get("on")):
                if only_source(condition) == join.this.alias_or_name:
                    yield join.this.alias_or_name, condition
        else:
            for condition in conjuncts(join.args.get("on")):
                yield from _single(condition, optional)


def _single(condition: exp.Expr, optional: set[str]) -> Iterator[tuple[str, exp.Expr]]:
    alias = only_source(condition)
    if alias and alias not in optional:
        yield alias, condition


def only_source(condition: exp.Expr) -> str | None:
    """The one source a condition reads; None for several, or where it holds a subquery, an aggregate or a window."""
    if condition.find(exp.Select, exp.Window, exp.Subquery, exp.Lambda):
        return None
    aliases = {column.table for column in condition.find_all(exp.Column)}
    return aliases.pop() if len(aliases) == 1 else None


def _through_projection(scope: Scope, conditions: list[exp.Expr]) -> Iterator[tuple[str, exp.Expr]]:
    """Conditions on this query's output columns, said of the columns they pass on."""
    select = scope.expression
    if (
        not isinstance(select, exp.Query)
        or not conditions
        or any(select.args.get(key) for key in ("group", "limit", "offset", "distinct", "qualify", "having"))
    ):
        return
    if any((join.side or "") for join in select.args.get("joins") or []):
        return
    names = select.parent.alias_column_names if isinstance(select.parent, exp.Subquery | exp.CTE) else []
    names = names or select.named_selects
    columns = {name: projection.unalias() for name, projection in zip(names, select.selects, strict=False)}
    whole = _of_all_windows(select)
    for condition in conditions:
        moved = condition.copy()
        usable = True
        for column in list(moved.find_all(exp.Column)):
            inner = columns.get(column.name)
            if inner is None or (not isinstance(inner, exp.Column) and not _is_day(inner)):
                usable = False
                break
            if whole is not None and inner not in whole:
                usable = False
                break
            if column is moved:
                moved = inner.copy()
            else:
                column.replace(inner.copy())
        alias = only_source(moved) if usable else None
        if alias:
            yield alias, moved


def _is_day(node: exp.Expr | None) -> bool:
    """Whether this is `cast(column as date)`, by which days are pruned as by the column itself."""
    return isinstance(node, exp.Cast) and node.is_type("date") and isinstance(node.this, exp.Column)


def _of_all_windows(select: exp.Query) -> list[exp.Expr] | None:
    """What every window of a query partitions by: it is the same for all rows of a partition, so leaving out rows by
    it leaves partitions whole. None for a query without a window.
    """
    windows = [window for part in select.selects for window in part.find_all(exp.Window)]
    if not windows:
        return None
    first, *others = (window.args.get("partition_by") or [] for window in windows)
    return [key for key in first if all(key in other for other in others)]
