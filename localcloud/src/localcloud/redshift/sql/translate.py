"""A Redshift query or DML statement to DuckDB: names folded and resolved, parameters bound, semantics kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlglot import ErrorLevel, exp
from sqlglot.errors import UnsupportedError

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql import functions, kinds, leader_syntax, pseudocolumns, super_values
from localcloud.redshift.sql.inference import COLUMNS, Columns, infer
from localcloud.redshift.sql.labels import label_projections
from localcloud.redshift.sql.nodes import BUILT
from localcloud.redshift.sql.pruning import conditions_on
from localcloud.redshift.sql.rewrites import rewrite

_SERIES = "generate_series"
_SINGLE_ROWS = frozenset(["current_database", "current_schema", "current_user", "version", "pg_backend_pid"])
"""Functions that can stand in FROM, as in PostgreSQL; drivers ask for the database so."""
_LATE_BINDING = "pg_get_late_binding_view_cols"
RESOLVED = "resolved"
"""Key of `meta`: what a table stands for, where that has been settled before names are resolved."""


@dataclass(frozen=True)
class Stored:
    """A table or system view that DuckDB has under this catalogue, schema and name."""

    catalog: str
    schema: str
    name: str
    columns: Columns = field(default_factory=list)


@dataclass(frozen=True)
class Derived:
    """A relation that stands for a query: a view or an external table, as DuckDB SQL.

    `with_pseudocolumns` is the query of an external table that gives them too.
    """

    query: str
    columns: Columns = field(default_factory=list)
    with_pseudocolumns: str = ""


@dataclass(frozen=True)
class UserFunction:
    """A SQL function: the types of its arguments and of its result, and `SELECT expression` over `$n`."""

    arguments: tuple[str, ...]
    returns: str
    body: exp.Expr


@dataclass(frozen=True)
class Translated:
    """DuckDB SQL, and the names and types of its columns where they are known."""

    sql: str
    columns: Columns


class Resolver(Protocol):
    """Finds what a name means to the session."""

    def resolve(self, parts: tuple[str, ...], conditions: Sequence[exp.Expr] = ()) -> Stored | Derived:
        """`parts` are lower-case, schema and database first; raises RedshiftError 42P01.

        Rows that don't meet `conditions`, which are on bare column names, may be left out.
        """
        ...

    def function(self, schema: str, name: str, count: int) -> UserFunction | None:
        """The user's function that a call with `count` arguments means; `schema` may be ''."""
        ...

    def authorize(self, tree: exp.Expr) -> None:
        """Raises RedshiftError 42501 for what the user may not do; keeps hidden rows out of what it changes."""
        ...


_MAX_CALL_DEPTH = 20


def bind(tree: exp.Expr, parameters: Sequence[exp.Expr]) -> exp.Expr:
    """A copy of `tree` with `$n` replaced by the n-th literal; raises RedshiftError 42P02 for a missing one."""

    def replace(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Parameter) and node.this.name.isdigit():
            number = int(node.this.name)
            if not 0 < number <= len(parameters):
                raise RedshiftError("42P02", f"there is no parameter ${number}")
            return parameters[number - 1].copy()
        return node

    return tree.transform(replace) if tree.find(exp.Parameter) else tree.copy()


def fold_names(tree: exp.Expr) -> exp.Expr:
    """Lower-case every identifier, quoted or not, as Redshift does by default. Changes and returns `tree`."""
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", identifier.this.lower())
        identifier.set("quoted", True)
    return tree


def translate(tree: exp.Expr, resolver: Resolver) -> str:
    """DuckDB SQL for a bound statement; see translate_typed."""
    return translate_typed(tree, resolver).sql


def translate_typed(tree: exp.Expr, resolver: Resolver) -> Translated:
    """DuckDB SQL for a bound statement, and its columns when it is a query. Changes `tree`.

    Raises RedshiftError: 42P01 for an unknown relation, 0A000 for what can't be done faithfully.
    """
    fold_names(tree)
    label_projections(tree)
    tree = leader_syntax.rewrite(tree)
    tree = _expand_functions(tree, resolver)
    super_values.iterate(tree)
    resolver.authorize(tree)
    _resolve_tables(tree, resolver)
    columns = infer(tree)
    return Translated(to_duckdb(rewrite(tree)), columns)


def _expand_functions(tree: exp.Expr, resolver: Resolver) -> exp.Expr:
    """Put the expression of each user-defined function in the place of its calls."""
    for _ in range(_MAX_CALL_DEPTH):
        calls = [node for node in tree.find_all(exp.Anonymous) if not functions.is_known(node.name.lower())]
        changed = False
        for node in calls:
            schema = node.parent.this.name if isinstance(node.parent, exp.Dot) else ""
            found = resolver.function(schema, node.name.lower(), len(node.expressions))
            if found is None or node.meta.get(BUILT):
                continue
            changed = True
            (node.parent if schema else node).replace(_inlined(found, node))  # type: ignore[union-attr]
        if not changed:
            return tree
    raise RedshiftError("54001", "user-defined functions call each other too deeply")


def _inlined(function: UserFunction, call: exp.Anonymous) -> exp.Expr:
    arguments = [
        exp.Cast(this=argument.copy(), to=exp.DataType.build(kind, dialect="redshift"))
        for argument, kind in zip(call.expressions, function.arguments, strict=True)
    ]
    value = fold_names(bind(function.body, arguments)).expressions[0].unalias()
    to = exp.DataType.build(function.returns, dialect="redshift")
    return exp.Cast(this=exp.Paren(this=value), to=to)


def to_duckdb(tree: exp.Expr) -> str:
    """The text of an already translated tree; refuses what sqlglot can't express in DuckDB."""
    try:
        return tree.sql(dialect="duckdb", identify=True, unsupported_level=ErrorLevel.RAISE, copy=False)
    except UnsupportedError as error:
        raise unsupported(str(error).splitlines()[0]) from error


def _resolve_tables(tree: exp.Expr, resolver: Resolver) -> None:
    show_hidden = pseudocolumns.named(tree)
    for table in list(tree.find_all(exp.Table)):
        if isinstance(table.this, exp.Anonymous) and table.this.name.lower() == _LATE_BINDING:
            _name_columns(table)
            _replace(table, resolver.resolve((_LATE_BINDING,)))
        elif isinstance(table.this, exp.Identifier) and not is_cte(table):
            parts = tuple(part.name for part in table.parts)
            relation = table.meta.get(RESOLVED) or resolver.resolve(parts, conditions_on(table))
            _replace(table, relation, show_hidden=show_hidden)
        elif isinstance(table.this, exp.Func):
            name = str(table.this.name if isinstance(table.this, exp.Anonymous) else table.this.sql_name()).lower()
            if name in _SINGLE_ROWS:
                _select_from(table, name)
                continue
            if name != _SERIES:
                raise RedshiftError(
                    "42883", f"table function {name} does not exist or is not supported by the local cloud"
                )
            table.meta[COLUMNS] = [(_SERIES, kinds.BIGINT)]
    if show_hidden:
        pseudocolumns.hide(tree)


def _select_from(table: exp.Table, name: str) -> None:
    """A function of one value in FROM is a row with that value, under the function's name."""
    alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name, quoted=True))
    row = exp.select(exp.alias_(table.this.copy(), name, quoted=True))
    table.replace(exp.Subquery(this=row, alias=alias))


def _name_columns(table: exp.Table) -> None:
    """A column definition list, `cols(view_schema name, …)`, becomes a list of names."""
    table.set("this", exp.to_identifier(_LATE_BINDING, quoted=True))
    alias = table.args.get("alias")
    if alias is not None:
        alias.set(
            "columns", [exp.to_identifier(column.name, quoted=True) for column in alias.args.get("columns") or []]
        )


def _replace(table: exp.Table, relation: Stored | Derived, *, show_hidden: bool = False) -> None:
    alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
    if isinstance(relation, Stored):
        renamed = relation.name != table.name
        table.meta[COLUMNS] = relation.columns
        table.set("catalog", exp.to_identifier(relation.catalog, quoted=True))
        table.set("db", exp.to_identifier(relation.schema, quoted=True))
        table.set("this", exp.to_identifier(relation.name, quoted=True))
        if renamed:
            table.set("alias", alias)
        return
    hiding = bool(show_hidden and relation.with_pseudocolumns)
    query = relation.with_pseudocolumns if hiding else relation.query
    replacement = exp.Subquery(this=exp.Var(this=query), alias=alias)
    replacement.meta[pseudocolumns.HIDING] = hiding
    for key in ("joins", "sample", "pivots"):
        if table.args.get(key):
            replacement.set(key, table.args[key])
    replacement.meta[COLUMNS] = relation.columns
    table.replace(replacement)


def is_cte(table: exp.Table) -> bool:
    """Whether the name means a CTE that is in scope here."""
    if table.args.get("db"):
        return False
    inside: exp.Expr = table
    node = table.parent
    while node is not None:
        clause = node if isinstance(node, exp.With) else node.args.get("with_")
        if clause is not None and clause is not inside and _visible(clause, inside, table.name):
            return True
        inside, node = node, node.parent
    return False


def _visible(clause: exp.With, inside: exp.Expr, name: str) -> bool:
    """A CTE sees those before it, and itself when the clause is recursive."""
    for cte in clause.expressions:
        if cte is inside:
            return bool(clause.args.get("recursive")) and cte.alias == name
        if cte.alias == name:
            return True
    return False
