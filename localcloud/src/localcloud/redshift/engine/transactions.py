"""BEGIN, COMMIT and ROLLBACK."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine.result import Result
from localcloud.redshift.sql.statement import Statement

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def begin(session: Session, _statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """Isolation and access modes are accepted: every transaction is a snapshot that may write."""
    session.begin()
    return Result("BEGIN")


def commit(session: Session, _statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """A failed transaction answers COMMIT with the tag ROLLBACK, as PostgreSQL does."""
    failed = session.status == "E"
    session.end(commit=True)
    return Result("ROLLBACK" if failed else "COMMIT")


def rollback(session: Session, _statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    session.end(commit=False)
    return Result("ROLLBACK")
