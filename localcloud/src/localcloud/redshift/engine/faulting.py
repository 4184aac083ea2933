"""Statements that fail because a fault rule says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from localcloud.faults.statements import struck
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.statement import Statement

Made = TypeVar("Made")


def faulted(statement: Statement, work: Callable[[], Made]) -> Made:
    """Do `work` and return what it gives. Raises RedshiftError or ConnectionDropped before or after, as rules have it.

    What a statement outside a transaction did stays done when the failure comes after it.
    """
    _fail_if_struck(statement, when="before")
    made = work()
    _fail_if_struck(statement, when="after")
    return made


def _fail_if_struck(statement: Statement, *, when: str) -> None:
    rule = struck("redshift", statement.verb, statement.text, when=when)
    if rule is None:
        return
    if rule.kind == "serializable_conflict":
        raise RedshiftError("40001", "1023: Serializable isolation violation: struck by a fault rule")
    raise RedshiftError("XX000", "internal error: struck by a fault rule")
