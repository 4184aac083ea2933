"""CREATE VIEW and DROP VIEW. A view is kept as its Redshift text and put into each query that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine import grants_checks, materialized
from localcloud.redshift.engine.catalog import CatalogColumn, NewRelation, RelationEntry
from localcloud.redshift.engine.result import Result, columns_of
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement, parse
from localcloud.redshift.sql.translate import is_cte, translate_typed
from localcloud.redshift.sql.types import of_typed_result
from localcloud.redshift.sql.view_texts import shown
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def create(session: Session, statement: Statement, parameters: Sequence[exp.Expr]) -> Result:
    """CREATE [OR REPLACE] VIEW name [(columns)] AS query [WITH NO SCHEMA BINDING]."""
    tree = session.folded(statement, parameters)
    if not isinstance(tree, exp.Create) or tree.expression is None:
        raise RedshiftError("42601", "syntax error in CREATE VIEW")
    late = _is_late_binding(tree)
    table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    renamed = [e.name for e in tree.this.expressions] if isinstance(tree.this, exp.Schema) else []
    schema = table.db or session.names.creation_schema()
    _require_place(session, table, schema)
    query = tree.expression.unnest() if isinstance(tree.expression, exp.Subquery) else tree.expression
    qualify(session, query, late=late)
    named = _with_names(query, renamed)
    definition = named.sql(dialect="redshift", identify=True)
    columns, used = ([], []) if late else _bound_columns(session, definition)
    existing = session.catalog.relation(schema, table.name)
    if existing is not None:
        if not tree.args.get("replace"):
            raise RedshiftError("42P07", f'Relation "{table.name}" already exists')
        if existing.kind != "v":
            raise RedshiftError("42809", f'"{table.name}" is not a view')
        grants_checks.require_owner(session, existing)
        session.catalog.remove(existing.oid)
    session.catalog.add(
        NewRelation(
            schema,
            table.name,
            "v",
            columns,
            session.user,
            definition=definition,
            late_binding=late,
            depends_on=used,
            shown=statement.text if late else shown(named),
        )
    )
    return Result("CREATE VIEW")


def _is_late_binding(tree: exp.Create) -> bool:
    if tree.args.get("no_schema_binding"):
        return True
    properties = tree.args["properties"].expressions if tree.args.get("properties") else []
    return any("SCHEMA BINDING" in item.sql(dialect="redshift").upper() for item in properties)


def _require_place(session: Session, table: exp.Table, schema: str) -> None:
    if table.catalog and table.catalog != session.database.name:
        raise unsupported(f'creating a view in another database, "{table.catalog}",')
    if session.catalog.external_schema(schema):
        raise RedshiftError("42809", f'"{schema}" is an external schema: a view can\'t be created in it')
    session.catalog.require_schema(schema)
    if not grants_checks.has_system_privilege(session, session.user, "create table"):
        grants_checks.require_schema(session, schema, "create")


def _bound_columns(session: Session, definition: str) -> tuple[list[CatalogColumn], list[int]]:
    session.names.used, session.names.external = [], False
    tree = parse(definition)
    texts = [_literal_type(projection) for projection in tree.selects] if isinstance(tree, exp.Select) else []
    translated = translate_typed(tree, session.names)
    if session.names.external:
        raise RedshiftError("0A000", "External tables are not supported in views (use WITH NO SCHEMA BINDING)")
    found = columns_of(((c.name, c.type) for c in session.query_columns(translated.sql)), translated.columns)
    kinds = [of_typed_result(column.declared or None, column.type).name for column in found]
    if len(texts) == len(kinds):
        kinds = [text or kind for text, kind in zip(texts, kinds, strict=True)]
    return [CatalogColumn(column.name, kind) for column, kind in zip(found, kinds, strict=True)], session.names.used


def _literal_type(projection: exp.Expr) -> str:
    """The type of a view's column that is a text as written, which is as long as the text; '' for any other."""
    value = projection.unalias()
    return f"character varying({max(1, len(value.name.encode()))})" if value.is_string else ""


def _with_names(query: exp.Expr, names: Sequence[str]) -> exp.Expr:
    if not names:
        return query
    alias = exp.TableAlias(
        this=exp.to_identifier("v", quoted=True), columns=[exp.to_identifier(n, quoted=True) for n in names]
    )
    return exp.select("*").from_(exp.Subquery(this=query, alias=alias))


def qualify(session: Session, query: exp.Expr, *, late: bool = False) -> None:
    """Write the schema before every table name, as the search path finds it now."""
    for table in list(query.find_all(exp.Table)):
        if not late and table.catalog and table.catalog != session.database.name:
            raise unsupported("a view over another database, unless it is made WITH NO SCHEMA BINDING,")
        if table.db or not isinstance(table.this, exp.Identifier) or is_cte(table):
            continue
        if late:
            raise RedshiftError("42P01", f'"{table.name}" must be schema-qualified in a view WITH NO SCHEMA BINDING')
        schema, _ = session.names.place(table)
        if schema == "pg_temp":
            raise unsupported("a view over a temporary table")
        table.set("db", exp.to_identifier(schema, quoted=True))


def drop(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """DROP VIEW [IF EXISTS] a, b [CASCADE|RESTRICT]."""
    words = Words(statement.tokens)
    words.expect("DROP", "VIEW")
    names, if_exists, cascade = drop_clause(words)
    for parts in names:
        schema, name = session.names.place_of(parts)
        entry = session.catalog.relation(schema, name)
        if entry is None and if_exists:
            continue
        if entry is None:
            raise RedshiftError("42P01", f'View "{name}" does not exist')
        if entry.kind != "v" or materialized.is_materialized(entry):
            raise RedshiftError("42809", f'"{name}" is not a view')
        grants_checks.require_owner(session, entry, "drop")
        drop_dependents(session, entry, cascade=cascade)
        session.catalog.remove(entry.oid)
    return Result("DROP VIEW")


def drop_clause(words: Words) -> tuple[list[tuple[str, ...]], bool, bool]:
    """`[IF EXISTS] name [, …] [CASCADE|RESTRICT]` as (names, if exists, cascade)."""
    if_exists = words.accept("IF", "EXISTS")
    names = [words.dotted_name()]
    while words.accept(","):
        names.append(words.dotted_name())
    cascade = words.accept("CASCADE")
    if not cascade:
        words.accept("RESTRICT")
    words.end()
    return names, if_exists, cascade


def drop_dependents(session: Session, entry: RelationEntry, *, cascade: bool) -> None:
    """Remove the bound views that read `entry`; raises RedshiftError 2BP01 without CASCADE."""
    dependents = session.catalog.dependents(entry.oid)
    if dependents and not cascade:
        kind = "table" if entry.kind == "r" else "view"
        raise RedshiftError(
            "2BP01",
            f"cannot drop {kind} {entry.name} because other objects depend on it",
            f"view {dependents[0].name} depends on {kind} {entry.name}. Use DROP ... CASCADE to drop it too.",
        )
    for view in dependents:
        drop_dependents(session, view, cascade=True)
        remove(session, view)


def remove(session: Session, view: RelationEntry) -> None:
    """Take a view, and the rows of a materialized one, out of the catalogue."""
    if materialized.is_materialized(view):
        materialized.remove_data(session, view)
    session.catalog.remove(view.oid)


def follow_rename(session: Session, entry: RelationEntry, new_name: str) -> None:
    """Bound views keep reading a renamed relation."""
    for view in session.catalog.dependents(entry.oid):
        tree = parse(view.definition or "")
        for table in tree.find_all(exp.Table):
            if (table.db, table.name) == (entry.schema, entry.name) and not is_cte(table):
                if not table.alias:
                    table.set("alias", exp.TableAlias(this=exp.to_identifier(entry.name, quoted=True)))
                table.set("this", exp.to_identifier(new_name, quoted=True))
        session.catalog.rows(
            "UPDATE {c}.relations SET definition = ? WHERE oid = ?",
            tree.sql(dialect="redshift", identify=True),
            view.oid,
        )
        if not materialized.is_materialized(view):
            session.catalog.rows("UPDATE {c}.view_texts SET shown = ? WHERE relation_oid = ?", shown(tree), view.oid)
