"""Objects of Kafka Connect's S3 sink: `topics/<topic>/partition=<n>/<topic>+<n>+<first offset>.json.gz`.

The sink's default partitioner and JSON format with gzip; see docs.confluent.io, Amazon S3 Sink Connector. An object is
written whole and, after a restart of the sink, again with the same content under the same key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = "topics"
_KEY = re.compile(
    r"topics/(?P<topic>[^/]+)/partition=(?P<partition>0|[1-9]\d{0,3})/"
    r"(?P=topic)\+(?P=partition)\+(?P<offset>\d{10,})\.json\.gz"
)


@dataclass(frozen=True, kw_only=True)
class SinkObject:
    """Whose records an object holds: topic, partition and the offset of the first."""

    topic: str
    partition: int
    offset: int


def offset_of(key: str) -> SinkObject | None:
    """Return what a key says, or None if it is not laid out as the sink's are."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    return SinkObject(topic=match["topic"], partition=int(match["partition"]), offset=int(match["offset"]))


def folder_prefix(topic: str) -> str:
    """Return what every partition's folder of a topic begins with."""
    return f"{PREFIX}/{topic}/partition="
