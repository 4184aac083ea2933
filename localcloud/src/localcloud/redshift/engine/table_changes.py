"""ALTER TABLE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.lake.sql_text import identifier
from localcloud.redshift.engine import (
    external_entries,
    external_tables,
    grants_checks,
    policies,
    policies_statements,
    views,
)
from localcloud.redshift.engine.catalog import RelationEntry
from localcloud.redshift.engine.result import Result
from localcloud.redshift.engine.table_rebuilding import StoredColumn, change_columns
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.declarations import column_declaration
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.types import byte_limit
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def alter(session: Session, statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """RENAME, ADD/DROP/ALTER COLUMN, ADD/DROP CONSTRAINT, APPEND FROM, OWNER TO and the distribution clauses."""
    words = Words(statement.tokens)
    words.expect("ALTER", "TABLE")
    parts = words.dotted_name()
    schema, name = session.names.place(exp.table_(*parts[::-1]))
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
        _rename_column(session, entry, words)
    elif entry.kind == "v":
        _alter_owner(session, entry, words)
    elif words.accept("APPEND", "FROM"):
        _append(session, entry, words.dotted_name())
    elif words.accept("ADD"):
        _add(session, entry, words, text)
    elif words.accept("DROP"):
        _drop(session, entry, words)
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


def _rename_column(session: Session, entry: RelationEntry, words: Words) -> None:
    old = words.name()
    words.expect("TO")
    new = words.name()
    words.end()
    _require_column(session, entry, old)
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


def _require_column(session: Session, entry: RelationEntry, name: str) -> None:
    if name not in [column.name for column in session.catalog.columns(entry.oid)]:
        raise RedshiftError("42703", f'column "{name}" of relation "{entry.name}" does not exist')


def _append(session: Session, entry: RelationEntry, source_parts: tuple[str, ...]) -> None:
    """Move all rows of a table with the same columns; Redshift commits it by itself, here it is transactional."""
    schema, name = session.names.place(exp.table_(*source_parts[::-1]))
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


def _add(session: Session, entry: RelationEntry, words: Words, text: str) -> None:
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


def _drop(session: Session, entry: RelationEntry, words: Words) -> None:
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
    _require_column(session, entry, name)
    views.drop_dependents(session, entry, cascade=cascade)
    change_columns(
        session,
        entry,
        f"DROP COLUMN {identifier(name)}",
        lambda columns: [column for column in columns if column.name != name],
    )
    session.catalog.rows("DELETE FROM {c}.columns WHERE relation_oid = ? AND column_name = ?", entry.oid, name)


def _alter(session: Session, entry: RelationEntry, words: Words, text: str) -> None:
    if words.accept("COLUMN"):
        _alter_column(session, entry, words, text)
    elif words.accept("DISTSTYLE", "KEY", "DISTKEY") or words.accept("DISTKEY"):
        key = _names(words)[0]
        _require_column(session, entry, key)
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
            _require_column(session, entry, key)
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


def _alter_column(session: Session, entry: RelationEntry, words: Words, text: str) -> None:
    name = words.name()
    column = next((c for c in session.catalog.columns(entry.oid) if c.name == name), None)
    if column is None:
        raise RedshiftError("42703", f'column "{name}" of relation "{entry.name}" does not exist')
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
        f"SELECT max(strlen({identifier(name)})) FROM {_table(session, entry)}"  # noqa: S608
    ).fetchone()
    if limit and longest and (longest[0] or 0) > limit:
        raise RedshiftError(
            "0A000", f"target column size should be different; a value of {longest[0]} bytes is longer than {kind}"
        )
    session.catalog.rows(
        "UPDATE {c}.columns SET type_name = ? WHERE relation_oid = ? AND column_name = ?", kind, entry.oid, name
    )


def _alter_owner(session: Session, entry: RelationEntry, words: Words) -> None:
    if not words.accept("OWNER", "TO"):
        raise unsupported("this form of ALTER TABLE")
    owner = words.name()
    words.end()
    session.catalog.rows("UPDATE {c}.relations SET owner = ? WHERE oid = ?", owner, entry.oid)
