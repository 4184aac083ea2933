"""ALTER TABLE of one column or constraint: RENAME, ADD, DROP, ENCODE and TYPE."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from localcloud.lake.sql_text import identifier
from localcloud.redshift.engine import views
from localcloud.redshift.engine.catalog import RelationEntry
from localcloud.redshift.engine.table_rebuilding import StoredColumn, change_columns
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.declarations import column_declaration
from localcloud.redshift.sql.types import byte_limit
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def require(session: Session, entry: RelationEntry, name: str) -> None:
    """Raise RedshiftError 42703 when the relation has no such column."""
    if name not in [column.name for column in session.catalog.columns(entry.oid)]:
        raise _missing(entry, name)


def _missing(entry: RelationEntry, name: str) -> RedshiftError:
    return RedshiftError("42703", f'column "{name}" of relation "{entry.name}" does not exist')


def rename(session: Session, entry: RelationEntry, words: Words) -> None:
    """`old TO new`; refused where a view, which keeps the names of the columns it reads, depends on the table."""
    old = words.name()
    words.expect("TO")
    new = words.name()
    words.end()
    require(session, entry, old)
    if session.catalog.dependents(entry.oid):
        raise unsupported("renaming a column that a bound view may read")
    change_columns(
        session,
        entry,
        f"RENAME COLUMN {identifier(old)} TO {identifier(new)}",
        lambda columns: [replace(column, name=new) if column.name == old else column for column in columns],
    )
    session.catalog.rows(
        "UPDATE {c}.columns SET column_name = ? WHERE relation_oid = ? AND column_name = ?", new, entry.oid, old
    )


def add(session: Session, entry: RelationEntry, words: Words, text: str) -> None:
    """`[COLUMN] name type …`, or a constraint; `text` is the whole statement's."""
    if words.peek() in ("PRIMARY", "UNIQUE", "CONSTRAINT", "FOREIGN"):
        declared = column_declaration("id int, " + text[words.next().start :])
        for constraint in declared.constraints:
            label = constraint.name or f"{entry.name}_{constraint.kind}key"
            session.catalog.add_constraint(entry.oid, constraint.kind, constraint.columns, constraint.definition, label)
        return
    words.accept("COLUMN")
    declared = column_declaration(text[words.next().start :])
    column = declared.columns[0]
    if column.name in [c.name for c in session.catalog.columns(entry.oid)]:
        raise RedshiftError("42701", f'column "{column.name}" of relation "{entry.name}" already exists')
    default = declared.defaults.get(column.name)
    if column.not_null and not default:
        raise RedshiftError(
            "0A000", "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression"
        )
    kind = declared.duckdb_type(column)
    added = StoredColumn(column.name, kind, True, default, default or "NULL")
    change_columns(
        session,
        entry,
        f"ADD COLUMN {identifier(column.name)} {kind}" + (f" DEFAULT {default}" if default else ""),
        lambda columns: [*columns, added],
    )
    last = session.catalog.rows("SELECT max(ordinal) FROM {c}.columns WHERE relation_oid = ?", entry.oid)[0][0]
    session.catalog.add_column(entry.oid, last + 1, column)


def drop(session: Session, entry: RelationEntry, words: Words) -> None:
    """`CONSTRAINT name` or `[COLUMN] name [CASCADE|RESTRICT]`."""
    if words.accept("CONSTRAINT"):
        session.catalog.rows(
            "DELETE FROM {c}.constraints WHERE relation_oid = ? AND constraint_name = ?", entry.oid, words.name()
        )
        return
    words.accept("COLUMN")
    name = words.name()
    cascade = words.accept("CASCADE")
    words.accept("RESTRICT")
    words.end()
    require(session, entry, name)
    views.drop_dependents(session, entry, cascade=cascade)
    change_columns(
        session,
        entry,
        f"DROP COLUMN {identifier(name)}",
        lambda columns: [column for column in columns if column.name != name],
    )
    session.catalog.rows("DELETE FROM {c}.columns WHERE relation_oid = ? AND column_name = ?", entry.oid, name)


def alter(session: Session, entry: RelationEntry, words: Words, text: str) -> None:
    """`name ENCODE encoding` or `name TYPE varchar(n)`, as long as no value is too long for it."""
    name = words.name()
    column = next((c for c in session.catalog.columns(entry.oid) if c.name == name), None)
    if column is None:
        raise _missing(entry, name)
    if words.accept("ENCODE"):
        encoding = words.next().text.lower()
        session.catalog.rows(
            "UPDATE {c}.columns SET encoding = ? WHERE relation_oid = ? AND column_name = ?", encoding, entry.oid, name
        )
        return
    words.expect("TYPE")
    kind = column_declaration(f"c {text[words.next().start :]}").columns[0].type_name
    if not (column.type_name.startswith("character varying") and kind.startswith("character varying")):
        raise RedshiftError(
            "0A000", f"ALTER COLUMN TYPE is only supported for VARCHAR columns, not from {column.type_name} to {kind}"
        )
    limit = byte_limit(kind)
    longest = session.connection.execute(
        f"SELECT max(strlen({identifier(name)})) FROM {identifier(session.database.name, entry.schema, entry.name)}"  # noqa: S608
    ).fetchone()
    if limit and longest and (longest[0] or 0) > limit:
        raise RedshiftError(
            "0A000", f"target column size should be different; a value of {longest[0]} bytes is longer than {kind}"
        )
    session.catalog.rows(
        "UPDATE {c}.columns SET type_name = ? WHERE relation_oid = ? AND column_name = ?", kind, entry.oid, name
    )
