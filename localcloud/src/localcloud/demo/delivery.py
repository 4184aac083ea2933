"""How events really arrive: late, twice, glued together, and with broken ones between them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from localcloud.demo.malformed import break_event
from localcloud.demo.model import REASONS, Event, Piece, Record

LATE: Final = timedelta(days=1)
"""An event that arrives this long after it occurred is counted as late."""

_LATE_SHARE: Final = 0.02
_DUPLICATE_SHARE: Final = 0.015
_GLUED_SHARE: Final = 0.01
_MALFORMED_SHARE: Final = 0.01


def deliver(*, rng: Random, events: Iterable[Event], until: datetime) -> list[Record]:
    """Return the Kinesis records, in order of arrival, that carry the good `events` of one stream and their mishaps."""
    arrivals = sorted(((_arrival(rng, event, until), event) for event in events), key=lambda arrival: arrival[0])
    records = _glue(rng, arrivals)
    records += _duplicates(rng, records, until)
    records += _malformed(rng, [event for _, event in arrivals], until)
    return sorted(records, key=lambda record: record.arrives_at)


def _arrival(rng: Random, event: Event, until: datetime) -> datetime:
    delay = timedelta(seconds=rng.expovariate(1 / 2))
    if rng.random() < _LATE_SHARE:
        delay = LATE + timedelta(days=rng.uniform(0, 3))
        if event.occurred_at + delay > until:
            delay = timedelta(seconds=1)
    return event.occurred_at + delay


def _glue(rng: Random, arrivals: Sequence[tuple[datetime, Event]]) -> list[Record]:
    records: list[Record] = []
    waiting: list[tuple[datetime, Event]] = []
    for arrival in arrivals:
        waiting.append(arrival)
        if len(waiting) == 1 and rng.random() < _GLUED_SHARE:
            continue
        records.append(_record(rng, waiting))
        waiting = []
    if waiting:
        records.append(_record(rng, waiting))
    return records


def _record(rng: Random, arrivals: Sequence[tuple[datetime, Event]]) -> Record:
    at, event = arrivals[-1]
    # Some producers escape what is not ASCII, others send UTF-8: both must come out the same.
    texts = [json.dumps(each.body, ensure_ascii=rng.random() < 0.2, separators=(",", ":")) for _, each in arrivals]
    pieces = tuple(
        Piece(reason=None, key=each.key, body=text, is_late=at - each.occurred_at >= LATE)
        for (_, each), text in zip(arrivals, texts, strict=True)
    )
    return Record(event.stream, at, _partition_key(event), "".join(texts).encode(), pieces)


def _duplicates(rng: Random, records: Sequence[Record], until: datetime) -> list[Record]:
    """Send some records again: most within seconds (a retry), some much later (a replay upstream)."""
    again = []
    for record in records:
        if rng.random() < _DUPLICATE_SHARE:
            later = timedelta(seconds=5) if rng.random() < 0.6 else (until - record.arrives_at) * rng.random()
            again.append(
                Record(record.stream, record.arrives_at + later, record.partition_key, record.data, record.pieces)
            )
    return again


def _malformed(rng: Random, events: Sequence[Event], until: datetime) -> list[Record]:
    """Add broken records beside the good ones; every reason occurs in every stream that has events."""
    records = []
    count = max(len(REASONS), round(len(events) * _MALFORMED_SHARE)) if events else 0
    for number in range(count):
        event = rng.choice(events)
        reason = REASONS[number % len(REASONS)]
        at = min(event.occurred_at + timedelta(seconds=rng.uniform(0, 60)), until)
        text = break_event(rng, event, reason)
        records.append(Record(event.stream, at, _partition_key(event), text.encode(), (Piece(reason, None, None),)))
    return records


def _partition_key(event: Event) -> str:
    fields = ("shopper_id", "customer_id") if event.stream == "page_views" else ("order_id", "customer_id")
    return next(str(event.body[name]) for name in fields if name in event.body)
