"""CREATE and ALTER of groups and roles; DROP of these and of users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine import grants_checks
from localcloud.redshift.engine.grants_entries import enter, join, known, leave, rename, require_known
from localcloud.redshift.engine.grants_names import principal, require_grantee
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def create_group(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """CREATE GROUP name [WITH USER a, b]."""
    grants_checks.require_superuser(session, "create groups")
    words = Words(statement.tokens[2:])
    name = words.name()
    enter(session, "group", name)
    words.accept("WITH")
    for user in names_after(words, "USER"):
        join(session, name, user)
    words.end()
    return Result("CREATE GROUP")


def alter_group(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """ALTER GROUP name ADD USER a, b | DROP USER a, b | RENAME TO new."""
    grants_checks.require_superuser(session, "alter groups")
    words = Words(statement.tokens[2:])
    name = words.name()
    require_known(session, "group", name)
    if words.accept("RENAME", "TO"):
        rename(session, "group", name, words.name())
    elif words.accept("ADD"):
        for user in names_after(words, "USER"):
            join(session, name, user)
    else:
        words.expect("DROP")
        for user in names_after(words, "USER"):
            leave(session, name, user)
    words.end()
    return Result("ALTER GROUP")


def create_role(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """CREATE ROLE name."""
    grants_checks.require_system_privilege(session, "create role")
    words = Words(statement.tokens[2:])
    name = principal(words)
    if ":" in name:
        raise RedshiftError("42939", f'unacceptable role name "{name}"', 'The prefix "sys:" is reserved.')
    if words.accept("EXTERNALID"):
        raise unsupported("CREATE ROLE with EXTERNALID")
    words.end()
    enter(session, "role", name)
    return Result("CREATE ROLE")


def alter_role(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """ALTER ROLE name RENAME TO new | OWNER TO user."""
    grants_checks.require_system_privilege(session, "create role")
    words = Words(statement.tokens[2:])
    words.accept("WITH")
    name = principal(words)
    require_known(session, "role", name)
    if words.accept("RENAME", "TO"):
        rename(session, "role", name, words.name())
    else:
        words.expect("OWNER", "TO")
        owner = words.name()
        require_grantee(session, "user", owner)
        session.catalog.rows(
            "UPDATE {c}.principals SET owner = ? WHERE principal_name = ? AND kind = 'role'", owner, name
        )
    words.end()
    return Result("ALTER ROLE")


def drop(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """DROP USER|GROUP|ROLE [IF EXISTS] name [, …] [FORCE|RESTRICT]; its grants and memberships go with it."""
    kind = statement.tokens[1].text.lower()
    words = Words(statement.tokens[2:])
    if kind == "group":
        grants_checks.require_superuser(session, "drop groups")
    else:
        grants_checks.require_system_privilege(session, f"drop {kind}")
    if_exists = words.accept("IF", "EXISTS")
    names = [principal(words)]
    while words.accept(","):
        names.append(principal(words))
    force = words.accept("FORCE")
    words.accept("RESTRICT")
    words.end()
    for name in names:
        if not known(session, kind, name):
            if if_exists:
                continue
            raise RedshiftError("42704", f'{kind} "{name}" does not exist')
        _drop_one(session, kind, name, force=force)
    return Result(f"DROP {kind.upper()}")


def _drop_one(session: Session, kind: str, name: str, *, force: bool) -> None:
    rows = session.catalog.rows
    owned = kind == "user" and rows(
        "SELECT 1 FROM {c}.relations WHERE owner = ? UNION ALL SELECT 1 FROM {c}.schemas WHERE owner = ?"
        " UNION ALL SELECT 1 FROM {c}.functions WHERE owner = ?",
        *(name, name, name),
    )
    granted = rows("SELECT 1 FROM {c}.privileges WHERE grantee = ? AND grantee_kind = ?", name, kind)
    member = rows("SELECT 1 FROM {c}.memberships WHERE granted = ? AND granted_kind = ?", name, kind)
    if owned or (kind != "role" and granted) or (kind == "role" and member and not force):
        what = "owns objects" if owned else "has privileges on some object" if kind != "role" else "is granted"
        raise RedshiftError("2BP01", f'{kind} "{name}" cannot be dropped because it {what}')
    rows("DELETE FROM {c}.privileges WHERE grantee = ? AND grantee_kind = ?", name, kind)
    rows("DELETE FROM {c}.default_privileges WHERE grantee = ? AND grantee_kind = ?", name, kind)
    rows("DELETE FROM {c}.rls_attachments WHERE grantee = ? AND grantee_kind = ?", name, kind)
    rows("DELETE FROM {c}.memberships WHERE granted = ? AND granted_kind = ?", name, kind)
    rows("DELETE FROM {c}.memberships WHERE member = ? AND member_kind = ?", name, kind)
    if kind == "user":
        # A session that the user still has open keeps no rights, and is not taken for the administrator's.
        rows(
            "UPDATE {c}.principals SET kind = 'dropped user', is_superuser = false, password_hash = NULL"
            " WHERE principal_name = ? AND kind = 'user'",
            name,
        )
    else:
        rows("DELETE FROM {c}.principals WHERE principal_name = ? AND kind = ?", name, kind)


def names_after(words: Words, keyword: str) -> list[str]:
    if not words.accept(keyword):
        return []
    names = [words.name()]
    while words.accept(","):
        names.append(words.name())
    return names
