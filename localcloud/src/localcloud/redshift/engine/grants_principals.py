"""CREATE, ALTER and DROP of users, groups and roles."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine import grants_checks
from localcloud.redshift.engine.grants_names import principal, require_grantee
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_WITHOUT_EFFECT = (("SYSLOG", "ACCESS", "RESTRICTED"), ("SYSLOG", "ACCESS", "UNRESTRICTED"))


@dataclass
class UserOptions:
    """What CREATE USER or ALTER USER says; None for what it leaves as it is."""

    password_hash: str | None = None
    disabled: bool = False
    superuser: bool | None = None
    can_create_database: bool | None = None
    valid_until: str | None = None
    groups: tuple[str, ...] = ()


def create_user(session: Session, statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """CREATE USER name [WITH] PASSWORD '…'|DISABLE [CREATEUSER] [CREATEDB] [IN GROUP g] [VALID UNTIL '…']."""
    grants_checks.require_system_privilege(session, "create user")
    words = Words(statement.tokens[2:])
    name = words.name()
    if _known(session, "user", name) or name == session.user:
        raise RedshiftError("42710", f'user "{name}" already exists')
    options = _user_options(words, name)
    if options.superuser:
        grants_checks.require_superuser(session, "create superusers")
    session.catalog.rows("DELETE FROM {c}.principals WHERE principal_name = ? AND kind = 'dropped user'", name)
    session.catalog.rows(
        "INSERT INTO {c}.principals"
        " (principal_name, kind, is_superuser, password_hash, can_create_database, valid_until, owner)"
        " VALUES (?, 'user', ?, ?, ?, ?, ?)",
        name,
        bool(options.superuser),
        options.password_hash,
        bool(options.can_create_database),
        options.valid_until,
        session.user,
    )
    for group in options.groups:
        _join(session, group, name)
    return Result("CREATE USER")


def alter_user(session: Session, statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """ALTER USER name [WITH] options | RENAME TO new | RESET ALL; one's own password may be changed by oneself."""
    words = Words(statement.tokens[2:])
    name = words.name()
    if name != session.user:
        grants_checks.require_system_privilege(session, "alter user")
    _require_known(session, "user", name)
    if words.accept("RENAME", "TO"):
        grants_checks.require_superuser(session, "rename users")
        _rename(session, "user", name, words.name())
        words.end()
        return Result("ALTER USER")
    if words.peek() in ("SET", "RESET"):
        raise unsupported("ALTER USER with SET or RESET of a parameter")
    options = _user_options(words, name)
    if options.superuser is not None:
        grants_checks.require_superuser(session, "alter superusers")
    changes = {
        "password_hash": options.password_hash,
        "is_superuser": options.superuser,
        "can_create_database": options.can_create_database,
        "valid_until": options.valid_until,
    }
    for column, value in changes.items():
        if value is not None or (column == "password_hash" and options.disabled):
            session.catalog.rows(
                f"UPDATE {{c}}.principals SET {column} = ? WHERE principal_name = ? AND kind = 'user'",  # noqa: S608
                value,
                name,
            )
    return Result("ALTER USER")


def create_group(session: Session, statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """CREATE GROUP name [WITH USER a, b]."""
    grants_checks.require_superuser(session, "create groups")
    words = Words(statement.tokens[2:])
    name = words.name()
    _enter(session, "group", name)
    words.accept("WITH")
    for user in _names_after(words, "USER"):
        _join(session, name, user)
    words.end()
    return Result("CREATE GROUP")


def alter_group(session: Session, statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """ALTER GROUP name ADD USER a, b | DROP USER a, b | RENAME TO new."""
    grants_checks.require_superuser(session, "alter groups")
    words = Words(statement.tokens[2:])
    name = words.name()
    _require_known(session, "group", name)
    if words.accept("RENAME", "TO"):
        _rename(session, "group", name, words.name())
    elif words.accept("ADD"):
        for user in _names_after(words, "USER"):
            _join(session, name, user)
    else:
        words.expect("DROP")
        for user in _names_after(words, "USER"):
            _leave(session, name, user)
    words.end()
    return Result("ALTER GROUP")


def create_role(session: Session, statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """CREATE ROLE name."""
    grants_checks.require_system_privilege(session, "create role")
    words = Words(statement.tokens[2:])
    name = principal(words)
    if ":" in name:
        raise RedshiftError("42939", f'unacceptable role name "{name}"', 'The prefix "sys:" is reserved.')
    if words.accept("EXTERNALID"):
        raise unsupported("CREATE ROLE with EXTERNALID")
    words.end()
    _enter(session, "role", name)
    return Result("CREATE ROLE")


def alter_role(session: Session, statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """ALTER ROLE name RENAME TO new | OWNER TO user."""
    grants_checks.require_system_privilege(session, "create role")
    words = Words(statement.tokens[2:])
    words.accept("WITH")
    name = principal(words)
    _require_known(session, "role", name)
    if words.accept("RENAME", "TO"):
        _rename(session, "role", name, words.name())
    else:
        words.expect("OWNER", "TO")
        owner = words.name()
        require_grantee(session, "user", owner)
        session.catalog.rows(
            "UPDATE {c}.principals SET owner = ? WHERE principal_name = ? AND kind = 'role'", owner, name
        )
    words.end()
    return Result("ALTER ROLE")


def drop(session: Session, statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
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
        if not _known(session, kind, name):
            if if_exists:
                continue
            raise RedshiftError("42704", f'{kind} "{name}" does not exist')
        _drop_one(session, kind, name, force=force)
    return Result(f"DROP {kind.upper()}")


def _drop_one(session: Session, kind: str, name: str, *, force: bool) -> None:
    rows = session.catalog.rows
    owned = kind == "user" and rows(
        "SELECT 1 FROM {c}.relations WHERE owner = ? UNION ALL SELECT 1 FROM {c}.schemas WHERE owner = ?", name, name
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


def _known(session: Session, kind: str, name: str) -> bool:
    return bool(session.catalog.rows("SELECT 1 FROM {c}.principals WHERE principal_name = ? AND kind = ?", name, kind))


def _require_known(session: Session, kind: str, name: str) -> None:
    if not _known(session, kind, name):
        raise RedshiftError("42704", f'{kind} "{name}" does not exist')


def _enter(session: Session, kind: str, name: str) -> None:
    if _known(session, kind, name):
        raise RedshiftError("42710", f'{kind} "{name}" already exists')
    session.catalog.rows(
        "INSERT INTO {c}.principals (principal_name, kind, is_superuser, owner) VALUES (?, ?, false, ?)",
        name,
        kind,
        session.user,
    )


def _join(session: Session, group: str, user: str) -> None:
    _require_known(session, "group", group)
    require_grantee(session, "user", user)
    _leave(session, group, user)
    session.catalog.rows("INSERT INTO {c}.memberships VALUES (?, 'user', ?, 'group', false)", user, group)


def _leave(session: Session, group: str, user: str) -> None:
    session.catalog.rows(
        "DELETE FROM {c}.memberships"
        " WHERE member = ? AND member_kind = 'user' AND granted = ? AND granted_kind = 'group'",
        user,
        group,
    )


def _rename(session: Session, kind: str, old: str, new: str) -> None:
    if _known(session, kind, new):
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
        for table in ("relations", "schemas", "external_schemas", "principals", "rls_policies", "default_privileges"):
            session.catalog.rows(f"UPDATE {{c}}.{table} SET owner = ? WHERE owner = ?", new, old)  # noqa: S608
        # Passwords are stored hashed with the name: Redshift's are void after a rename, too.
        session.catalog.rows("UPDATE {c}.principals SET password_hash = NULL WHERE principal_name = ?", new)


def _names_after(words: Words, keyword: str) -> list[str]:
    if not words.accept(keyword):
        return []
    names = [words.name()]
    while words.accept(","):
        names.append(words.name())
    return names


def _user_options(words: Words, user: str) -> UserOptions:
    words.accept("WITH")
    options = UserOptions()
    while not words.done:
        if words.accept("PASSWORD"):
            _password(words, user, options)
        elif words.accept("CREATEUSER") or words.accept("NOCREATEUSER"):
            options.superuser = words.previous == "CREATEUSER"
        elif words.accept("CREATEDB") or words.accept("NOCREATEDB"):
            options.can_create_database = words.previous == "CREATEDB"
        elif words.accept("IN", "GROUP"):
            options.groups = (*options.groups, words.name())
        elif words.accept("VALID", "UNTIL"):
            options.valid_until = words.string()
        elif words.accept("CONNECTION", "LIMIT") or words.accept("SESSION", "TIMEOUT"):
            if not words.accept("UNLIMITED"):
                raise unsupported("a user's CONNECTION LIMIT or SESSION TIMEOUT")
        elif not any(words.accept(*phrase) for phrase in _WITHOUT_EFFECT):
            raise unsupported("CREATE USER with EXTERNALID") if words.accept("EXTERNALID") else words.error()
    return options


def _password(words: Words, user: str, options: UserOptions) -> None:
    if words.accept("DISABLE"):
        options.disabled = True
        return
    password = words.string()
    if password.startswith("sha256"):
        raise unsupported("a password given as its SHA-256 hash")
    if password.startswith("md5") and len(password) == len("md5") + 32:
        options.password_hash = password.removeprefix("md5")
        return
    if len(password) < 8 or not (any(c.isupper() for c in password) and any(c.islower() for c in password)):
        raise RedshiftError(
            "22023", "password must contain at least 8 characters, an uppercase letter, a lowercase letter and a number"
        )
    if not any(c.isdigit() for c in password):
        raise RedshiftError("22023", "password must contain at least one number")
    options.password_hash = hashlib.md5((password + user).encode(), usedforsecurity=False).hexdigest()
