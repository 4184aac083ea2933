"""What customers are told of: an extract that ended. No row, no link and no key is ever in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from landfall.aws.notifications import announce
from landfall.extract.records.record import ExtractRecord, State
from landfall.settings import Settings

TOLD: Final[Mapping[State, str]] = {
    "done": "extract.done",
    "failed": "extract.failed",
    "held": "extract.held",
    "cancelled": "extract.cancelled",
}
"""State of an extract -> type of the event it ends with."""

_SHOWN: Final = (
    "extract_id",
    "customer_id",
    "product",
    "state",
    "cause",
    "rows",
    "bytes",
    "files",
    "expires_at",
    "delivered_to",
)


def event_of(record: ExtractRecord) -> dict[str, Any]:
    """Return the event of an extract that ended, in the shape Standard Webhooks asks for.

    Its `id` is the same however often it is sent, so that a receiver can leave out what it has had.
    """
    item = record.to_item()
    return {
        "id": f"{record.extract_id}.{record.state}",
        "type": TOLD[record.state],
        "timestamp": record.changed_at,
        "data": {name: item.get(name) for name in _SHOWN},
    }


def tell_of(record: ExtractRecord, settings: Settings) -> None:
    """Publish the event of an extract that ended to the topic of extracts, which hands it to every channel."""
    event = event_of(record)
    announce(
        topic_arn=settings.extract_topic_arn,
        message=json.dumps(event),
        attributes={"type": event["type"], "customer_id": record.customer_id},
    )
