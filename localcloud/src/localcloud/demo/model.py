"""What the producer sends: events, and the Kinesis records that carry one or two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

Json = str | int | float | bool | None
Body = Mapping[str, Json]

STREAMS: Final = ("orders", "payments", "page_views", "customers")

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "orders": ("order_id", "line_number", "version"),
    "payments": ("payment_event_id",),
    "page_views": ("page_view_id",),
    "customers": ("customer_id", "version"),
}
"""The fields that make an event of a stream the same event."""

REASONS: Final = ("not_json", "missing_field", "wrong_type", "not_allowed")
"""Why a record is quarantined."""


@dataclass(frozen=True, slots=True)
class Event:
    """A good event: when it happened (UTC) and its fields as JSON values."""

    stream: str
    occurred_at: datetime
    body: Body

    @property
    def key(self) -> str:
        """The event's key as one string."""
        return "/".join(str(self.body[name]) for name in KEYS[self.stream])


@dataclass(frozen=True, slots=True)
class Piece:
    """One event inside a Kinesis record, as the account counts it.

    `reason` is None for a good event, else why it must be quarantined; `key` and `body` are None unless it is good.
    """

    reason: str | None
    key: str | None
    body: str | None
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A Kinesis record; more than one piece when a producer glued events together (`}{`)."""

    stream: str
    arrives_at: datetime
    partition_key: str
    data: bytes
    pieces: tuple[Piece, ...]


def iso(moment: datetime) -> str:
    """Write a UTC time as the streams do: `2026-11-20T12:34:56.789Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def identifier(prefix: str, *parts: object) -> str:
    """Make a stable id of 12 hexadecimal digits, such as `ord_0123456789ab`, from what it names."""
    return prefix + hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=6).hexdigest()
