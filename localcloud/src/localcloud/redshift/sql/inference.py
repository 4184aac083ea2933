"""The Redshift type of every expression of a query, as far as it can be known.

Relations carry their columns in `meta[COLUMNS]` (see translate.py); each expression gets its type in `meta[KIND]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from localcloud.redshift.sql import expressions, kinds
from localcloud.redshift.sql.expressions import KIND, kind_of
from localcloud.redshift.sql.kinds import Kind

COLUMNS, ELEMENTS, PATH = "columns", "elements", "path"
"""Keys of `meta`: a relation's columns; whether a relation's rows are elements of a SUPER value; (relation, column,
fields) of a name that leads into one."""

Columns = list[tuple[str, Kind]]


@dataclass
class _Scope:
    """What names mean inside one SELECT: its relations, then its own output names, then the query around it."""

    ctes: Mapping[str, Columns]
    outer: _Scope | None = None
    relations: dict[str, Columns] = field(default_factory=dict)
    elements: set[str] = field(default_factory=set)
    outputs: dict[str, Kind] = field(default_factory=dict)

    def column(self, relation: str, name: str) -> tuple[bool, Kind]:
        """Whether the column was found, and its type."""
        if relation in self.elements:
            return relation == name, kinds.SUPER
        places = [self.relations[relation]] if relation in self.relations else []
        if not relation:
            places = list(self.relations.values())
        for columns in places:
            for column, kind in columns:
                if column == name:
                    return True, kind
        if not relation and name in self.outputs:
            return True, self.outputs[name]
        return self.outer.column(relation, name) if self.outer else (False, None)


def infer(query: exp.Expr) -> Columns:
    """Type every expression of a query whose relations are resolved; gives the names and types of its outputs."""
    return _query(query, {}, None)


def _query(node: exp.Expr, ctes: Mapping[str, Columns], outer: _Scope | None) -> Columns:
    clause = node.args.get("with_")
    if clause is not None:
        ctes = _with_ctes(clause, ctes, outer)
    if isinstance(node, exp.Subquery):
        found = node.meta.get(COLUMNS) or _query(node.this, ctes, outer)
        return _renamed(found, node)
    if isinstance(node, exp.SetOperation):
        left, right = _query(node.left, ctes, outer), _query(node.right, ctes, outer)
        scope = _Scope(ctes, outer)
        for key in ("order", "limit", "offset"):
            _visit_all(node.args.get(key), scope)
        return [(name, kinds.common((one, other))) for (name, one), (_, other) in zip(left, right, strict=False)]
    if isinstance(node, exp.Select):
        return _select(node, ctes, outer)
    if isinstance(node, exp.Values):
        return _values(node, _Scope(ctes, outer))
    _change(node, _Scope(ctes, outer))
    return []


def _change(node: exp.Expr, scope: _Scope) -> None:
    """A statement that changes rows: its expressions see the target and the other relations it names."""
    source, using = node.args.get("from_"), node.args.get("using")
    relations = [source.this] if source is not None else []
    relations += using if isinstance(using, list) else [using] if using else []
    if isinstance(node, (exp.Update, exp.Delete, exp.Merge)):
        relations.insert(0, node.this)
    for relation in relations:
        _add_relation(relation, scope)
    for key, value in node.args.items():
        if key not in ("with_", "from_", "using", "this"):
            _visit_all(value, scope)


def _with_ctes(clause: exp.With, ctes: Mapping[str, Columns], outer: _Scope | None) -> dict[str, Columns]:
    known = dict(ctes)
    for cte in clause.expressions:
        if clause.args.get("recursive") and isinstance(cte.this, exp.SetOperation):
            known[cte.alias] = _renamed(_query(cte.this.left, known, outer), cte)
        known[cte.alias] = _renamed(_query(cte.this, known, outer), cte)
    return known


def _renamed(columns: Columns, node: exp.Expr) -> Columns:
    alias = node.args.get("alias")
    names = [name.name for name in alias.args.get("columns") or []] if isinstance(alias, exp.TableAlias) else []
    return [(names[i] if i < len(names) else name, kind) for i, (name, kind) in enumerate(columns)]


def _values(node: exp.Values, scope: _Scope) -> Columns:
    rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
    found = [[_visit(item, scope) for item in row] for row in rows]
    merged = [kinds.common(column) for column in zip(*found, strict=False)]
    return _renamed([(f"column{i}", kind) for i, kind in enumerate(merged, 1)], node)


def _select(node: exp.Select, ctes: Mapping[str, Columns], outer: _Scope | None) -> Columns:
    scope = _Scope(ctes, outer)
    source = node.args.get("from_")
    joins = node.args.get("joins") or []
    laterals = node.args.get("laterals") or []
    for relation in [*([source.this] if source else []), *(join.this for join in joins), *laterals]:
        _add_relation(relation, scope)
    for join in joins:
        _visit_all([join.args.get("on")], scope)
    for projection in node.expressions:
        kind = _visit(projection, scope)
        if isinstance(projection, exp.Alias):
            scope.outputs.setdefault(projection.alias, kind)
    for key, value in node.args.items():
        if key not in ("with_", "from_", "joins", "laterals", "expressions"):
            _visit_all(value, scope)
    return _outputs(node, scope)


def _add_relation(node: exp.Expr, scope: _Scope) -> None:
    if isinstance(node, exp.Table):
        columns = node.meta.get(COLUMNS)
        if columns is None and not node.db:
            columns = scope.ctes.get(node.name)
        scope.relations[node.alias_or_name] = _renamed(columns or [], node)
        if isinstance(node.this, exp.Func):
            _visit_all(node.this.expressions, scope)
    elif isinstance(node, (exp.Subquery, exp.Values, exp.Lateral)):
        # A lateral join's query sees the relations before it.
        inner = node.this if isinstance(node, exp.Lateral) else node
        lateral = isinstance(node, exp.Lateral) or bool(node.meta.get(ELEMENTS))
        scope.relations[node.alias] = _renamed(_query(inner, scope.ctes, scope if lateral else scope.outer), node)
        if node.meta.get(ELEMENTS):
            scope.relations[node.alias][0] = (node.alias, kinds.SUPER)
    elif isinstance(node, exp.Paren):
        _add_relation(node.this, scope)
    if node.meta.get(ELEMENTS):
        scope.elements.add(node.alias_or_name)
    for join in node.args.get("joins") or []:
        _add_relation(join.this, scope)
        _visit_all([join.args.get("on")], scope)


def _outputs(node: exp.Select, scope: _Scope) -> Columns:
    found: Columns = []
    for projection in node.expressions:
        if isinstance(projection, exp.Star):
            found += _star(list(scope.relations.values()), projection)
        elif isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star):
            found += _star([scope.relations.get(projection.table, [])], projection.this)
        else:
            found.append((projection.alias_or_name, kind_of(projection)))
    return found


def _star(relations: Iterable[Columns], star: exp.Star) -> Columns:
    left_out = {item.name for item in star.args.get("except_") or []}
    return [(name, kind) for columns in relations for name, kind in columns if name not in left_out]


def _visit_all(value: object, scope: _Scope) -> None:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, exp.Expression):
            _visit(item, scope)


def _visit(node: exp.Expr, scope: _Scope) -> Kind:
    """The type of `node`, found after the types of all below it."""
    if isinstance(node, (exp.Query, exp.Subquery)):
        columns = _query(node, scope.ctes, scope)
        kind = columns[0][1] if columns else None
    else:
        for child in node.iter_expressions():
            if not isinstance(child, (exp.DataType, exp.Identifier)):
                _visit(child, scope)
        kind = _column(node, scope) if isinstance(node, exp.Column) else expressions.kind(node)
    node.meta[KIND] = kind
    return kind


def _column(node: exp.Column, scope: _Scope) -> Kind:
    """A column, perhaps with its schema before it, or a path into a SUPER column."""
    if isinstance(node.this, exp.Star):
        return None
    names = [part.name for part in node.parts]
    for relation, column, fields in _readings(names):
        found, kind = scope.column(relation, column)
        if found and fields and kind == kinds.SUPER:
            node.meta[PATH] = (relation, column, fields)
            return kind
        if found and not fields:
            node.set("db", None)
            node.set("catalog", None)
            return kind
    node.set("db", None)
    node.set("catalog", None)
    return None


def _readings(names: list[str]) -> list[tuple[str, str, list[str]]]:
    """(relation, column, fields) as a dotted name can be understood, the likeliest first."""
    if len(names) == 1:
        return [("", names[0], [])]
    plain: tuple[str, str, list[str]] = (names[-2], names[-1], [])
    element = (names[0], names[0], names[1:])
    return [plain, (names[0], names[1], names[2:]), element, ("", names[0], names[1:])]
