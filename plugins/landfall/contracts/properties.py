"""A contract's custom properties: what the pipeline promises of a stream and the standard has no word for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from landfall.contracts.model import LimitAction, QuarantineLimit
from landfall.contracts.reading import Place

_MOST_DUPLICATE_DAYS = 30
_TOPIC = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,248}")
"""Kafka's own rule for a topic's name, less those that start with a dot."""


@dataclass(kw_only=True)
class CustomProperties:
    """What `customProperties` says; see StreamContract for what each means."""

    duplicate_days: int = 0
    quarantine_limit: QuarantineLimit | None = None
    kafka_topic: str | None = None


def parse_properties(properties: Place) -> CustomProperties:
    """Return what the list `customProperties` says. Raises ContractError."""
    found = CustomProperties()
    taken: set[str] = set()
    for place in properties.items():
        place.mapping(known=["property", "value", "description"])
        name = place["property"].one_of(_READERS)
        if name in taken:
            place["property"].refuse("say it once")
        taken.add(name)
        _READERS[name](place["value"], found)
    return found


def _duplicate_days(place: Place, found: CustomProperties) -> None:
    value = place.integer()
    if value is None or not 0 <= value <= _MOST_DUPLICATE_DAYS:
        place.refuse(f"write a number of days from 0 to {_MOST_DUPLICATE_DAYS}: each load reads that many more")
    found.duplicate_days = value


def _quarantine_limit(place: Place, found: CustomProperties) -> None:
    place.mapping(known=["share", "records", "action"])
    share, records = place["share"], place["records"].integer()
    if share.value is not None and (not isinstance(share.value, float) or not 0 < share.value < 1):
        share.refuse("write a share of the records between 0 and 1, such as 0.05")
    if records is not None and records < 0:
        place["records"].refuse("write a number of records")
    if share.value is None and records is None:
        place.refuse("write a share, a number of records, or both")
    action = LimitAction(place["action"].one_of([action.value for action in LimitAction]))
    found.quarantine_limit = QuarantineLimit(share=share.value, records=records, action=action)


def _kafka_topic(place: Place, found: CustomProperties) -> None:
    topic = place.text()
    if not _TOPIC.fullmatch(topic):
        place.refuse("write the topic's name: letters, digits, '.', '_' and '-', at most 249")
    found.kafka_topic = topic


_READERS: dict[str, Callable[[Place, CustomProperties], None]] = {
    "duplicateDays": _duplicate_days,
    "quarantineLimit": _quarantine_limit,
    "kafkaTopic": _kafka_topic,
}
