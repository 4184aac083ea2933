"""Landed objects and the batches they are loaded in; no AWS here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

MOST_OBJECTS = 500
MOST_BYTES = 1 << 30
MOST_URI_BYTES = 160_000
"""Address text in a batch: with the rest of the statement it stays below Athena's 262,144 bytes."""
MOST_LANDING_DAYS = 50
"""Days of arrival in a batch: Athena writes at most 100 open partitions, here those of quarantine."""

_KEY = re.compile(r"(?P<stream>[a-z][a-z0-9_]*)/dt=(?P<dt>\d{4}-\d{2}-\d{2})/hr=(?P<hr>[01]\d|2[0-3])/[^/]+")


@dataclass(frozen=True, kw_only=True)
class LandedObject:
    """One object of the landing bucket: where it lies, its size in bytes, when it landed (UTC)."""

    key: str
    bytes: int
    landed_at: datetime

    @property
    def dt(self) -> str:
        """Day of arrival, `YYYY-MM-DD`: the first partition key of the landing table."""
        return self.key.split("/")[1].removeprefix("dt=")

    @property
    def hr(self) -> str:
        """Hour of arrival, `HH`: the second partition key of the landing table."""
        return self.key.split("/")[2].removeprefix("hr=")


def is_landing_key(key: str, *, stream: str) -> bool:
    """Whether `key` is that of an object the landing table of `stream` can read."""
    match = _KEY.fullmatch(key)
    return match is not None and match["stream"] == stream and _is_date(match["dt"])


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def plan_batches(objects: Iterable[LandedObject], *, bucket: str) -> Iterator[tuple[LandedObject, ...]]:
    """Yield the objects in order of their keys, cut into batches that stay within every limit of a statement.

    An object larger than MOST_BYTES is a batch of its own.
    """
    batch: list[LandedObject] = []
    size = uri_bytes = 0
    days: set[str] = set()
    for landed in sorted(objects, key=lambda found: found.key):
        address = len(f"'s3://{bucket}/{landed.key}', ".encode())
        full = (
            len(batch) == MOST_OBJECTS
            or size + landed.bytes > MOST_BYTES
            or uri_bytes + address > MOST_URI_BYTES
            or (len(days) == MOST_LANDING_DAYS and landed.dt not in days)
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
