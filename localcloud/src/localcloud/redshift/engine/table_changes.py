"""ALTER TABLE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.lake.sql_text import identifier
from localcloud.redshift.engine import (
    column_changes,
    external_entries,
    external_tables,
    grants_checks,
    policies,
    policies_statements,
    views,
)
from localcloud.redshift.engine.catalog import RelationEntry
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def alter(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """RENAME, ADD/DROP/ALTER COLUMN, ADD/DROP CONSTRAINT, APPEND FROM, OWNER TO and the distribution clauses."""
    words = Words(statement.tokens)
    words.expect("ALTER", "TABLE")
    parts = words.dotted_name()
    schema, name = session.names.place_of(parts)
    if schema == "pg_temp":
        raise unsupported("ALTER TABLE of a temporary table")
    database = external_entries.external_database(session, schema, name)
    if database is not None:
        external_tables.alter(session, schema, name, database, words, statement.text)
        return Result("ALTER TABLE")
    entry = session.catalog.require(schema, name)
    if words.accept("ROW", "LEVEL", "SECURITY"):
        policies_statements.set_protection(session, entry, words)
    else:
        grants_checks.require_owner(session, entry, "alter", "alter table")
        _change(session, entry, words, statement.text)
    return Result("ALTER TABLE")


def _change(session: Session, entry: RelationEntry, words: Words, text: str) -> None:
    if words.accept("RENAME", "TO"):
        _rename(session, entry, words)
    elif words.accept("RENAME"):
        words.accept("COLUMN")
        column_changes.rename(session, entry, words)
    elif entry.kind == "v":
        _alter_owner(session, entry, words)
    elif words.accept("APPEND", "FROM"):
        _append(session, entry, words.dotted_name())
    elif words.accept("ADD"):
        column_changes.add(session, entry, words, text)
    elif words.accept("DROP"):
        column_changes.drop(session, entry, words)
    elif words.accept("ALTER"):
        _alter(session, entry, words, text)
    else:
        _alter_owner(session, entry, words)


def _table(session: Session, entry: RelationEntry) -> str:
    return identifier(session.database.name, entry.schema, entry.name)


def _rename(session: Session, entry: RelationEntry, words: Words) -> None:
    new = words.name()
    words.end()
    if session.catalog.relation(entry.schema, new):
        raise RedshiftError("42P07", f'Relation "{new}" already exists')
    if entry.kind == "r":
        session.connection.execute(f"ALTER TABLE {_table(session, entry)} RENAME TO {identifier(new)}")
    session.catalog.rows("UPDATE {c}.relations SET relation_name = ? WHERE oid = ?", new, entry.oid)
    views.follow_rename(session, entry, new)


def _append(session: Session, entry: RelationEntry, source_parts: tuple[str, ...]) -> None:
    """Move all rows of a table with the same columns; Redshift commits it by itself, here it is transactional."""
    schema, name = session.names.place_of(source_parts)
    source = session.catalog.require(schema, name)
    grants_checks.require_owner(session, source)
    if policies.visible_rows(session, source) is not None:
        raise RedshiftError("42501", f'permission denied: IGNORE RLS is required to append from "{name}"')
    here = [(c.name, c.type_name) for c in session.catalog.columns(entry.oid)]
    there = [(c.name, c.type_name) for c in session.catalog.columns(source.oid)]
    if sorted(here) != sorted(there):
        raise RedshiftError("0A000", f'columns of "{source.name}" and "{entry.name}" must be the same to APPEND')
    names = ", ".join(identifier(column) for column, _ in here)
    session.connection.execute(
        f"INSERT INTO {_table(session, entry)} ({names}) SELECT {names} FROM {_table(session, source)}"  # noqa: S608
    )
    session.connection.execute(f"DELETE FROM {_table(session, source)}")  # noqa: S608


def _alter(session: Session, entry: RelationEntry, words: Words, text: str) -> None:
    if words.accept("COLUMN"):
        column_changes.alter(session, entry, words, text)
    elif words.accept("DISTSTYLE", "KEY", "DISTKEY") or words.accept("DISTKEY"):
        key = _names(words)[0]
        column_changes.require(session, entry, key)
        session.catalog.rows(
            "UPDATE {c}.columns SET is_distkey = (column_name = ?) WHERE relation_oid = ?", key, entry.oid
        )
        session.catalog.rows("UPDATE {c}.relations SET diststyle = 'KEY' WHERE oid = ?", entry.oid)
    elif words.accept("DISTSTYLE"):
        style = words.next().text.upper()
        if style not in ("EVEN", "ALL", "AUTO"):
            raise words.error()
        session.catalog.rows(
            "UPDATE {c}.relations SET diststyle = ? WHERE oid = ?", "AUTO(ALL)" if style == "AUTO" else style, entry.oid
        )
    elif words.accept("COMPOUND", "SORTKEY") or words.accept("SORTKEY"):
        keys = [] if words.peek() in ("AUTO", "NONE") else _names(words)
        session.catalog.rows("UPDATE {c}.columns SET sortkey = 0 WHERE relation_oid = ?", entry.oid)
        for place, key in enumerate(keys, 1):
            column_changes.require(session, entry, key)
            session.catalog.rows(
                "UPDATE {c}.columns SET sortkey = ? WHERE relation_oid = ? AND column_name = ?", place, entry.oid, key
            )
    else:
        raise unsupported("this form of ALTER TABLE")


def _names(words: Words) -> list[str]:
    words.accept("(")
    names = [words.name()]
    while words.accept(","):
        names.append(words.name())
    words.accept(")")
    return names


def _alter_owner(session: Session, entry: RelationEntry, words: Words) -> None:
    if not words.accept("OWNER", "TO"):
        raise unsupported("this form of ALTER TABLE")
    owner = words.name()
    words.end()
    session.catalog.rows("UPDATE {c}.relations SET owner = ? WHERE oid = ?", owner, entry.oid)
