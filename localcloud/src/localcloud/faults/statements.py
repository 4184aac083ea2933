"""Faults of statements, which an engine asks for before and after it has executed one."""

from __future__ import annotations

import time

from localcloud.faults.rules import FAULTS, Faults, Rule

_WIRE_KINDS = ("error", "slow", "drop", "failed_query", "serializable_conflict")
_ATHENA_KINDS = ("failed_query", "commit_conflict")


class ConnectionDropped(Exception):  # noqa: N818 - it is what happens, not what went wrong
    """The connection on which a statement came is to be broken without a word."""


def struck(engine: str, operation: str, text: str, *, when: str, faults: Faults = FAULTS) -> Rule | None:
    """Return the rule by which a statement fails now, after any rule that only makes it slow has had its time.

    `engine` is `athena` or `redshift`, `operation` the statement's first words, `text` all of it. Raises
    ConnectionDropped.
    """
    kinds = _ATHENA_KINDS if engine == "athena" else _WIRE_KINDS
    found = None
    for rule in faults.strike(kinds=kinds, service=engine, operation=operation, text=text, when=when):
        if rule.kind == "slow":
            time.sleep(rule.delay_ms / 1000)
        elif rule.kind == "drop":
            raise ConnectionDropped
        else:
            found = found or rule
    return found
