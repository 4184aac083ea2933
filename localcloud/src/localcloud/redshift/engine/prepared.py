"""PREPARE, EXECUTE and DEALLOCATE: prepared statements in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from localcloud.redshift.engine.result import Column, Result
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.dialect import dialect_of
from localcloud.redshift.sql.statement import Statement, split
from localcloud.redshift.sql.translate import bind
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})


@dataclass(frozen=True)
class Plan:
    """A prepared statement with the types its parameters were declared with."""

    statement: Statement
    types: tuple[exp.DataType, ...]


def prepare(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """PREPARE name [(type, …)] AS statement."""
    words = Words(statement.tokens)
    words.expect("PREPARE")
    name = words.name()
    types: tuple[exp.DataType, ...] = ()
    if words.peek() == "(":
        start = words.next().end + 1
        depth = 1
        while depth:
            token = words.next()
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        types = _types(statement.text[start : token.start])
    words.expect("AS")
    found = split(statement.text[words.next().start :])
    if len(found) != 1 or found[0].verb not in _VERBS:
        raise RedshiftError("42601", "only SELECT, INSERT, UPDATE and DELETE statements can be prepared")
    if types and found[0].parameter_count > len(types):
        raise RedshiftError("42P02", f"there is no parameter ${found[0].parameter_count}")
    if name in session.plans:
        raise RedshiftError("42P05", f'prepared statement "{name}" already exists')
    session.plans[name] = Plan(found[0], types)
    return Result("PREPARE")


def execute(session: Session, statement: Statement, parameters: Sequence[exp.Expr]) -> Result:
    """EXECUTE name [(value, …)]."""
    plan, values = _called(session, statement, parameters)
    return session.run(plan.statement, values)


def columns(session: Session, statement: Statement, parameters: Sequence[exp.Expr]) -> Sequence[Column] | None:
    """The columns an EXECUTE will give; nothing runs."""
    plan, values = _called(session, statement, parameters)
    return session.describe(plan.statement, values)


def deallocate(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """DEALLOCATE [PREPARE] name | ALL."""
    words = Words(statement.tokens)
    words.expect("DEALLOCATE")
    words.accept("PREPARE")
    if words.accept("ALL"):
        session.plans.clear()
    else:
        name = words.name()
        _find(session, name)
        del session.plans[name]
    words.end()
    return Result("DEALLOCATE")


def _called(session: Session, statement: Statement, parameters: Sequence[exp.Expr]) -> tuple[Plan, list[exp.Expr]]:
    words = Words(statement.tokens)
    words.expect("EXECUTE")
    plan = _find(session, words.name())
    values = [] if words.done else _values(statement.text[words.next().end + 1 : statement.tokens[-1].start])
    wanted = max(len(plan.types), plan.statement.parameter_count)
    if len(values) != wanted:
        raise RedshiftError(
            "42601", f"wrong number of parameters for prepared statement: {wanted} expected, {len(values)} given"
        )
    bound = [_bound(value, parameters) for value in values]
    if plan.types:
        bound = [exp.Cast(this=value, to=kind.copy()) for value, kind in zip(bound, plan.types, strict=True)]
    return plan, bound


def _find(session: Session, name: str) -> Plan:
    if name not in session.plans:
        raise RedshiftError("26000", f'prepared statement "{name}" does not exist')
    return session.plans[name]


def _types(text: str) -> tuple[exp.DataType, ...]:
    query = _parsed(f"SELECT {', '.join(f'NULL::{each}' for each in _split_list(text))}")
    return tuple(cast.to for cast in query.find_all(exp.Cast))


def _split_list(text: str) -> list[str]:
    """The parts between the commas that are not inside parentheses."""
    parts, depth, pending = [], 0, ""
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append(pending)
            pending = ""
        else:
            pending += letter
    return [*parts, pending]


def _values(text: str) -> list[exp.Expr]:
    return list(_parsed(f"SELECT {text}").expressions) if text.strip() else []


def _bound(value: exp.Expr, parameters: Sequence[exp.Expr]) -> exp.Expr:
    return bind(exp.Paren(this=value), parameters)


def _parsed(text: str) -> exp.Expr:
    try:
        return sqlglot.parse_one(text, dialect=dialect_of(text))
    except SqlglotError as error:
        raise RedshiftError("42601", f"syntax error in the parameters: {text}") from error
