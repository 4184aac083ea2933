"""The crash points of a real worker: before, amid and after each call of AWS that discovery and load make."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import sqlglot

from tests.chaos.schedule import CALLS
from tests.chaos.statements import point_of_statement

_OPERATIONS = {
    "dynamodb GetItem": "dynamodb read",
    "dynamodb Query": "dynamodb query",
    "dynamodb TransactWriteItems": "dynamodb transaction",
    "dynamodb UpdateItem": "dynamodb update",
    "glue GetTable": "glue read",
    "s3 DeleteObjects": "s3 delete",
    "s3 GetObject": "s3 get",
    "sqs DeleteMessageBatch": "sqs delete",
    "sqs ReceiveMessage": "sqs receive",
}

_CALLS = ("athena table", *CALLS)
"""Here the tables are made by the first worker; the histories in memory find them made."""

CRASH_POINTS = (
    *(f"{when} {call}" for call, when in product(_CALLS, ("before", "after"))),
    *(f"amid {call}" for call in _CALLS if call.startswith("athena ")),
)
"""Where a worker may be struck. Amid a statement: Athena has begun it, and nobody waits for its end."""


def point_of_call(service: str, operation: str, parameters: Mapping[str, Any]) -> str | None:
    """Return the crash point of a call of boto3, None if it changes nothing and says nothing of its own."""
    if (service, operation) == ("athena", "StartQueryExecution"):
        return point_of_text(parameters["QueryString"])
    if (service, operation) == ("s3", "ListObjectsV2"):
        return "s3 list folders" if parameters.get("Delimiter") else "s3 list"
    return _OPERATIONS.get(f"{service} {operation}")


def point_of_text(statement: str) -> str:
    """Return the crash point of a statement that is sent to Athena."""
    return f"athena {point_of_statement(sqlglot.parse_one(statement, dialect='athena'))}"
