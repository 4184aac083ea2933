"""GRANT, REVOKE, users, groups and roles: recorded and shown, not enforced (every login is a superuser)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_RELATION_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES", "DROP", "TRUNCATE", "ALTER")


def grant(session: Session, statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """GRANT privileges ON tables|schemas TO users, groups and roles."""
    words = Words(statement.tokens)
    words.expect("GRANT")
    privileges, objects = _what(session, words)
    words.expect("TO")
    for kind, grantee in _grantees(words):
        if kind != "public" and not session.catalog.rows(
            "SELECT 1 FROM {c}.principals WHERE principal_name = ?", grantee
        ):
            raise RedshiftError("42704", f'{kind} "{grantee}" does not exist')
        for schema, name in objects:
            for privilege in privileges:
                _delete(session, schema, name, privilege, grantee)
                session.catalog.rows(
                    "INSERT INTO {c}.grants VALUES (?, ?, ?, ?, ?)", schema, name, privilege, grantee, kind
                )
    return Result("GRANT")


def revoke(session: Session, statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """REVOKE privileges ON tables|schemas FROM users, groups and roles."""
    words = Words(statement.tokens)
    words.expect("REVOKE")
    privileges, objects = _what(session, words)
    words.expect("FROM")
    for _, grantee in _grantees(words):
        for schema, name in objects:
            for privilege in privileges:
                _delete(session, schema, name, privilege, grantee)
    return Result("REVOKE")


def _delete(session: Session, schema: str, name: str, privilege: str, grantee: str) -> None:
    session.catalog.rows(
        "DELETE FROM {c}.grants WHERE schema_name = ? AND relation_name = ? AND privilege = ? AND grantee = ?",
        schema,
        name,
        privilege,
        grantee,
    )


def _what(session: Session, words: Words) -> tuple[list[str], list[tuple[str, str]]]:
    privileges = [words.next().text.lower()]
    while words.accept(","):
        privileges.append(words.next().text.lower())
    words.accept("PRIVILEGES")
    if not words.accept("ON"):
        raise unsupported("granting a role")
    on_schema = words.accept("SCHEMA")
    if not on_schema:
        all_in_schema = words.accept("ALL", "TABLES", "IN", "SCHEMA")
        if not all_in_schema:
            words.accept("TABLE")
        if words.peek() in ("DATABASE", "FUNCTION", "LANGUAGE", "DATASHARE", "EXTERNAL"):
            raise unsupported(f"GRANT or REVOKE ON {words.peek()}")
        on_schema = False
    else:
        all_in_schema = False
    objects: list[tuple[str, str]] = []
    while True:
        parts = words.dotted_name()
        objects += _objects(session, parts, on_schema=on_schema, all_in_schema=all_in_schema)
        if not words.accept(","):
            break
    if privileges == ["all"]:
        privileges = ["usage", "create"] if on_schema else [p.lower() for p in _RELATION_PRIVILEGES]
    return privileges, objects


def _objects(
    session: Session, parts: tuple[str, ...], *, on_schema: bool, all_in_schema: bool
) -> list[tuple[str, str]]:
    if on_schema or all_in_schema:
        if session.catalog.external_schema(parts[-1]) is None:
            session.catalog.require_schema(parts[-1])
        if on_schema:
            return [(parts[-1], "")]
        rows = session.catalog.rows("SELECT relation_name FROM {c}.relations WHERE schema_name = ?", parts[-1])
        return [(parts[-1], name) for (name,) in rows]
    schema, name = session.names.place(exp.table_(*parts[::-1]))
    session.catalog.require(schema, name)
    return [(schema, name)]


def _grantees(words: Words) -> list[tuple[str, str]]:
    found = []
    while True:
        kind = "group" if words.accept("GROUP") else "role" if words.accept("ROLE") else "user"
        if kind == "user" and words.accept("PUBLIC"):
            found.append(("public", "public"))
        else:
            found.append((kind, words.name()))
        if not words.accept(","):
            break
    words.accept("WITH", "GRANT", "OPTION")
    words.accept("RESTRICT")
    words.accept("CASCADE")
    words.end()
    return found


def create_principal(session: Session, statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """CREATE USER|GROUP|ROLE name; a user created so can't log in: passwords of SQL users are not supported."""
    kind = statement.tokens[1].text.lower()
    words = Words(statement.tokens[2:])
    name = words.name()
    if session.catalog.rows("SELECT 1 FROM {c}.principals WHERE principal_name = ? AND kind = ?", name, kind):
        raise RedshiftError("42710", f'{kind} "{name}" already exists')
    words.accept("WITH")
    if kind == "user" and words.accept("PASSWORD") and not words.accept("DISABLE"):
        words.string()
    words.end()
    session.catalog.rows("INSERT INTO {c}.principals VALUES (?, ?, false)", name, kind)
    return Result(f"CREATE {kind.upper()}")


def drop_principal(session: Session, statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """DROP USER|GROUP|ROLE [IF EXISTS] name; its grants go with it."""
    kind = statement.tokens[1].text.lower()
    words = Words(statement.tokens[2:])
    if_exists = words.accept("IF", "EXISTS")
    name = words.name()
    words.end()
    known = session.catalog.rows("SELECT 1 FROM {c}.principals WHERE principal_name = ? AND kind = ?", name, kind)
    if not known and not if_exists:
        raise RedshiftError("42704", f'{kind} "{name}" does not exist')
    session.catalog.rows("DELETE FROM {c}.principals WHERE principal_name = ? AND kind = ?", name, kind)
    session.catalog.rows("DELETE FROM {c}.grants WHERE grantee = ? AND grantee_kind = ?", name, kind)
    return Result(f"DROP {kind.upper()}")
