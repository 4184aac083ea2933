"""Send planned records to Kinesis: full batches, and only what failed again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from localcloud.demo.errors import DemoError
from localcloud.demo.journal import Journal, Waiting

MAX_RECORDS: Final = 500
"""Most records a PutRecords request takes (Kinesis Data Streams API reference, PutRecords)."""

MAX_BYTES: Final = 5_000_000
"""Most bytes a PutRecords request takes, partition keys included (same source: 5 MiB; a margin is kept)."""

_REFUSALS: Final = ("ProvisionedThroughputExceededException", "LimitExceededException", "ThrottlingException")
"""Errors of a whole request that say that nothing of it was taken."""

_MAX_ATTEMPTS: Final = 12
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 5.0


class Kinesis(Protocol):
    """The one call of boto3's Kinesis client that is used."""

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Send records; the answer holds one result a record, in order."""
        ...


def batches(records: Sequence[Waiting]) -> Iterator[list[Waiting]]:
    """Cut `records` into batches that keep both limits of PutRecords."""
    batch: list[Waiting] = []
    size = 0
    for record in records:
        weight = len(record.data) + len(record.partition_key.encode())
        if batch and (len(batch) == MAX_RECORDS or size + weight > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += weight
    if batch:
        yield batch


def send(
    *,
    journal: Journal,
    client: Kinesis,
    stream_name: Callable[[str], str],
    on_sent: Callable[[str, int], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send every planned record of `journal`, a batch a stream in turn; `on_sent(stream, records)` follows each batch.

    The client must not retry by itself: a request whose answer was lost may have been taken, and sending it again
    unasked would make the account wrong. Raises DemoError when a stream keeps refusing records.
    """
    queues = {stream: batches(records) for stream, records in journal.waiting().items()}
    while queues:
        for stream in list(queues):
            batch = next(queues[stream], None)
            if batch is None:
                del queues[stream]
                continue
            journal.mark(batch, "sending")
            for taken in _put(journal, client, stream_name(stream), batch, sleep):
                journal.mark(taken, "sent")
                on_sent(stream, len(taken))


def _put(
    journal: Journal, client: Kinesis, name: str, batch: Sequence[Waiting], sleep: Callable[[float], None]
) -> Iterator[list[Waiting]]:
    """Yield what the stream took of `batch`, attempt by attempt, until all of it is taken."""
    left = list(batch)
    pause = _FIRST_PAUSE_SECONDS
    error = ""
    for _ in range(_MAX_ATTEMPTS):
        errors = _attempt(client, name, left)
        yield [record for record, code in zip(left, errors, strict=True) if not code]
        left = [record for record, code in zip(left, errors, strict=True) if code]
        if not left:
            return
        error = next(code for code in errors if code)
        sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
    journal.mark(left, "planned")
    raise DemoError(f"{name} still refuses {len(left)} records after {_MAX_ATTEMPTS} attempts, last with {error}")


def _attempt(client: Kinesis, name: str, records: Sequence[Waiting]) -> list[str]:
    """Send `records` once; return an error code for each, empty when it was taken."""
    entries = [{"Data": record.data, "PartitionKey": record.partition_key} for record in records]
    try:
        answer = client.put_records(StreamName=name, Records=entries)
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        if code in _REFUSALS:
            return [code] * len(records)
        raise
    return [str(result.get("ErrorCode") or "") for result in answer["Records"]]
