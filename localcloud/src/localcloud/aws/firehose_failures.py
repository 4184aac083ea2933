"""Records that Firehose could not process, by a fault rule: they go to the error prefix as the service writes them.

No processor that the local cloud runs can fail; a rule `processing_failed` plays a Lambda function that does.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Sequence

from localcloud.aws.firehose_sources import Batch
from localcloud.faults.rules import FAULTS, RECORD_KINDS

Records = list[tuple[bytes, float]]
"""Data and arrival (epoch seconds) of each."""

_ATTEMPTS = 4
"""The first and three retries, Firehose's default."""


def split(batch: Batch, *, stream: str) -> tuple[Records, Records]:
    """Return the records that are delivered, and those that a rule for the delivery stream `stream` strikes."""
    records = list(zip(batch.records, batch.arrivals, strict=True))
    if FAULTS.is_idle:
        return records, []
    good: Records = []
    failed: Records = []
    for data, arrival in records:
        text = f"{stream}\n{data.decode('utf-8', 'replace')}"
        struck = FAULTS.strike(kinds=RECORD_KINDS, service="firehose", operation="*", text=text)
        (failed if struck else good).append((data, arrival))
    return good, failed


def error_lines(failed: Sequence[tuple[bytes, float]]) -> bytes:
    """Return the body of an error object, a JSON line a record.

    The format is that of docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html, with the
    times as milliseconds, as the service sends them.
    """
    ended = int(time.time() * 1000)
    lines = (
        {
            "rawData": base64.b64encode(data).decode(),
            "errorCode": "Lambda.FunctionError",
            "errorMessage": "The Lambda function was successfully invoked but it returned an error result.",
            "attemptsMade": _ATTEMPTS,
            "arrivalTimestamp": int(arrival * 1000),
            "attemptEndingTimestamp": ended,
        }
        for data, arrival in failed
    )
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)
