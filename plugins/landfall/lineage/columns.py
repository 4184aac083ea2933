"""The origins of a query's columns, read from its syntax tree.

sqlglot qualifies the query (stars are expanded by a schema, every column gets its source) and finds its scopes; here
each column is followed through them. sqlglot's own `lineage` names the columns too, but not whether a value passes on
or only decides, as a condition or a window does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from landfall.lineage.origins import How, Origin, QueryColumns, Way, distinct

_CHANGED = Way(How.TRANSFORMATION)
_DECIDES = Way(How.CONDITIONAL)
_HASHES = ("md5", "sha", "hmac_", "fnv_hash", "xxhash", "murmur")
"""How the names of functions begin that make a digest, in the engines as in sqlglot."""

Schema = Mapping[str, Mapping[str, Iterable[str]]]
"""Database -> table -> its columns in order: what a star is expanded by."""


def query_columns(sql: str | exp.Expr, *, dialect: str, schema: Schema) -> QueryColumns:
    """Return the result columns of a query in `dialect` (`athena`, `redshift`) with their origins.

    Raises sqlglot.errors.SqlglotError for what it cannot parse, ValueError for what is no query.
    """
    tree = parse_one(sql, dialect=dialect) if isinstance(sql, str) else sql.copy()
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)
    types: dict[str, object] = {
        name: {table: dict.fromkeys(columns, "unknown") for table, columns in tables.items()}
        for name, tables in schema.items()
    }
    qualified = qualify(
        tree,
        dialect=dialect,
        schema=types,
        quote_identifiers=False,
        validate_qualify_columns=False,
    )
    root = build_scope(qualified)
    if root is None or not isinstance(qualified, exp.Query):
        raise ValueError(f"no query: {type(tree).__name__}")
    walk = _Walk()
    names = [name for name in qualified.named_selects if name != "*"]
    return QueryColumns(
        fields={name: walk.column(root, name) for name in names},
        rows=distinct(walk.rows(root)),
        tables=tuple(sorted(set(_tables(root)))),
    )


def _tables(root: Scope) -> Iterator[str]:
    for scope in root.traverse():
        yield from (_table(source) for source in scope.sources.values() if isinstance(source, exp.Table))


def _table(source: exp.Table) -> str:
    return f"{source.db}.{source.name}"


class _Walk:
    """One way through the scopes of a query; what was found of a scope's column is kept."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], tuple[Origin, ...]] = {}
        self._seen: set[int] = set()

    def column(self, scope: Scope, name: str) -> tuple[Origin, ...]:
        """Return the origins of the result column `name` of a scope."""
        key = (id(scope), name)
        if key not in self._known:
            self._known[key] = ()  # a recursive CTE asks for itself
            self._known[key] = distinct(self._find(scope, name))
        return self._known[key]

    def rows(self, scope: Scope) -> Iterator[Origin]:
        """Yield the origins that decide which rows a scope, and all it reads, has."""
        if id(scope) in self._seen:
            return
        self._seen.add(id(scope))
        for part, how in _deciding(scope.expression):
            yield from (origin.then(Way(how)) for origin in self._origins(part, scope))
        for source in scope.sources.values():
            if isinstance(source, Scope):
                yield from self.rows(source)
        for child in (*scope.set_operation_scopes, *scope.subquery_scopes):
            yield from self.rows(child)

    def _find(self, scope: Scope, name: str) -> Iterator[Origin]:
        tree = scope.expression
        if isinstance(tree, exp.SetOperation):
            place = tree.named_selects.index(name)
            for part in scope.set_operation_scopes:
                yield from self.column(part, _names(part.expression)[place])
        elif isinstance(tree, exp.Query):
            for projection in tree.selects:
                if projection.alias_or_name == name:
                    yield from self._origins(projection.unalias(), scope)
        else:  # a table function: each of its columns is made of all that it is given
            yield from (origin.then(_CHANGED) for origin in self._origins(tree, scope))

    def _origins(self, tree: exp.Expr, scope: Scope) -> Iterator[Origin]:
        """Yield the origins of an expression's value."""
        if isinstance(tree, exp.Column):
            yield from self._source(tree, scope)
        elif isinstance(tree, exp.Query):
            yield from self._subquery(tree, scope)
        else:
            for part, way in _parts(tree):
                yield from (origin.then(way) for origin in self._origins(part, scope))

    def _source(self, column: exp.Column, scope: Scope) -> Iterator[Origin]:
        if not column.table:  # ORDER BY names a column of the result
            yield from self.column(scope, column.name)
            return
        source = scope.sources.get(column.table)
        if isinstance(source, Scope):
            yield from self.column(source, column.name)
        elif isinstance(source, exp.Table):
            yield Origin(table=_table(source), column=column.name)

    def _subquery(self, query: exp.Query, scope: Scope) -> Iterator[Origin]:
        inner = query.unnest() if isinstance(query, exp.Subquery) else query
        for child in scope.subquery_scopes:
            if child.expression is inner:
                for name in _names(inner):
                    yield from self.column(child, name)


def _names(tree: exp.Expr) -> list[str]:
    return tree.named_selects if isinstance(tree, exp.Query) else []


def _parts(tree: exp.Expr) -> Iterator[tuple[exp.Expr, Way]]:
    """Yield the parts of an expression and what becomes of the value of each."""
    if isinstance(tree, (exp.Alias, exp.Paren)):
        yield tree.this, Way()
    elif isinstance(tree, exp.Case):
        yield from _case_parts(tree)
    elif isinstance(tree, exp.If):
        yield tree.this, _DECIDES
        yield from ((tree.args[name], _CHANGED) for name in ("true", "false") if tree.args.get(name))
    elif isinstance(tree, exp.Window):
        yield tree.this, Way()
        yield from _window_parts(tree)
    elif isinstance(tree, exp.Filter):
        yield tree.this, Way()
        yield tree.expression, _DECIDES
    else:
        way = _way_through(tree)
        yield from ((part, way) for part in tree.iter_expressions())


def _case_parts(tree: exp.Case) -> Iterator[tuple[exp.Expr, Way]]:
    if tree.this:
        yield tree.this, _DECIDES
    for branch in tree.args["ifs"]:
        yield branch.this, _DECIDES
        yield branch.args["true"], _CHANGED
    if tree.args.get("default"):
        yield tree.args["default"], _CHANGED


def _window_parts(tree: exp.Window) -> Iterator[tuple[exp.Expr, Way]]:
    for part in (*tree.args.get("partition_by", ()), tree.args.get("order")):
        if part is not None:
            yield part, Way(How.WINDOW)


def _way_through(tree: exp.Expr) -> Way:
    """Return what a function or operator does to each of its arguments."""
    name = tree.name.lower() if isinstance(tree, exp.Anonymous) else tree.key
    if isinstance(tree, exp.Func) and name.startswith(_HASHES):
        return Way(How.TRANSFORMATION, masking=True)
    if isinstance(tree, exp.Count):
        return Way(How.AGGREGATION, masking=True)
    if isinstance(tree, exp.AggFunc) and not isinstance(tree, _RANKED):
        return Way(How.AGGREGATION)
    return _CHANGED


_RANKED = (exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue)
"""One row's value is taken, nothing is put together; sqlglot has them among the aggregates."""


def _deciding(tree: exp.Expr) -> Iterator[tuple[exp.Expr, How]]:
    """Yield the parts of a SELECT that decide its rows."""
    clauses = {
        "where": How.FILTER,
        "having": How.FILTER,
        "qualify": How.FILTER,
        "group": How.GROUP_BY,
        "order": How.SORT,
    }
    for name, how in clauses.items():
        if tree.args.get(name):
            yield tree.args[name], how
    for join in tree.args.get("joins") or ():
        if join.args.get("on"):
            yield join.args["on"], How.JOIN
