"""PREPARE and DEALLOCATE PREPARE: the work group's prepared statements, which the API has as well.

Source: Athena user guide, 'Use prepared statements'. EXECUTE is read where a query is submitted.
"""

from __future__ import annotations

import re

from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.sql.dialect import parse_query
from localcloud.athena.statement import read_statement
from localcloud.lake.errors import LakeError

_NAME = r'"?([a-zA-Z_][\w@:]{0,255})"?'
_PREPARE = re.compile(rf"prepare\s+{_NAME}\s+from\s+(.+)", re.IGNORECASE | re.DOTALL)
_DEALLOCATE = re.compile(rf"deallocate\s+prepare\s+{_NAME}\s*", re.IGNORECASE)
_PARSED = ("SELECT", "INSERT", "MERGE", "UPDATE", "DELETE")


def prepare(context: Context, text: str) -> Outcome:
    """PREPARE name FROM statement."""
    match = _PREPARE.fullmatch(text)
    if match is None:
        raise LakeError("SYNTAX_ERROR", "line 1:9: mismatched input. Expecting: PREPARE name FROM statement")
    statement = read_statement(match[2])
    if statement.subtype in _PARSED:
        parse_query(statement.text)
    context.prepared.create(match[1], statement.text)
    return Outcome(lines=())


def deallocate(context: Context, text: str) -> Outcome:
    """DEALLOCATE PREPARE name."""
    match = _DEALLOCATE.fullmatch(text)
    if match is None:
        raise LakeError("SYNTAX_ERROR", "line 1:12: mismatched input. Expecting: DEALLOCATE PREPARE name")
    context.prepared.drop(match[1])
    return Outcome(lines=())
