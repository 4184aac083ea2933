"""Faults of the running local cloud for one history: rules at its admin door that concern that history's stream."""

from __future__ import annotations

import json
import os
import random
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ADMIN_PATH = "/_localcloud/faults"
_TRIES = 8
"""How often the product's clients send a request: a rule that strikes so often makes the call fail."""

KINDS: tuple[dict[str, str], ...] = (
    {"kind": "error", "service": "s3", "operation": "ListObjectsV2"},
    {"kind": "throttle", "service": "s3", "operation": "ListObjectsV2"},
    {"kind": "throttle", "service": "s3", "operation": "GetObject", "origin": "engine"},
    {"kind": "error", "service": "s3", "operation": "PutObject", "origin": "engine"},
    {"kind": "error", "service": "s3", "operation": "GetObject"},
    {"kind": "throttle", "service": "dynamodb", "operation": "TransactWriteItems"},
    {"kind": "error", "service": "dynamodb", "operation": "TransactWriteItems", "when": "after"},
    {"kind": "error", "service": "dynamodb", "operation": "UpdateItem", "when": "after"},
    {"kind": "throttle", "service": "dynamodb", "operation": "Query"},
    {"kind": "throttle", "service": "athena", "operation": "StartQueryExecution"},
    {"kind": "drop", "service": "athena", "operation": "StartQueryExecution", "when": "after"},
    {"kind": "failed_query", "service": "athena", "operation": "CREATE_TABLE_AS_SELECT"},
    {"kind": "failed_query", "service": "athena", "operation": "CREATE_TABLE_AS_SELECT", "when": "after"},
    {"kind": "failed_query", "service": "athena", "operation": "MERGE", "when": "after"},
    {"kind": "commit_conflict", "service": "athena", "operation": "MERGE"},
    {"kind": "error", "service": "sqs", "operation": "ReceiveMessage", "when": "after"},
    {"kind": "drop", "service": "sqs", "operation": "DeleteMessageBatch", "when": "after"},
    {"kind": "throttle", "service": "glue", "operation": "GetTable"},
)
"""What may befall a service: each is a rule of the local cloud, narrowed to one stream and a number of times."""


def title(kind: dict[str, str]) -> str:
    """Return a fault in words."""
    words = ("kind", "when", "service", "operation", "origin")
    return "fault " + " ".join(kind[word] for word in words if word in kind)


@contextmanager
def in_force(
    kinds: list[dict[str, str]], *, stream: str, chance: random.Random, struck: Counter[str]
) -> Iterator[None]:
    """Let faults befall what concerns `stream` until the context ends, and count in `struck` how often each did."""
    rules = []
    for kind in kinds:
        limit = chance.randint(1, 3) if chance.random() < 0.6 else _TRIES
        rules.append((kind, _ask(kind, "POST", body=kind | {"match": stream, "limit": limit})["id"]))
    try:
        yield
    finally:
        for kind, rule_id in rules:
            (found,) = [rule for rule in _ask(kind, "GET")["faults"] if rule["id"] == rule_id]
            if found["struck"]:
                struck[title(kind)] += 1
            _ask(kind, "DELETE", query=f"?id={rule_id}")


@contextmanager
def struck_once(kind: dict[str, str], *, match: str) -> Iterator[None]:
    """Let a fault befall the first request or statement that holds the text `match`; it must."""
    rule_id = _ask(kind, "POST", body=kind | {"match": match, "limit": 1})["id"]
    yield
    (found,) = [rule for rule in _ask(kind, "GET")["faults"] if rule["id"] == rule_id]
    _ask(kind, "DELETE", query=f"?id={rule_id}")
    if not found["struck"]:
        raise LookupError(f"nothing held {match}, so {title(kind)} never struck")


def _ask(kind: dict[str, str], method: str, *, body: dict[str, Any] | None = None, query: str = "") -> dict[str, Any]:
    name = "AWS_ENDPOINT_URL_ATHENA" if kind["service"] == "athena" else "AWS_ENDPOINT_URL"
    address = f"{os.environ[name]}{_ADMIN_PATH}{query}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, method=method)  # noqa: S310 - the local cloud's own 127.0.0.1
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return dict(json.load(answer))
