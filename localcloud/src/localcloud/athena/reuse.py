"""Which results may answer a later query (ResultReuseByAgeConfiguration).

Source: Athena user guide, 'Reuse query results': only SELECT, and no query whose answer is chance; the data may have
changed since, the service does not look.
"""

from __future__ import annotations

from sqlglot import exp

from localcloud.athena.sql.dialect import parse_query
from localcloud.athena.statement import Statement
from localcloud.lake.errors import LakeError

_BY_CHANCE = {"RAND", "RANDOM", "SHUFFLE", "UUID", "NOW", "LOCALTIME", "LOCALTIMESTAMP"}
_BY_TIME = (exp.Rand, exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Uuid, exp.TableSample)


def is_reusable(statement: Statement) -> bool:
    """Whether a statement's result depends on nothing but data: no chance, no clock, no LIMIT without an order.

    Ask before the statement is run: whoever runs it changes its tree.
    """
    if statement.subtype != "SELECT":
        return False
    try:
        tree = statement.parsed or parse_query(statement.text)
    except LakeError:
        return False
    return not any(_varies(node) for node in tree.walk())


def _varies(node: exp.Expr) -> bool:
    if isinstance(node, _BY_TIME):
        return True
    if isinstance(node, exp.Anonymous):
        return node.name.upper() in _BY_CHANCE
    if isinstance(node, exp.Query):
        return bool(node.args.get("limit")) and not node.args.get("order")
    return False
