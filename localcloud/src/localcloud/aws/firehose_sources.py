"""Where a Firehose stream's undelivered records are: its direct-put buffer or its Kinesis stream.

Nothing is copied. A Kinesis source keeps a position a shard, moved only after an object is written; a direct put
keeps its records in the destination until then. Both live in ministack's own Firehose state, which a clean stop
saves, so `down` and `up` neither lose nor double a record.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ministack.core.arn import parse_arn
from ministack.services import firehose, kinesis

from localcloud.aws import kinesis_records

_POSITIONS = "kinesis_positions"

_CLOCK_STEP_SECONDS = 0.001
"""Kinesis rounds arrival times to milliseconds, so one may lie this much before the true time."""


@dataclass(frozen=True)
class Batch:
    """Records for one object: their data, their arrivals (epoch seconds) and what to do once they are written."""

    records: list[bytes]
    arrivals: list[float]
    commit: Callable[[], None]

    @property
    def size(self) -> int:
        """Bytes of data, as buffering hints count them: before delimiter and compression."""
        return sum(map(len, self.records))


def pending_bytes(stream: dict[str, Any]) -> int:
    """Return how many bytes of data wait to be delivered."""
    return sum(len(data) for data, _, _ in _waiting(stream))


def is_waiting(stream: dict[str, Any]) -> bool:
    """Tell whether any record waits to be delivered."""
    return next(_waiting(stream), None) is not None


def take(stream: dict[str, Any], limit: int) -> Batch | None:
    """Return the records of the next object, ended by the first that reaches `limit` bytes, or None if none waits."""
    records: list[bytes] = []
    arrivals: list[float] = []
    positions: dict[str, str] = {}
    size = 0
    for data, arrival, position in _waiting(stream):
        records.append(data)
        positions.update(position)
        arrivals.append(arrival)
        size += len(data)
        if size >= limit:
            break
    if not records:
        return None

    def commit() -> None:
        if stream["type"] == "KinesisStreamAsSource":
            stream.setdefault(_POSITIONS, {}).update(positions)
        else:
            with firehose._lock:
                del stream["destinations"][0]["records"][: len(records)]

    return Batch(records=records, arrivals=arrivals, commit=commit)


def _waiting(stream: dict[str, Any]) -> Iterator[tuple[bytes, float, dict[str, str]]]:
    """Yield each undelivered record's data, arrival time and {shard: sequence number}, oldest first in a shard."""
    if stream["type"] == "KinesisStreamAsSource":
        for shard_id, record in _kinesis_records(stream):
            data = base64.b64decode(record["Data"])
            yield data, record["ApproximateArrivalTimestamp"], {shard_id: record["SequenceNumber"]}
    elif stream["destinations"]:
        for record in list(stream["destinations"][0]["records"]):
            yield base64.b64decode(record["data"]), record["ts"], {}


def _kinesis_records(stream: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    source = stream["kinesis_source"]
    arn = parse_arn(source["KinesisStreamARN"])
    data_stream = kinesis._streams.get_scoped(arn.account_id, arn.region, arn.resource.removeprefix("stream/"))
    if data_stream is None:
        return
    positions = stream.get(_POSITIONS, {})
    for shard_id, shard in list(data_stream["shards"].items()):
        records = shard["records"]
        if shard_id in positions:
            start = kinesis_records.after(records, positions[shard_id])
        else:
            # A new delivery stream begins with what arrives after it: Firehose reads from LATEST.
            start = kinesis_records.arrived_since(records, source["DeliveryStartTimestamp"] - _CLOCK_STEP_SECONDS)
        for record in kinesis_records.read_from(records, start):
            yield shard_id, record
