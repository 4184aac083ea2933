"""Let Kinesis keep its records in files, and find and expire them without a walk through all of them."""

from __future__ import annotations

import bisect
import time
import uuid
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ministack.services import kinesis

from localcloud.aws.kinesis_log import ShardLog

_SECONDS_AN_HOUR = 3600

Records = Sequence[dict[str, Any]] | ShardLog


def install(folder: Path) -> None:
    """Give every shard a log in `folder`."""
    build = kinesis._build_shards

    def build_shards(*arguments: Any, **named: Any) -> dict[str, dict[str, Any]]:
        shards: dict[str, dict[str, Any]] = build(*arguments, **named)
        for shard in shards.values():
            shard["records"] = ShardLog(folder / f"{uuid.uuid4()}.jsonl")
        return shards

    kinesis._build_shards = build_shards
    kinesis._expire_records = expire_records
    kinesis._start_position = start_position


def expire_records(stream: dict[str, Any]) -> None:
    """Drop what is older than the stream's retention."""
    cutoff = time.time() - stream["RetentionPeriodHours"] * _SECONDS_AN_HOUR
    for shard in stream["shards"].values():
        records = shard["records"]
        if not records or _arrival(records[0]) >= cutoff:
            continue
        expired = bisect.bisect_left(records, cutoff, key=_arrival)
        if isinstance(records, ShardLog):
            records.drop(expired)
        else:
            del records[:expired]


def start_position(records: Records, kind: str, sequence_number: str, timestamp: Any) -> int | None:
    """Return the index at which an iterator of this `kind` begins; None for an unknown kind."""
    if kind == "TRIM_HORIZON":
        return 0
    if kind == "LATEST":
        return len(records)
    if kind == "AT_SEQUENCE_NUMBER":
        return bisect.bisect_left(records, sequence_number, key=_sequence_number)
    if kind == "AFTER_SEQUENCE_NUMBER":
        return after(records, sequence_number)
    if kind == "AT_TIMESTAMP":
        return arrived_since(records, float(timestamp))
    return None


def after(records: Records, sequence_number: str) -> int:
    """Return the index of the first record behind `sequence_number`."""
    return bisect.bisect_right(records, sequence_number, key=_sequence_number)


def arrived_since(records: Records, moment: float) -> int:
    """Return the index of the first record that arrived at `moment` (epoch seconds) or later."""
    return bisect.bisect_left(records, moment, key=_arrival)


def read_from(records: Records, index: int) -> Iterator[dict[str, Any]]:
    """Yield the records from `index` on."""
    return records.since(index) if isinstance(records, ShardLog) else islice(records, index, None)


def _sequence_number(record: dict[str, Any]) -> str:
    return str(record["SequenceNumber"])


def _arrival(record: dict[str, Any]) -> float:
    return float(record["ApproximateArrivalTimestamp"])
