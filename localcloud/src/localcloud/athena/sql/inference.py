"""The Trino type of every expression of a query, as far as it can be known.

The query must be qualified: every column names its source. Types are kept in each node's `meta` under TYPE.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from localcloud.athena.sql import special_types, types
from localcloud.athena.sql.functions import FUNCTIONS
from localcloud.athena.sql.literals import literal_type
from localcloud.athena.sql.node_types import at_zone, other_type
from localcloud.athena.sql.nodes import TYPE, type_of
from localcloud.lake.glue import Column
from localcloud.lake.types import from_data_type, parts

_BOOLEAN = (
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In, exp.Is,
    exp.Like, exp.Escape, exp.Exists, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Boolean,
)  # fmt: skip
_WRAPPERS = (
    exp.Paren,
    exp.Alias,
    exp.Neg,
    exp.Filter,
    exp.Window,
    exp.IgnoreNulls,
    exp.RespectNulls,
    exp.Order,
    exp.Ordered,
)

Columns = Mapping[str, str | None]
Done = dict[int, list[tuple[str, str | None]]]
"""The output columns of the queries already typed, by the id of their node."""


def infer(query: exp.Expr, sources: Mapping[str, tuple[Column, ...]]) -> list[str | None]:
    """Type every expression of a qualified query; returns the types of its output columns."""
    done: Done = {}
    outputs: list[tuple[str, str | None]] = []
    unnests = query.find(exp.Unnest) is not None
    for scope in traverse_scope(query):
        columns = {name: _source_columns(source, sources, done) for name, source in scope.sources.items()}
        if unnests:
            _unnest_columns(scope, columns)
        inference = _Inference(columns, done)
        outputs = inference.scope(scope)
        done[id(scope.expression)] = outputs
    return [kind for _, kind in outputs]


def _source_columns(
    source: exp.Table | Scope,
    tables: Mapping[str, tuple[Column, ...]],
    done: Done,
) -> dict[str, str | None]:
    if isinstance(source, exp.Table):
        known: dict[str, str | None] = {"$path": "varchar", "$file_size": "bigint", "$line": "bigint"}
        return known | {column.name: column.type for column in tables.get(source.name, ())}
    if isinstance(source.expression, exp.Values):
        return values_columns(source.expression)
    return dict(done.get(id(source.expression), []))


def values_columns(values: exp.Values) -> dict[str, str | None]:
    """The columns of VALUES by name with their types."""
    inference = _Inference({}, {})
    rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in values.expressions]
    kinds = [types.common([inference.visit(item) for item in column]) for column in zip(*rows, strict=False)]
    alias = values.args.get("alias") or (values.parent.args.get("alias") if values.parent else None)
    names = [column.name for column in alias.columns] if alias else []
    names = names or [f"_col{index}" for index in range(len(kinds))]
    return dict(zip(names, kinds, strict=False))


def _unnest_columns(scope: Scope, columns: dict[str, dict[str, str | None]]) -> None:
    """Give the columns of each UNNEST their types, left to right, as an UNNEST may read the ones before it."""
    for unnest in scope.expression.find_all(exp.Unnest):
        alias = unnest.args.get("alias")
        if alias is None or unnest.parent_select is not scope.expression:
            continue
        inference = _Inference(columns, {})
        kinds: list[str | None] = []
        for argument in unnest.expressions:
            base, inner = parts(inference.visit(argument) or "")
            if base == "array" and parts(inner[0])[0] == "row":
                kinds += [field.partition(" ")[2] for field in parts(inner[0])[1]]
            else:
                kinds += inner or [None]
        if unnest.args.get("offset"):
            kinds.append("bigint")
        names = [column.name for column in alias.columns]
        if isinstance(unnest.args.get("offset"), exp.Identifier):
            names = [name for name in names if name != unnest.args["offset"].name] + [unnest.args["offset"].name]
        columns[alias.name] = dict(zip(names, kinds, strict=False))


class _Inference:
    """Types within one scope."""

    def __init__(self, columns: Mapping[str, Columns], done: Done) -> None:
        self._columns = columns
        self._done = done
        self._variables: dict[str, str | None] = {}

    def scope(self, scope: Scope) -> list[tuple[str, str | None]]:
        """Type all expressions of a query; returns the name and type of each output column."""
        expression = scope.expression
        if isinstance(expression, exp.SetOperation):
            left, right = (self._done.get(id(_body(side)), []) for side in (expression.left, expression.right))
            merged = [types.common((one[1], other[1])) for one, other in zip(left, right, strict=False)]
            return list(zip(expression.named_selects, merged, strict=False))
        if not isinstance(expression, exp.Select):
            return []
        for key, value in expression.args.items():
            if key in ("with_", "from_", "order"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, exp.Expression):
                    self.visit(child)
        outer = expression.parent
        names = expression.named_selects
        kinds = [type_of(projection) for projection in expression.selects]
        # A lone expression that is looked at, as a version's, has no name.
        self._order(
            expression, [(part.output_name, kind) for part, kind in zip(expression.selects, kinds, strict=True)]
        )
        if isinstance(outer, exp.Subquery | exp.CTE) and outer.alias_column_names:
            names = outer.alias_column_names
        return list(zip(names, kinds, strict=False))

    def _order(self, query: exp.Select, outputs: list[tuple[str, str | None]]) -> None:
        """Type ORDER BY, which may use the names that the outputs are given, inside expressions too."""
        order = query.args.get("order")
        if order is not None:
            self._variables = dict(outputs)
            self.visit(order)
            self._variables = {}

    def visit(self, node: exp.Expr) -> str | None:
        """The type of `node`, found after the types of all below it."""
        if isinstance(node, exp.Subquery | exp.Select | exp.SetOperation):
            outputs = self._done.get(id(_body(node)), [])
            return self._keep(node, outputs[0][1] if outputs else None)
        if isinstance(node, exp.Anonymous):
            return self._keep(node, self._call(node))
        if isinstance(node, exp.DataType | exp.Unnest):
            return None
        for child in node.iter_expressions():
            self.visit(child)
        return self._keep(node, self._plain(node))

    def _keep(self, node: exp.Expr, kind: str | None) -> str | None:
        node.meta[TYPE] = kind
        return kind

    def _call(self, node: exp.Anonymous) -> str | None:
        function = FUNCTIONS.get(node.name.lower())
        kinds: list[str | None] = []
        for argument in node.expressions:
            if isinstance(argument, exp.Lambda):
                kinds.append(self._lambda(argument, function.lambda_types(kinds) if function else []))
            else:
                inner = argument
                while isinstance(inner, exp.Order | exp.Distinct) and (inner.this or inner.expressions):
                    self.visit(inner)
                    inner = inner.this or inner.expressions[0]
                kinds.append(self.visit(argument) if inner is argument else self.visit(inner))
        if node.name.lower() == "at_timezone" and len(node.expressions) == len(("value", "zone")):
            return at_zone(kinds[0], node.expressions[1])
        return function.return_type(kinds) if function else None

    def _lambda(self, node: exp.Lambda, kinds: list[str | None]) -> str | None:
        names = [parameter.name for parameter in node.expressions]
        outer = dict(self._variables)
        self._variables |= dict(zip(names, kinds, strict=False))
        result = self.visit(node.this)
        self._variables = outer
        return self._keep(node, result)

    def _plain(self, node: exp.Expr) -> str | None:  # noqa: C901 - one flat list of node kinds
        if isinstance(node, exp.Column):
            return self._columns.get(node.table, {}).get(node.name, self._variables.get(node.name))
        if isinstance(node, exp.Identifier):
            return self._variables.get(node.name)
        if isinstance(node, exp.Literal):
            return literal_type(node)
        if isinstance(node, exp.Null):
            return "unknown"
        if isinstance(node, exp.Cast | exp.TryCast):
            return special_types.literal_type(node, from_data_type(node.args["to"]))
        if isinstance(node, _WRAPPERS):
            return type_of(node.this)
        if isinstance(node, _BOOLEAN):
            return "boolean"
        if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Mod):
            return types.arithmetic(type(node), type_of(node.this), type_of(node.expression))
        if isinstance(node, exp.DPipe):
            return types.common([type_of(node.this), type_of(node.expression)])
        if isinstance(node, exp.Case):
            return types.common([type_of(branch.args["true"]) for branch in node.args["ifs"]] + _default(node))
        if isinstance(node, exp.If):
            return types.common([type_of(node.args["true"]), *_else(node)])
        if isinstance(node, exp.Coalesce):
            return types.common([type_of(node.this), *(type_of(other) for other in node.expressions)])
        if isinstance(node, exp.Array):
            return f"array({types.common([type_of(item) for item in node.expressions]) or 'unknown'})"
        return other_type(node)


def _default(node: exp.Case) -> list[str | None]:
    default = node.args.get("default")
    return [type_of(default)] if default is not None else []


def _else(node: exp.If) -> list[str | None]:
    false = node.args.get("false")
    return [type_of(false)] if false is not None else []


def _body(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Subquery):
        node = node.this
    return node
