"""Entries of users, groups and roles in the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.redshift.engine.grants_names import require_grantee
from localcloud.redshift.errors import RedshiftError

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_OWNED = (
    "relations", "schemas", "external_schemas", "functions", "principals", "rls_policies", "default_privileges",
)  # fmt: skip
"""Tables of the catalogue whose rows have an owner."""


def known(session: Session, kind: str, name: str) -> bool:
    """Whether there is such a `user`, `group` or `role`."""
    return bool(session.catalog.rows("SELECT 1 FROM {c}.principals WHERE principal_name = ? AND kind = ?", name, kind))


def require_known(session: Session, kind: str, name: str) -> None:
    """Raises RedshiftError 42704."""
    if not known(session, kind, name):
        raise RedshiftError("42704", f'{kind} "{name}" does not exist')


def enter(session: Session, kind: str, name: str) -> None:
    """Make a group or role that the session's user owns; raises RedshiftError 42710 for a taken name."""
    if known(session, kind, name):
        raise RedshiftError("42710", f'{kind} "{name}" already exists')
    session.catalog.rows(
        "INSERT INTO {c}.principals (principal_name, kind, is_superuser, owner) VALUES (?, ?, false, ?)",
        name,
        kind,
        session.user,
    )


def join(session: Session, group: str, user: str) -> None:
    """Put a user into a group."""
    require_known(session, "group", group)
    require_grantee(session, "user", user)
    leave(session, group, user)
    session.catalog.rows("INSERT INTO {c}.memberships VALUES (?, 'user', ?, 'group', false)", user, group)


def leave(session: Session, group: str, user: str) -> None:
    """Take a user out of a group."""
    session.catalog.rows(
        "DELETE FROM {c}.memberships"
        " WHERE member = ? AND member_kind = 'user' AND granted = ? AND granted_kind = 'group'",
        user,
        group,
    )


def rename(session: Session, kind: str, old: str, new: str) -> None:
    """Give a principal another name everywhere; raises RedshiftError 42710 for a taken one."""
    if known(session, kind, new):
        raise RedshiftError("42710", f'{kind} "{new}" already exists')
    changes = (
        ("principals", "principal_name", "kind"),
        ("memberships", "member", "member_kind"),
        ("memberships", "granted", "granted_kind"),
        ("privileges", "grantee", "grantee_kind"),
        ("default_privileges", "grantee", "grantee_kind"),
        ("rls_attachments", "grantee", "grantee_kind"),
    )
    for table, column, kind_column in changes:
        session.catalog.rows(
            f"UPDATE {{c}}.{table} SET {column} = ? WHERE {column} = ? AND {kind_column} = ?",  # noqa: S608
            new,
            old,
            kind,
        )
    if kind == "user":
        for table in _OWNED:
            session.catalog.rows(f"UPDATE {{c}}.{table} SET owner = ? WHERE owner = ?", new, old)  # noqa: S608
        # Passwords are stored hashed with the name: Redshift's are void after a rename, too.
        session.catalog.rows("UPDATE {c}.principals SET password_hash = NULL WHERE principal_name = ?", new)
