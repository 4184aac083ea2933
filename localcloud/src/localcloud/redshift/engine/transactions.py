"""BEGIN, COMMIT, ROLLBACK and LOCK."""

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


def begin(session: Session, _statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """Isolation and access modes are accepted: every transaction is a snapshot that may write."""
    session.transactions.begin()
    return Result("BEGIN")


def commit(session: Session, _statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """A failed transaction answers COMMIT with the tag ROLLBACK, as PostgreSQL does."""
    failed = session.status == "E"
    session.transactions.end(commit=True)
    return Result("ROLLBACK" if failed else "COMMIT")


def rollback(session: Session, _statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    session.transactions.end(commit=False)
    return Result("ROLLBACK")


def lock(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """LOCK [TABLE] name, …: the session has locked the tables already; here they are only checked."""
    words = Words(statement.tokens)
    words.expect("LOCK")
    words.accept("TABLE")
    while True:
        schema, name = session.names.place_of(words.dotted_name())
        if schema != "pg_temp" and session.catalog.require(schema, name).kind != "r":
            raise RedshiftError("42809", f'"{name}" is not a table')
        if not words.accept(","):
            break
    if words.accept("IN"):
        raise unsupported("a lock mode")
    words.end()
    return Result("LOCK TABLE")
