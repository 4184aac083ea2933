"""From the syntax tree of an analysed query to its logical plan, with the conditions on a table at its scan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp

from localcloud.athena.explain.expressions import (
    aggregates,
    called,
    kind_of,
    outer_columns,
    predicate,
    shown,
    subqueries,
    windows,
)
from localcloud.athena.explain.plan import Cost, PlanNode, Symbol
from localcloud.athena.explain.sources import Estimator, Scope, Sources
from localcloud.athena.explain.symbols import Symbols
from localcloud.athena.sql.compile import Analysed
from localcloud.athena.sql.pushdown import conditions_by_table
from localcloud.lake.predicates import conjuncts

_SET_OPERATIONS = {exp.Union: "Union", exp.Intersect: "Intersect", exp.Except: "Except"}


def logical_plan(analysed: Analysed, estimator: Estimator) -> PlanNode:
    """The plan of a query, whose root is its Output."""
    builder = _Builder(analysed, estimator)
    child = builder.query(analysed.query)
    names = analysed.query.named_selects
    details = [
        f"{name} := {symbol.name}" for name, symbol in zip(names, child.outputs, strict=False) if name != symbol.name
    ]
    root = PlanNode("Output", {"columnNames": f"[{', '.join(names)}]"}, child.outputs, details, children=[child])
    last = child.costs[-1] if child.costs else Cost()
    root.costs = [Cost(last.rows, last.bytes, 0, 0, 0)]
    return root


class _Builder:
    def __init__(self, analysed: Analysed, estimator: Estimator) -> None:
        self._symbols = Symbols()
        conditions = conditions_by_table(analysed.query)
        self._sources = Sources(analysed, estimator, self._symbols, self.query, conditions)
        self._ctes: dict[str, exp.Expr] = {}

    def query(self, node: exp.Expr) -> PlanNode:
        """The plan of a query; a common table expression is planned anew wherever it is used."""
        if isinstance(node, exp.Table):
            return self.query(self._ctes[node.name]) if node.name in self._ctes else PlanNode(f"WorkTable {node.name}")
        with_ = node.args.get("with_")
        if with_ is not None and not with_.recursive:
            self._ctes |= {cte.alias: cte.this for cte in with_.expressions}
        if isinstance(node, exp.Subquery):
            made = self.query(node.this)
        elif isinstance(node, exp.SetOperation):
            made = self._set_operation(node)
        elif isinstance(node, exp.Select):
            return self._select(node)
        else:
            return PlanNode(node.key.capitalize())
        return self._ordered(node, made, {}, {}) if not isinstance(node, exp.Subquery) else made

    def _set_operation(self, node: exp.SetOperation) -> PlanNode:
        sides = [self.query(node.left), self.query(node.right)]
        distinct = node.args.get("distinct", True)
        name = next(name for kind, name in _SET_OPERATIONS.items() if isinstance(node, kind))
        outputs = [Symbol(self._symbols.new(column), symbol.type) for column, symbol in _named(node, sides[0])]
        made = PlanNode(name, {} if name == "Union" else {"distinct": str(bool(distinct)).lower()}, outputs)
        made.children = sides
        rows = [side.rows for side in sides]
        made.costs = [
            Cost(sum(row for row in rows if row is not None) if None not in rows and name == "Union" else None)
        ]
        if name == "Union" and distinct:
            made = _above(made, "Aggregate", {"keys": _brackets(symbol.name for symbol in outputs)})
        self._symbols.outputs[id(made)] = [(name, s.name) for name, s in zip(node.named_selects, outputs, strict=False)]
        return made

    def _select(self, select: exp.Select) -> PlanNode:
        taken: set[int] = set()
        symbols: dict[int, str] = {}
        node, scope = self._sources.plan(select, taken) or (
            PlanNode("Values", {}, [], ["()"], [Cost(1, 0, 0, 0, 0)]),
            {},
        )
        where = select.args.get("where")
        rest = [part for part in conjuncts(where.this if where else None) if id(part) not in taken]
        node = self._filter(node, rest, scope, symbols)
        node = self._aggregate(select, node, scope, symbols)
        having = select.args.get("having")
        node = self._filter(node, list(conjuncts(having.this if having else None)), scope, symbols)
        node = self._window(select, node, scope, symbols)
        node = self._project(select, node, scope, symbols)
        if select.args.get("distinct"):
            node = _above(node, "Aggregate", {"keys": _brackets(symbol.name for symbol in node.outputs)})
        outputs = node.outputs
        node = self._ordered(select, node, scope, symbols)
        self._symbols.outputs[id(node)] = [
            (name, symbol.name) for name, symbol in zip(select.named_selects, outputs, strict=False)
        ]
        return node

    def _filter(self, node: PlanNode, conditions: list[exp.Expr], scope: Scope, symbols: dict[int, str]) -> PlanNode:
        for condition in conditions:
            node = self._subqueries(condition, node, scope, symbols)
        if not conditions:
            return node
        return _above(node, "Filter", {"filterPredicate": predicate(conditions, scope, symbols)})

    def _subqueries(self, expression: exp.Expr, node: PlanNode, scope: Scope, symbols: dict[int, str]) -> PlanNode:
        """Join the queries inside an expression to what it is computed over."""
        for inner in subqueries(expression):
            if id(inner) in symbols:
                continue
            query = inner.args["query"] if isinstance(inner, exp.In) else inner.this
            made = self.query(query)
            symbols[id(inner)] = self._symbols.new("expr")
            free = outer_columns(query, scope)
            if isinstance(inner, exp.In):
                criteria = f'({shown(inner.this, scope, symbols)} = "{made.outputs[0].name if made.outputs else "?"}")'
                joined = PlanNode("SemiJoin", {"criteria": criteria})
            elif free:
                joined = PlanNode("CorrelatedJoin", {"correlation": _brackets(free)})
            else:
                joined = PlanNode("CrossJoin")
                made = made if isinstance(inner, exp.Exists) else _above(made, "EnforceSingleRow", {}, Cost(1))
            joined.outputs = [*node.outputs, Symbol(symbols[id(inner)], kind_of(inner))]
            joined.children, joined.costs = [node, made], [Cost(node.rows)]
            node = joined
        return node

    def _aggregate(self, select: exp.Select, node: PlanNode, scope: Scope, symbols: dict[int, str]) -> PlanNode:
        group = select.args.get("group")
        calls = [call for part in _computed(select) for call in aggregates(part)]
        if group is None and not calls:
            return node
        keys = []
        for key in group.expressions if group else []:
            name = scope.get((key.table, key.name)) if isinstance(key, exp.Column) else None
            keys.append(name or shown(key, scope, symbols))
        given = group.args if group else {}
        sets = [name for name in ("grouping_sets", "rollup", "cube") if given.get(name)]
        if sets:
            node = _above(
                node, "GroupId", {"symbols": _brackets(part.sql("trino") for name in sets for part in given[name])}
            )
        made = _above(node, "Aggregate", {"keys": _brackets(keys)} if keys or sets else {})
        made.outputs = [symbol for symbol in node.outputs if symbol.name in keys]
        seen: dict[str, str] = {}
        for call in calls:
            text = shown(call, scope, symbols)
            if text not in seen:
                seen[text] = self._symbols.new(called(call))
                made.details.append(f"{seen[text]} := {text}")
                made.outputs.append(Symbol(seen[text], kind_of(call)))
            symbols[id(call)] = seen[text]
        made.costs = [Cost(None if keys or sets else 1)]
        return made

    def _window(self, select: exp.Select, node: PlanNode, scope: Scope, symbols: dict[int, str]) -> PlanNode:
        groups: dict[tuple[str, str], list[exp.Window]] = {}
        for window in (found for part in _computed(select) for found in windows(part)):
            parted = _brackets(shown(part, scope, symbols).strip('"') for part in window.args.get("partition_by") or [])
            order = window.args.get("order")
            ordered = _brackets(_order(item, scope, symbols) for item in order.expressions) if order else ""
            groups.setdefault((parted, ordered), []).append(window)
        for (parted, ordered), found in groups.items():
            node = _above(node, "Window", {"partitionBy": parted} | ({"orderBy": ordered} if ordered else {}))
            for window in found:
                name = self._symbols.new(called(window))
                node.details.append(f"{name} := {shown(window.this, scope, symbols)}")
                node.outputs = [*node.outputs, Symbol(name, kind_of(window))]
                symbols[id(window)] = name
            node.costs = [Cost(node.children[0].rows)]
        return node

    def _project(self, select: exp.Select, node: PlanNode, scope: Scope, symbols: dict[int, str]) -> PlanNode:
        outputs, details = [], []
        for projection in select.selects:
            value = projection.unalias()
            node = self._subqueries(value, node, scope, symbols)
            name = symbols.get(id(value)) or (
                scope.get((value.table, value.name)) if isinstance(value, exp.Column) else None
            )
            if name is None:
                name = self._symbols.new("expr")
                details.append(f"{name} := {shown(value, scope, symbols)}")
            outputs.append(Symbol(name, kind_of(value)))
            symbols[id(projection)] = name
        if details and node.name == "Values" and node.details == ["()"]:
            values = ", ".join(detail.partition(" := ")[2] for detail in details)
            return PlanNode("Values", {}, outputs, [f"({values})"], [Cost(1, None, 0, 0, 0)])
        if outputs == node.outputs:
            return node
        return _above(node, "Project", {}, Cost(node.rows), outputs, details)

    def _ordered(self, query: exp.Query, node: PlanNode, scope: Scope, symbols: Mapping[int, str]) -> PlanNode:
        names = {(
            "", name): symbol.name for name, symbol in zip(query.named_selects, node.outputs, strict=False)
        }  # fmt: skip
        order, limit, offset = (query.args.get(key) for key in ("order", "limit", "offset"))
        ordering = _brackets(_order(item, {**scope, **names}, symbols) for item in order.expressions) if order else ""
        most = _count(limit)
        if offset is not None:
            if ordering:
                node = _above(node, "Sort", {"orderBy": ordering}, Cost(node.rows))
            skipped = offset.expression.sql("trino")
            node = _above(node, "Offset", {"count": skipped})
            ordering = ""
        if most is not None:
            name, order_by = ("TopN", {"orderBy": ordering}) if ordering else ("Limit", {})
            rows = None if node.rows is None else min(node.rows, most)
            return _above(node, name, {"count": str(most), **order_by}, Cost(rows))
        return _above(node, "Sort", {"orderBy": ordering}, Cost(node.rows)) if ordering else node


def _above(
    child: PlanNode,
    name: str,
    descriptor: dict[str, str],
    cost: Cost | None = None,
    outputs: list[Symbol] | None = None,
    details: list[str] | None = None,
) -> PlanNode:
    return PlanNode(
        name, descriptor, child.outputs if outputs is None else outputs, details or [], [cost or Cost()], [child]
    )


def _brackets(items: Iterable[str]) -> str:
    return f"[{', '.join(items)}]"


def _computed(select: exp.Select) -> list[exp.Expr]:
    """The parts of a query that are computed over its groups."""
    order, having = select.args.get("order"), select.args.get("having")
    return [*select.selects, *([having] if having else []), *(order.expressions if order else [])]


def _named(node: exp.SetOperation, side: PlanNode) -> list[tuple[str, Symbol]]:
    return list(zip(node.named_selects, side.outputs, strict=False))


def _order(item: exp.Expr, scope: Mapping[tuple[str, str], str], symbols: Mapping[int, str]) -> str:
    value = item.this if isinstance(item, exp.Ordered) else item
    descending = isinstance(item, exp.Ordered) and item.args.get("desc")
    first = isinstance(item, exp.Ordered) and item.args.get("nulls_first")
    text = shown(value, scope, symbols).strip('"')
    return f"{text} {'DESC' if descending else 'ASC'} NULLS {'FIRST' if first else 'LAST'}"


def _count(limit: exp.Expr | None) -> int | None:
    value = limit.args.get("expression") or limit.args.get("count") if limit is not None else None
    return int(value.name) if isinstance(value, exp.Literal) and value.name.isdigit() else None
