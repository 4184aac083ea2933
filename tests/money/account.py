"""The producer's account of money, by its journal alone: what it sent, each event once, each line at its last version.

It shares no code with the pipeline and none with dbt.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

Key = tuple[str, str]
"""Customer and currency."""

Money = Mapping[Key, Mapping[str, int]]
"""Customer and currency -> measure -> cents."""

_MEASURES = {"capture": "captured_cents", "refund": "refunded_cents", "chargeback": "charged_back_cents"}
_OUTCOMES = {"cancelled": "cancelled_cents", "refunded": "refunded_cents"}


def payments(journal: Path) -> Money:
    """Return what was captured, refunded and charged back."""
    events = {body["payment_event_id"]: body for body in _sent(journal, "payments")}
    return _summed(
        (body, _MEASURES[body["kind"]], body["amount_cents"]) for body in events.values() if body["kind"] in _MEASURES
    )


def sales(journal: Path) -> Money:
    """Return what was sold, cancelled, refunded and, of that, left."""
    lines: dict[tuple[str, int], dict[str, Any]] = {}
    for body in _sent(journal, "orders"):
        key = (body["order_id"], body["line_number"])
        if key not in lines or body["version"] > lines[key]["version"]:
            lines[key] = body
    return _summed(part for line in lines.values() for part in _parts(line))


def _parts(line: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, int]]:
    cents = line["quantity"] * line["unit_price_cents"]
    yield line, "gross_sales_cents", cents
    yield line, _OUTCOMES.get(line["status"], "net_sales_cents"), cents


def _sent(journal: Path, stream: str) -> Iterator[dict[str, Any]]:
    """Yield every good event of a stream that was sent, the ones that were sent again included."""
    query = (
        "select body from piece join record on record.id = record_id "
        "where piece.stream = ? and reason is null and state = 'sent'"
    )
    with closing(sqlite3.connect(journal)) as connection:
        for (body,) in connection.execute(query, (stream,)):
            yield json.loads(body)


def _summed(parts: Iterator[tuple[dict[str, Any], str, int]]) -> Money:
    found: dict[Key, Counter[str]] = defaultdict(Counter)
    for body, measure, cents in parts:
        found[body["customer_id"], body["currency"]][measure] += cents
    return found
