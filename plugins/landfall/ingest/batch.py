"""Landed objects and the batches they are loaded in; no AWS here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from landfall.ingest import kafka

MOST_OBJECTS = 500
MOST_BYTES = 1 << 30
MOST_URI_BYTES = 160_000
"""Address text in a batch: with the rest of the statement it stays below Athena's 262,144 bytes."""
MOST_LANDING_DAYS = 50
"""Days of arrival in a batch: Athena writes at most 100 open partitions, here those of quarantine."""

_DATED = re.compile(r"[^/]+/dt=(?P<dt>\d{4}-\d{2}-\d{2})/hr=(?P<hr>\d{2})/")
_KEY = re.compile(r"(?P<stream>[a-z][a-z0-9_]*)/dt=(?P<dt>\d{4}-\d{2}-\d{2})/hr=(?P<hr>[01]\d|2[0-3])/[^/]+")


@dataclass(frozen=True, kw_only=True)
class LandedObject:
    """One object of the landing bucket: where it lies, its size in bytes, when it landed (UTC)."""

    key: str
    bytes: int
    landed_at: datetime

    @property
    def is_dated(self) -> bool:
        """Whether the key says when the object arrived, as Firehose's do; of others the ledger knows it."""
        return _DATED.match(self.key) is not None

    @property
    def dt(self) -> str:
        """Day of arrival, `YYYY-MM-DD`: the first partition key of Firehose's landing table."""
        match = _DATED.match(self.key)
        return match["dt"] if match else self.landed_at.date().isoformat()

    @property
    def hr(self) -> str:
        """Hour of arrival, `HH`: the second partition key of Firehose's landing table."""
        match = _DATED.match(self.key)
        return match["hr"] if match else f"{self.landed_at:%H}"

    @property
    def kafka_partition(self) -> int | None:
        """Partition of the Kafka topic whose records a sink's object holds: the partition key of its landing table."""
        found = kafka.offset_of(self.key)
        return found.partition if found else None


def is_landing_key(key: str, *, stream: str, topic: str | None = None) -> bool:
    """Whether `key` is that of an object the landing table of `stream`, which may be a Kafka `topic`'s, can read."""
    if topic is not None:
        found = kafka.offset_of(key)
        return found is not None and found.topic == topic
    match = _KEY.fullmatch(key)
    return match is not None and match["stream"] == stream and _is_date(match["dt"])


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def plan_batches(objects: Iterable[LandedObject], *, bucket: str) -> Iterator[tuple[LandedObject, ...]]:
    """Yield the objects in order of arrival and key, cut into batches that stay within every limit of a statement.

    An object larger than MOST_BYTES is a batch of its own. Objects whose keys do not say when they arrived share one
    day: it is a constant of their batch's statement.
    """
    batch: list[LandedObject] = []
    size = uri_bytes = 0
    days: set[str] = set()
    for landed in sorted(objects, key=lambda found: (found.dt, found.key)):
        address = len(f"'s3://{bucket}/{landed.key}', ".encode())
        full = (
            len(batch) == MOST_OBJECTS
            or size + landed.bytes > MOST_BYTES
            or uri_bytes + address > MOST_URI_BYTES
            or (landed.dt not in days and (len(days) == MOST_LANDING_DAYS or not landed.is_dated))
        )
        if batch and full:
            yield tuple(batch)
            batch, size, uri_bytes, days = [], 0, 0, set()
        batch.append(landed)
        size += landed.bytes
        uri_bytes += address
        days.add(landed.dt)
    if batch:
        yield tuple(batch)
