"""Materialized views: their rows are in a table `mv_tbl__<name>__0` of the same schema, as in Redshift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.lake.sql_text import identifier
from localcloud.redshift.engine import grants_checks, tables, views
from localcloud.redshift.engine.catalog import NewRelation, RelationEntry
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement, parse, split
from localcloud.redshift.sql.translate import fold_names, translate
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_PREFIX = "CREATE MATERIALIZED VIEW"


@dataclass
class _Declaration:
    """What stands before AS: the view's name, table attributes as written, and whether it refreshes by itself."""

    name: tuple[str, ...]
    attributes: list[str] = field(default_factory=list)
    auto_refresh: bool = False


def is_materialized(entry: RelationEntry) -> bool:
    return entry.kind == "v" and (entry.definition or "").startswith(_PREFIX)


def data_table(name: str) -> str:
    """The table behind a materialized view."""
    return f"mv_tbl__{name}__0"


def create(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """CREATE MATERIALIZED VIEW name [BACKUP …] [table attributes] [AUTO REFRESH YES|NO] AS query."""
    words = Words(statement.tokens)
    declared = _declaration(words)
    query = fold_names(parse(statement.text[statement.tokens[words.at].start :]))
    if len(declared.name) > 2 and declared.name[0] != session.database.name:
        raise unsupported("a materialized view in another database")
    name = declared.name[-1]
    schema = declared.name[-2] if len(declared.name) > 1 else session.names.creation_schema()
    session.catalog.require_schema(schema)
    if session.catalog.relation(schema, name) is not None:
        raise RedshiftError("42P07", f'Relation "{name}" already exists')
    views.qualify(session, query)
    _refuse_protected(session, query)
    text = query.sql(dialect="redshift", identify=True)
    session.names.used = []
    translate(parse(text), session.names)
    used = list(session.names.used)
    rows = f"create table {identifier(schema, data_table(name))} {' '.join(declared.attributes)} as {text}"
    tables.create(session, split(rows)[0], [])
    columns = session.catalog.columns(session.catalog.require(schema, data_table(name)).oid)
    definition = f"{_PREFIX} {identifier(schema, name)} AS {text}"
    shown = statement.text
    oid = session.catalog.add(
        NewRelation(schema, name, "v", columns, session.user, definition=definition, depends_on=used, shown=shown)
    )
    session.catalog.rows(
        "INSERT INTO {c}.materialized_views VALUES (?, ?, now() AT TIME ZONE 'UTC')", oid, declared.auto_refresh
    )
    return Result(_PREFIX)


def _refuse_protected(session: Session, query: exp.Expr) -> None:
    """Rows kept for everybody would get round a policy that shows each user their own."""
    for table in query.find_all(exp.Table):
        entry = session.catalog.relation(table.db, table.name) if table.db else None
        if entry is not None and entry.protection:
            raise unsupported("a materialized view over a table with row-level security")


def _declaration(words: Words) -> _Declaration:
    words.expect("CREATE", "MATERIALIZED", "VIEW")
    declared = _Declaration(words.dotted_name())
    if words.peek() == "(":
        raise unsupported("column names before AS in CREATE MATERIALIZED VIEW")
    while not words.accept("AS"):
        if words.accept("BACKUP"):
            _yes(words)
        elif words.accept("AUTO", "REFRESH"):
            declared.auto_refresh = _yes(words)
        elif words.peek() in ("DISTSTYLE", "DISTKEY", "SORTKEY", "COMPOUND", "INTERLEAVED"):
            declared.attributes.append(_attribute(words))
        else:
            raise words.error()
    return declared


def _yes(words: Words) -> bool:
    if words.accept("YES"):
        return True
    words.expect("NO")
    return False


def _attribute(words: Words) -> str:
    """`DISTSTYLE x`, `DISTKEY (a)`, `[COMPOUND|INTERLEAVED] SORTKEY (a, b)`."""
    parts = [words.next().text]
    if parts[0].upper() in ("DISTSTYLE", "COMPOUND", "INTERLEAVED"):
        parts.append(words.next().text)
    if words.peek() == "(":
        while parts[-1] != ")":
            parts.append(words.next().text)
    return " ".join(parts)


def refresh(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """REFRESH MATERIALIZED VIEW name [RESTRICT|CASCADE]: everything is computed anew."""
    words = Words(statement.tokens)
    words.expect("REFRESH", "MATERIALIZED", "VIEW")
    entry = _require(session, words.dotted_name())
    if words.accept("CASCADE"):
        raise unsupported("REFRESH MATERIALIZED VIEW … CASCADE")
    words.accept("RESTRICT")
    words.end()
    place = identifier(session.database.name, entry.schema, data_table(entry.name))
    query = translate(parse(entry.definition or "").expression, session.names)
    session.connection.execute(f"DELETE FROM {place}")  # noqa: S608
    session.connection.execute(f"INSERT INTO {place} {query}")
    session.catalog.rows(
        "UPDATE {c}.materialized_views SET refreshed_at = now() AT TIME ZONE 'UTC' WHERE relation_oid = ?", entry.oid
    )
    return Result("REFRESH")


def alter(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """ALTER MATERIALIZED VIEW name AUTO REFRESH YES|NO."""
    words = Words(statement.tokens)
    words.expect("ALTER", "MATERIALIZED", "VIEW")
    entry = _require(session, words.dotted_name())
    if not words.accept("AUTO", "REFRESH"):
        raise unsupported("ALTER MATERIALIZED VIEW of anything but AUTO REFRESH")
    value = _yes(words)
    words.end()
    session.catalog.rows("UPDATE {c}.materialized_views SET auto_refresh = ? WHERE relation_oid = ?", value, entry.oid)
    return Result("ALTER MATERIALIZED VIEW")


def drop(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """DROP MATERIALIZED VIEW [IF EXISTS] a, b [CASCADE|RESTRICT]."""
    words = Words(statement.tokens)
    words.expect("DROP", "MATERIALIZED", "VIEW")
    names, if_exists, cascade = views.drop_clause(words)
    for parts in names:
        schema, name = session.names.place_of(parts)
        if if_exists and session.catalog.relation(schema, name) is None:
            continue
        entry = _require(session, parts)
        views.drop_dependents(session, entry, cascade=cascade)
        views.remove(session, entry)
    return Result("DROP MATERIALIZED VIEW")


def _require(session: Session, parts: tuple[str, ...]) -> RelationEntry:
    schema, name = session.names.place_of(parts)
    entry = session.catalog.require(schema, name)
    if not is_materialized(entry):
        raise RedshiftError("42809", f'"{name}" is not a materialized view')
    grants_checks.require_owner(session, entry)
    return entry


def remove_data(session: Session, entry: RelationEntry) -> None:
    """Drop the rows of a materialized view that is being removed."""
    data = session.catalog.relation(entry.schema, data_table(entry.name))
    session.catalog.rows("DELETE FROM {c}.materialized_views WHERE relation_oid = ?", entry.oid)
    if data is not None:
        session.connection.execute(f"DROP TABLE {identifier(session.database.name, data.schema, data.name)}")
        session.catalog.remove(data.oid)
