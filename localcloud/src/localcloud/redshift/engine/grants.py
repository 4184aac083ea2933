"""GRANT and REVOKE."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine import grants_checks
from localcloud.redshift.engine.grants_names import grantees, principal, require_grantee
from localcloud.redshift.engine.grants_objects import Granted, privileges_on
from localcloud.redshift.engine.policies import POLICY
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

Grantee = tuple[str, str]


def grant(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """GRANT privileges ON objects | ROLE roles | system permissions TO users, groups, roles and PUBLIC."""
    words = Words(statement.tokens)
    words.expect("GRANT")
    if _names_no_object(statement):
        _change_membership(session, words, _add_membership, "TO")
        return Result("GRANT")
    granted = privileges_on(session, words)
    words.expect("TO")
    receivers = grantees(words)
    option = words.accept("WITH", "GRANT", "OPTION")
    words.end()
    for kind, name in receivers:
        require_grantee(session, kind, name)
        if option and kind in ("group", "public"):
            raise RedshiftError("0A000", "grant options can only be granted to individual users and roles")
        for each in granted:
            _require_grantor(session, each)
            _remove(session, each, (kind, name))
            session.catalog.rows(
                "INSERT INTO {c}.privileges VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                each.kind,
                each.oid,
                each.column,
                each.privilege,
                name,
                kind,
                option,
                session.user,
            )
    return Result("GRANT")


def revoke(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """REVOKE [GRANT OPTION FOR] privileges ON objects | ROLE roles | system permissions FROM …"""
    words = Words(statement.tokens)
    words.expect("REVOKE")
    option_only = words.accept("GRANT", "OPTION", "FOR") or words.accept("ADMIN", "OPTION", "FOR")
    if _names_no_object(statement):
        if option_only:
            raise unsupported("REVOKE ADMIN OPTION FOR")
        _change_membership(session, words, _remove_membership, "FROM")
        return Result("REVOKE")
    granted = privileges_on(session, words)
    words.expect("FROM")
    losers = grantees(words)
    if not words.accept("RESTRICT"):
        words.accept("CASCADE")
    words.end()
    for kind, name in losers:
        require_grantee(session, kind, name)
        for each in granted:
            _require_grantor(session, each)
            if option_only:
                _drop_option(session, each, (kind, name))
            else:
                _remove(session, each, (kind, name))
    return Result("REVOKE")


def _names_no_object(statement: Statement) -> bool:
    """Roles and system permissions are granted without ON."""
    return "ON" not in [token.text.upper() for token in statement.tokens]


def _change_membership(
    session: Session, words: Words, change: Callable[[Session, list[str], Grantee, bool], None], preposition: str
) -> None:
    roles = _roles(words) if words.peek() == "ROLE" else []
    permissions = [] if roles else _permissions(words, preposition)
    words.expect(preposition)
    receivers = grantees(words)
    admin = words.accept("WITH", "ADMIN", "OPTION")
    words.end()
    for kind, name in receivers:
        require_grantee(session, kind, name)
        if roles:
            for role in roles:
                require_grantee(session, "role", role)
                _require_admin_option(session, role)
            change(session, roles, (kind, name), admin)
            continue
        grants_checks.require_superuser(session, "grant system permissions")
        if kind != "role":
            raise RedshiftError("0LP01", "system permissions are granted to roles only")
        for permission in permissions:
            each = Granted("system", 0, permission)
            _remove(session, each, (kind, name))
            if preposition == "TO":
                session.catalog.rows(
                    "INSERT INTO {c}.privileges VALUES ('system', 0, '', ?, ?, 'role', false, ?)",
                    *(permission, name, session.user),
                )


def _roles(words: Words) -> list[str]:
    roles = []
    while True:
        words.expect("ROLE")
        roles.append(principal(words))
        if not words.accept(","):
            return roles


def _permissions(words: Words, preposition: str) -> list[str]:
    permissions: list[list[str]] = [[]]
    while not words.done and words.peek() != preposition:
        if words.accept(","):
            permissions.append([])
        else:
            permissions[-1].append(words.next().text.lower())
    return [" ".join(permission) for permission in permissions]


def _add_membership(session: Session, roles: list[str], receiver: Grantee, admin: bool) -> None:
    kind, name = receiver
    if kind in ("group", "public", POLICY):
        raise RedshiftError("0LP01", "roles are granted to users and roles only")
    _remove_membership(session, roles, receiver, admin)
    for role in roles:
        if (name, kind) in grants_checks.held(session, role, "role"):
            raise RedshiftError("0LP01", f'role "{name}" is a member of role "{role}"')
        session.catalog.rows("INSERT INTO {c}.memberships VALUES (?, ?, ?, 'role', ?)", name, kind, role, admin)


def _remove_membership(session: Session, roles: list[str], receiver: Grantee, _admin: bool) -> None:
    kind, name = receiver
    for role in roles:
        session.catalog.rows(
            "DELETE FROM {c}.memberships"
            " WHERE member = ? AND member_kind = ? AND granted = ? AND granted_kind = 'role'",
            *(name, kind, role),
        )


def _require_admin_option(session: Session, role: str) -> None:
    if grants_checks.is_superuser(session, session.user):
        return
    holders = grants_checks.held(session, session.user)
    rows = session.catalog.rows(
        "SELECT member, member_kind FROM {c}.memberships WHERE granted = ? AND granted_kind = 'role' AND admin_option",
        role,
    )
    owned = session.catalog.rows(
        "SELECT 1 FROM {c}.principals WHERE principal_name = ? AND kind = 'role' AND owner = ?", role, session.user
    )
    if not owned and not any((member, kind) in holders for member, kind in rows):
        raise RedshiftError("42501", f'must have admin option on role "{role}"')


def _require_grantor(session: Session, granted: Granted) -> None:
    """Owners, superusers and holders of the grant option give privileges on."""
    if grants_checks.is_superuser(session, session.user) or granted.owner == session.user:
        return
    holders = grants_checks.held(session, session.user)
    rows = session.catalog.rows(
        "SELECT grantee, grantee_kind FROM {c}.privileges WHERE object_kind = ? AND object_oid = ? AND privilege = ?"
        " AND column_name IN ('', ?) AND grant_option",
        *(granted.kind, granted.oid, granted.privilege, granted.column),
    )
    if not any((name, kind) in holders for name, kind in rows):
        raise RedshiftError("42501", f"permission denied for {granted.kind} {granted.name}")


_SAME = (
    " WHERE object_kind = ? AND object_oid = ? AND column_name = ? AND privilege = ?"
    " AND grantee = ? AND grantee_kind = ?"
)


def _remove(session: Session, granted: Granted, receiver: Grantee) -> None:
    kind, name = receiver
    session.catalog.rows(
        f"DELETE FROM {{c}}.privileges{_SAME}",  # noqa: S608
        *(granted.kind, granted.oid, granted.column, granted.privilege, name, kind),
    )


def _drop_option(session: Session, granted: Granted, receiver: Grantee) -> None:
    kind, name = receiver
    session.catalog.rows(
        f"UPDATE {{c}}.privileges SET grant_option = false{_SAME}",  # noqa: S608
        *(granted.kind, granted.oid, granted.column, granted.privilege, name, kind),
    )
