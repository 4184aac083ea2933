"""CREATE SCHEMA and DROP SCHEMA (local and external)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.lake.sql_text import identifier
from localcloud.redshift.engine import external, grants_checks, user_functions
from localcloud.redshift.engine.catalog_tables import HIDDEN_SCHEMA
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_SYSTEM_SCHEMAS = frozenset({HIDDEN_SCHEMA, "pg_catalog", "information_schema", "main", "pg_internal"})


def create(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """CREATE SCHEMA [IF NOT EXISTS] name [AUTHORIZATION user] [QUOTA UNLIMITED]."""
    words = Words(statement.tokens)
    words.expect("CREATE", "SCHEMA")
    if_not_exists = words.accept("IF", "NOT", "EXISTS")
    name = own_name(session, words.dotted_name())
    owner = words.name() if words.accept("AUTHORIZATION") else session.user
    words.accept("QUOTA", "UNLIMITED")
    words.end()
    if require_free(session, name, if_not_exists=if_not_exists):
        if not grants_checks.has_system_privilege(session, session.user, "create schema"):
            grants_checks.require_database(session, "create")
        session.connection.execute(f"CREATE SCHEMA {identifier(session.database.name, name)}")
        session.catalog.rows("INSERT INTO {c}.schemas VALUES (?, ?, ?, NULL)", session.catalog.next_oid(), name, owner)
    return Result("CREATE SCHEMA")


def own_name(session: Session, parts: tuple[str, ...]) -> str:
    """The schema's name of `[database.]schema`."""
    if len(parts) > 2 or (len(parts) == 2 and parts[0] != session.database.name):
        raise unsupported(f"a schema in another database, {'.'.join(parts)},")
    if parts[-1] in _SYSTEM_SCHEMAS or parts[-1].startswith("pg_"):
        raise RedshiftError(
            "42939", f'unacceptable schema name "{parts[-1]}"', 'The prefix "pg_" is reserved for system schemas.'
        )
    return parts[-1]


def require_free(session: Session, name: str, *, if_not_exists: bool) -> bool:
    """True when the schema may be created; raises RedshiftError 42P06 for a taken name without IF NOT EXISTS."""
    if not session.catalog.has_schema(name) and session.catalog.external_schema(name) is None:
        return True
    if not if_not_exists:
        raise RedshiftError("42P06", f'schema "{name}" already exists')
    return False


def drop(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """DROP SCHEMA [IF EXISTS] a, b [DROP EXTERNAL DATABASE] [CASCADE|RESTRICT]."""
    words = Words(statement.tokens)
    words.expect("DROP", "SCHEMA")
    if_exists = words.accept("IF", "EXISTS")
    names = [own_name(session, words.dotted_name())]
    while words.accept(","):
        names.append(own_name(session, words.dotted_name()))
    if words.accept("DROP", "EXTERNAL", "DATABASE"):
        raise unsupported("DROP EXTERNAL DATABASE")
    cascade = words.accept("CASCADE")
    words.accept("RESTRICT")
    words.end()
    for name in names:
        _require_owner(session, name)
        if external.drop_schema(session, name):
            continue
        if session.catalog.has_schema(name):
            _drop_one(session, name, cascade=cascade)
        elif not if_exists:
            raise RedshiftError("3F000", f'schema "{name}" does not exist')
    return Result("DROP SCHEMA")


def _require_owner(session: Session, name: str) -> None:
    identity = session.catalog.schema_identity(name)
    if identity is None or identity[1] == session.user:
        return
    if not grants_checks.has_system_privilege(session, session.user, "drop schema"):
        granted = grants_checks.granted_columns(session, session.user, "schema", identity[0], "drop")
        if "" not in granted:
            raise RedshiftError("42501", f"must be owner of schema {name}")


def _drop_one(session: Session, name: str, *, cascade: bool) -> None:
    inside = session.catalog.rows(
        "SELECT oid, relation_name, kind FROM {c}.relations WHERE schema_name = ? ORDER BY kind DESC", name
    )
    functions = user_functions.in_schema(session, name)
    if (inside or functions) and not cascade:
        raise RedshiftError("2BP01", f"cannot drop schema {name} because other objects depend on it")
    for oid, relation, kind in inside:
        outside = [view for view in session.catalog.dependents(oid) if view.schema != name]
        for view in outside:
            session.catalog.remove(view.oid)
        if kind == "r":
            session.connection.execute(f"DROP TABLE {identifier(session.database.name, name, relation)}")
        session.catalog.remove(oid)
    for oid, _, _ in functions:
        session.catalog.rows("DELETE FROM {c}.privileges WHERE object_kind = 'function' AND object_oid = ?", oid)
    session.catalog.rows("DELETE FROM {c}.functions WHERE schema_name = ?", name)
    session.connection.execute(f"DROP SCHEMA {identifier(session.database.name, name)}")
    session.catalog.forget_privileges(name)
    session.catalog.rows("DELETE FROM {c}.schemas WHERE schema_name = ?", name)
