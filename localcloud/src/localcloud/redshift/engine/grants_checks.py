"""May this user do that? Asked before every statement; the answers come from the catalogue's privileges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from localcloud.redshift.engine.catalog import RelationEntry
from localcloud.redshift.errors import RedshiftError

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

DATABASE_OID = 1
SECURITY_ADMIN = "sys:secadmin"
SYSTEM_ROLES = {
    "sys:superuser": (),
    SECURITY_ADMIN: ("create user", "alter user", "drop user", "create role", "drop role", "ignore rls", "explain rls"),
    "sys:dba": (
        "create schema", "drop schema", "create table", "drop table", "alter table", "truncate table", "vacuum",
        "analyze", "alter default privileges", "access catalog", "access system table",
    ),
    "sys:operator": ("vacuum", "analyze", "access catalog", "access system table", "cancel"),
    "sys:monitor": ("access catalog", "access system table"),
}  # fmt: skip
"""The roles every database has, with the system permissions (of those kept here) that AWS documents for them."""
_HELD = """
    WITH RECURSIVE held(name, kind) AS (
        SELECT ?::VARCHAR, ?::VARCHAR
        UNION SELECT m.granted, m.granted_kind FROM held h
            JOIN {c}.memberships m ON m.member = h.name AND m.member_kind = h.kind)
    SELECT name, kind FROM held"""


def is_superuser(session: Session, user: str) -> bool:
    """Users made by CREATE USER are what it says; the administrator and IAM identities are superusers."""
    known = session.catalog.rows(
        "SELECT is_superuser FROM {c}.principals WHERE principal_name = ? AND kind IN ('user', 'dropped user')", user
    )
    if not known or known[0][0]:
        return True
    return ("sys:superuser", "role") in held(session, user)


def held(session: Session, user: str, kind: str = "user") -> frozenset[tuple[str, str]]:
    """(name, kind) of the user, of PUBLIC and of every group and role that gives it its rights."""
    rows = session.catalog.rows(_HELD, user, kind)
    return frozenset([*((str(name), str(kind)) for name, kind in rows), ("public", "public")])


def granted_columns(session: Session, user: str, kind: str, oid: int, privilege: str) -> frozenset[str]:
    """Columns the user has the privilege on; the empty name stands for the object as a whole."""
    holders = held(session, user)
    rows = session.catalog.rows(
        "SELECT column_name, grantee, grantee_kind FROM {c}.privileges"
        " WHERE object_kind = ? AND object_oid = ? AND privilege = ?",
        kind,
        oid,
        privilege,
    )
    return frozenset(str(column) for column, grantee, grantee_kind in rows if (grantee, grantee_kind) in holders)


def has_system_privilege(session: Session, user: str, privilege: str) -> bool:
    """A permission of a role, such as IGNORE RLS or CREATE USER."""
    if is_superuser(session, user):
        return True
    roles = held(session, user)
    if any(privilege in permissions and (role, "role") in roles for role, permissions in SYSTEM_ROLES.items()):
        return True
    return "" in granted_columns(session, user, "system", 0, privilege)


def require_system_privilege(session: Session, privilege: str) -> None:
    """Raises RedshiftError 42501."""
    if not has_system_privilege(session, session.user, privilege):
        raise RedshiftError("42501", f"permission denied: {privilege.upper()} is required")


def require_superuser(session: Session, action: str) -> None:
    """Raises RedshiftError 42501."""
    if not is_superuser(session, session.user):
        raise RedshiftError("42501", f"must be superuser to {action}")


def require_schema(session: Session, schema: str, privilege: str, user: str | None = None) -> None:
    """USAGE of or CREATE in a schema; a schema that is not there is somebody else's error to report."""
    acting = user or session.user
    identity = session.catalog.schema_identity(schema)
    if identity is None or is_superuser(session, acting) or identity[1] == acting:
        return
    if "" not in granted_columns(session, acting, "schema", identity[0], privilege):
        raise RedshiftError("42501", f"permission denied for schema {schema}")


def require_database(session: Session, privilege: str) -> None:
    """CREATE (schemas) or TEMP (temporary tables) in the database."""
    if is_superuser(session, session.user):
        return
    if "" not in granted_columns(session, session.user, "database", DATABASE_OID, privilege):
        raise RedshiftError("42501", f"permission denied for database {session.database.name}")


def require_relation(session: Session, entry: RelationEntry, privilege: str, user: str | None = None) -> None:
    """A privilege on a table or view as a whole."""
    acting = user or session.user
    if is_superuser(session, acting) or entry.owner == acting:
        return
    require_schema(session, entry.schema, "usage", acting)
    if "" not in granted_columns(session, acting, "relation", entry.oid, privilege):
        raise denied(entry)


def require_owner(session: Session, entry: RelationEntry, privilege: str = "", system: str = "") -> None:
    """Ownership, or the privilege (`drop`, `alter`, `truncate`) or system permission that stands for it."""
    if is_superuser(session, session.user) or entry.owner == session.user:
        return
    if system and has_system_privilege(session, session.user, system):
        return
    if privilege and "" in granted_columns(session, session.user, "relation", entry.oid, privilege):
        return
    raise RedshiftError("42501", f"must be owner of relation {entry.name}")


def require_columns(
    session: Session, entry: RelationEntry, privilege: str, columns: Iterable[str], user: str | None = None
) -> None:
    """The privilege on each of the columns, by themselves or with their relation."""
    acting = user or session.user
    if is_superuser(session, acting) or entry.owner == acting:
        return
    require_schema(session, entry.schema, "usage", acting)
    granted = granted_columns(session, acting, "relation", entry.oid, privilege)
    if "" not in granted and (not granted or set(columns) - granted):
        raise denied(entry)


def denied(entry: RelationEntry) -> RedshiftError:
    return RedshiftError("42501", f"permission denied for relation {entry.name}")
