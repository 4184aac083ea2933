"""CREATE USER and ALTER USER."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine import grants_checks
from localcloud.redshift.engine.grants_entries import join, known, rename, require_known
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


def create_user(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """CREATE USER name [WITH] PASSWORD '…'|DISABLE [CREATEUSER] [CREATEDB] [IN GROUP g] [VALID UNTIL '…']."""
    grants_checks.require_system_privilege(session, "create user")
    words = Words(statement.tokens[2:])
    name = words.name()
    if known(session, "user", name) or name == session.user:
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
        join(session, group, name)
    return Result("CREATE USER")


def alter_user(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """ALTER USER name [WITH] options | RENAME TO new | RESET ALL; one's own password may be changed by oneself."""
    words = Words(statement.tokens[2:])
    name = words.name()
    if name != session.user:
        grants_checks.require_system_privilege(session, "alter user")
    require_known(session, "user", name)
    if words.accept("RENAME", "TO"):
        grants_checks.require_superuser(session, "rename users")
        rename(session, "user", name, words.name())
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
