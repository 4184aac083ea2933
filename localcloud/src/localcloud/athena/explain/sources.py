"""The part of a plan that FROM makes: scans with their conditions, joins, UNNEST and VALUES."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from localcloud.athena.explain.expressions import kind_of, predicate, shown
from localcloud.athena.explain.plan import Cost, PlanNode, ScannedTable, Symbol
from localcloud.athena.explain.symbols import Symbols
from localcloud.athena.sql.compile import Analysed
from localcloud.athena.sql.inference import values_columns
from localcloud.athena.sql.pushdown import only_source
from localcloud.lake.estimates import Estimate
from localcloud.lake.predicates import conjuncts
from localcloud.lake.types import parts

Scope = dict[tuple[str, str], str]
Estimator = Callable[[str], Estimate]
"""What is known of the scan of a table, by its key in the analysed query."""
Planned = tuple[PlanNode, Scope]


@dataclass(frozen=True)
class Sources:
    """Plans the sources of one query; `query` plans one that stands in parentheses."""

    analysed: Analysed
    estimator: Estimator
    symbols: Symbols
    query: Callable[[exp.Expr], PlanNode]
    conditions: Mapping[str, list[exp.Expr]]
    """All that surely holds of each table's rows, by the table's key."""

    def plan(self, select: exp.Select, taken: set[int]) -> Planned | None:
        """The sources of a query joined; adds the ids of the WHERE's parts that its scans apply to `taken`."""
        from_ = select.args.get("from_")
        if from_ is None:
            return None
        conditions = self._pushed(select, taken)
        node, scope = self._source(from_.this, conditions, {})
        for join in select.args.get("joins") or []:
            node, scope = self._join(join, node, scope, conditions)
        return node, scope

    def _pushed(self, select: exp.Select, taken: set[int]) -> dict[str, list[exp.Expr]]:
        joins = select.args.get("joins") or []
        sides = {(join.side or "").upper() for join in joins}
        optional = {join.this.alias_or_name for join in joins if (join.side or "").upper() == "LEFT"}
        where = select.args.get("where")
        found: dict[str, list[exp.Expr]] = {}
        tables = {table.alias_or_name for table in select.find_all(exp.Table) if table.name in self.analysed.sources}
        for part in conjuncts(where.this if where else None):
            alias = only_source(part)
            if alias in tables and alias not in optional and not sides & {"RIGHT", "FULL"}:
                found.setdefault(str(alias), []).append(part)
                taken.add(id(part))
        return found

    def _source(self, node: exp.Expr, conditions: dict[str, list[exp.Expr]], outer: Scope) -> Planned:
        if isinstance(node, exp.Table) and node.name in self.analysed.sources:
            return self._scan(node, conditions.get(node.alias_or_name, []))
        if isinstance(node, exp.Unnest | exp.Lateral):
            return self._unnest(node, None, outer)
        alias = node.alias_or_name
        made = self._values(node) if isinstance(node, exp.Values) else self.query(node)
        names = node.alias_column_names or [name for name, _ in self.symbols.outputs.get(id(made), [])]
        return made, {(alias, name): symbol.name for name, symbol in zip(names, made.outputs, strict=False)}

    def _scan(self, table: exp.Table, conditions: list[exp.Expr]) -> Planned:
        source, alias = self.analysed.sources[table.name], table.alias_or_name
        query = table.root()
        needed = {column.name for column in query.find_all(exp.Column) if column.table == alias}
        columns = [column for column in self.analysed.columns[table.name] if column.name in needed]
        scope = {(alias, column.name): self.symbols.new(column.name) for column in columns}
        known = self.estimator(table.name)
        handle = f"{source.table.database}:{source.table.name}"
        if source.table.kind == "iceberg" and not source.suffix:
            handle = f"{source.table.database}.{source.table.name}$data@{known.snapshot or ''}".rstrip("@")
        node = PlanNode("TableScan", {"table": f"awsdatacatalog:{handle}"})
        node.outputs = [Symbol(scope[(alias, column.name)], column.type) for column in columns]
        keys = {key.name for key in source.table.partition_keys}
        node.details = [
            f"{scope[(alias, column.name)]} := {column.name}:{column.type}"
            f":{'PARTITION_KEY' if column.name in keys else 'REGULAR'}"
            for column in columns
        ]
        node.costs = [Cost(known.rows, known.bytes, known.bytes, 0, 0)]
        types = {column.name: column.type for column in self.analysed.columns[table.name]}
        node.scan = ScannedTable(
            source.table.database, source.table.name, tuple(self.conditions.get(table.name, [])), types
        )
        if conditions:
            node.name = "ScanFilter"
            node.descriptor["filterPredicate"] = predicate(conditions, scope, {})
            node.costs.append(Cost(None if known.rows else known.rows, None, known.bytes, 0, 0))
        return node, scope

    def _join(self, join: exp.Join, left: PlanNode, scope: Scope, conditions: dict[str, list[exp.Expr]]) -> Planned:
        target = join.this
        unnest = target.this if isinstance(target, exp.Lateral) else target
        if isinstance(unnest, exp.Unnest):
            return self._unnest(target, left, scope)
        right, added = self._source(target, conditions, scope)
        scope = scope | added
        side, on = (join.side or "").upper(), join.args.get("on")
        name = {"LEFT": "LeftJoin", "RIGHT": "RightJoin", "FULL": "FullJoin"}.get(side, "InnerJoin")
        node = PlanNode(name if on is not None else "CrossJoin", children=[left, right])
        node.outputs = [*left.outputs, *right.outputs]
        if on is not None:
            equal = [part for part in conjuncts(on) if isinstance(part, exp.EQ)]
            rest = [part for part in conjuncts(on) if not isinstance(part, exp.EQ)]
            if equal:
                node.descriptor["criteria"] = " AND ".join(f"({shown(part, scope, {})})" for part in equal)
            if rest:
                node.descriptor["filter"] = " AND ".join(f"({shown(part, scope, {})})" for part in rest)
            node.costs = [Cost()]
        elif left.rows is not None and right.rows is not None:
            node.costs = [Cost(left.rows * right.rows)]
        else:
            node.costs = [Cost()]
        return node, scope

    def _unnest(self, node: exp.Expr, left: PlanNode | None, scope: Scope) -> Planned:
        unnest = node.this if isinstance(node, exp.Lateral) else node
        alias = node.args.get("alias") or unnest.args.get("alias")
        name = alias.name if alias else ""
        names = [column.name for column in alias.columns] if alias else []
        given = [shown(item, scope, {}) for item in unnest.expressions]
        kinds = [inner for item in unnest.expressions for inner in parts(kind_of(item))[1]]
        made = PlanNode("CrossJoin Unnest" if left else "Unnest", {"unnest": f"[{', '.join(given)}]"})
        added = {(name, column): self.symbols.new(column) for column in names}
        kinds += ["bigint"] * (len(names) - len(kinds))
        made.outputs = [*(left.outputs if left else []), *map(Symbol, added.values(), kinds)]
        if left:
            made.descriptor = {
                "replicate": f"[{', '.join(f'{s.name}:{s.type}' for s in left.outputs)}]", **made.descriptor,
            }  # fmt: skip
        made.children = [left] if left else []
        made.costs = [Cost()]
        return made, scope | added

    def _values(self, node: exp.Values) -> PlanNode:
        rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
        outputs = [Symbol(self.symbols.new("field"), kind or "unknown") for kind in values_columns(node).values()]
        details = [f"({', '.join(shown(cell, {}, {}) for cell in row)})" for row in rows]
        return PlanNode("Values", {}, outputs, details, [Cost(len(rows), None, 0, 0, 0)])
