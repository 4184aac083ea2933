"""DECLARE, FETCH and CLOSE: Redshift's cursors, which live inside a transaction and only move forward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine.result import Column, Fetch, Result, Row
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement, split
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

ALL_ROWS = 2**62


def declare(session: Session, statement: Statement, parameters: Sequence[exp.Expr]) -> Result:
    """DECLARE name CURSOR FOR query: runs the query now and keeps its rows outside of memory."""
    words = Words(statement.tokens)
    words.expect("DECLARE")
    name = words.name()
    if any(words.accept(option) for option in ("BINARY", "INSENSITIVE", "SCROLL")):
        raise unsupported("a BINARY, INSENSITIVE or SCROLL cursor")
    words.accept("NO", "SCROLL")
    words.expect("CURSOR")
    if words.accept("WITH", "HOLD"):
        raise unsupported("a cursor WITH HOLD")
    words.accept("WITHOUT", "HOLD")
    words.expect("FOR")
    query = split(statement.text[words.next().start :])
    if len(query) != 1 or query[0].verb != "SELECT":
        raise RedshiftError("42601", "a cursor can only be declared for a SELECT statement")
    if session.status != "T":
        raise RedshiftError("25P01", "DECLARE CURSOR may only be used in transaction blocks")
    if name in session.cursors:
        raise RedshiftError("42P03", f'cursor "{name}" already exists')
    session.cursors[name] = session.run(query[0], parameters).held()
    return Result("DECLARE CURSOR")


def fetch(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """FETCH [NEXT | ALL | [FORWARD] n | FORWARD ALL] [FROM | IN] name."""
    count, name = _fetched(statement)
    cursor = find(session, name)
    return Result("FETCH", cursor.columns, _limited(cursor, count))


def close(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """CLOSE name | ALL."""
    words = Words(statement.tokens)
    words.expect("CLOSE")
    if words.accept("ALL"):
        words.end()
        session.cursors.clear()
        return Result("CLOSE CURSOR")
    name = words.name()
    words.end()
    find(session, name)
    del session.cursors[name]
    return Result("CLOSE CURSOR")


def find(session: Session, name: str) -> Result:
    """The open cursor of this name; raises RedshiftError 34000."""
    if name not in session.cursors:
        raise RedshiftError("34000", f'cursor "{name}" does not exist')
    return session.cursors[name]


def columns(session: Session, statement: Statement) -> Sequence[Column] | None:
    """The columns a FETCH will give; nothing moves."""
    return find(session, _fetched(statement)[1]).columns


def _fetched(statement: Statement) -> tuple[int, str]:
    """How many rows a FETCH asks for, and of which cursor."""
    words = Words(statement.tokens)
    words.expect("FETCH")
    if any(words.peek() == word for word in ("PRIOR", "FIRST", "LAST", "ABSOLUTE", "RELATIVE", "BACKWARD")):
        raise RedshiftError("0A000", "cursor can only scan forward")
    count = 1
    forward = words.accept("FORWARD")
    if words.accept("ALL"):
        count = ALL_ROWS
    elif not words.done and words.peek().isdigit():
        count = int(words.number())
    elif not forward:
        words.accept("NEXT")
    words.accept("FROM") or words.accept("IN")
    name = words.name()
    words.end()
    return count, name


def _limited(cursor: Result, count: int) -> Fetch:
    remaining = count

    def page(size: int) -> list[Row]:
        nonlocal remaining
        rows = cursor.fetch(min(size, remaining))
        remaining -= len(rows)
        return rows

    return page
