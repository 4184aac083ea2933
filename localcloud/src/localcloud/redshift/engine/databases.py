"""CREATE, ALTER and DROP DATABASE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine.isolation import SERIALIZABLE, SNAPSHOT
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def create(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """CREATE DATABASE name [WITH] [OWNER [=] user] [CONNECTION LIMIT n] [COLLATE …] [ISOLATION LEVEL …]."""
    words = Words(statement.tokens)
    words.expect("CREATE", "DATABASE")
    name = words.name()
    words.accept("WITH")
    level = SNAPSHOT
    while not words.done:
        if words.accept("OWNER"):
            words.accept("=")
            words.name()
        elif words.accept("CONNECTION", "LIMIT"):
            words.accept("UNLIMITED") or words.number()
        elif words.accept("COLLATE"):
            if not (words.accept("CASE_SENSITIVE") or words.accept("CS")):
                raise unsupported("a case-insensitive database")
        elif words.accept("ISOLATION", "LEVEL"):
            level = _level(words)
        else:
            raise unsupported(f"{words.next().text} of CREATE DATABASE")
    session.database.siblings.create(name, level)
    return Result("CREATE DATABASE")


def alter(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """ALTER DATABASE name ISOLATION LEVEL {SNAPSHOT | SERIALIZABLE}."""
    words = Words(statement.tokens)
    words.expect("ALTER", "DATABASE")
    name = words.name()
    if not words.accept("ISOLATION", "LEVEL"):
        raise unsupported("this form of ALTER DATABASE")
    level = _level(words)
    words.end()
    session.database.siblings.alter(name, level)
    return Result("ALTER DATABASE")


def drop(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """DROP DATABASE name [FORCE]."""
    words = Words(statement.tokens)
    words.expect("DROP", "DATABASE")
    name = words.name()
    force = words.accept("FORCE")
    words.end()
    if name == session.database.name:
        raise RedshiftError("55006", "cannot drop the currently open database")
    session.database.siblings.drop(name, force=force)
    return Result("DROP DATABASE")


def _level(words: Words) -> str:
    if words.accept("SERIALIZABLE"):
        return SERIALIZABLE
    words.expect("SNAPSHOT")
    return SNAPSHOT
