"""Deliver Firehose buffers to S3 as the service does: by size or age, one object a flush.

ministack writes one object a record, without delimiter or compression, and keeps every record in memory. This takes
the place of its two delivery functions. The task sleeps until a buffer is due: an idle stream costs nothing.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from ministack.core.arn import parse_arn
from ministack.core.responses import error_response_json, set_request_account_id, set_request_region
from ministack.services import firehose, s3

from localcloud.aws import firehose_failures, firehose_rules, firehose_sources, s3_files

logger = logging.getLogger("localcloud.firehose")

_RETRY_SECONDS = 5.0
_GZIP_LEVEL = 6


@dataclass
class _Buffer:
    """What waits for one delivery stream: bytes of data and the loop time at which it must be written."""

    size: int
    due: float


class DeliveryError(Exception):
    """S3 did not take an object; its records stay where they are."""


class FirehoseDelivery:
    """The task that writes due buffers; `install` puts it in ministack's way, `start` and `stop` bound its life.

    `saved` saves the state: an object's announcement and the position behind its records.
    """

    def __init__(self, *, saved: Callable[[], Awaitable[None]]) -> None:
        self._saved = saved
        self._buffers: dict[str, _Buffer] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def install(self) -> None:
        """Replace ministack's delivery and let it refuse streams that could not be served exactly."""
        firehose.ingest_from_kinesis_source = self._from_kinesis
        firehose._deliver_records_to_s3 = self._from_put
        for operation, check in (
            ("_create_delivery_stream", firehose_rules.check_stream),
            ("_update_destination", _check_update),
            ("_put_record", _check_put),
            ("_put_record_batch", _check_put),
        ):
            checked = _refusing(getattr(firehose, operation), check)
            setattr(firehose, operation, checked)  # CloudFormation calls it by this name
            name = "".join(part.title() for part in operation.split("_"))
            firehose._HANDLERS[name] = checked

    def start(self) -> None:
        """Begin delivering; buffers that a former process left are counted and given a full interval."""
        self._loop = asyncio.get_running_loop()
        for stream in firehose._streams.all_values():
            self._add(stream, firehose_sources.pending_bytes(stream))
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End after the object that is being written; what still waits is in the saved state."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task

    def _from_kinesis(self, stream_arn: str, records: list[tuple[str, bytes]]) -> None:
        size = sum(len(data) for _, data in records)
        for stream in firehose._streams.all_values():
            if (stream["kinesis_source"] or {}).get("KinesisStreamARN") == stream_arn:
                self._notify(stream, size)

    def _from_put(self, stream: dict[str, Any], _destination: dict[str, Any], records: list[tuple[str, bytes]]) -> None:
        self._notify(stream, sum(len(data) for _, data in records))

    def _notify(self, stream: dict[str, Any], size: int) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._add, stream, size)

    def _add(self, stream: dict[str, Any], size: int) -> None:
        if not size or not stream["destinations"]:
            return
        config = stream["destinations"][0]["config"]
        buffer = self._buffers.get(stream["arn"])
        if buffer is None:
            due = self._now() + firehose_rules.buffer_seconds(config)
            self._buffers[stream["arn"]] = buffer = _Buffer(0, due)
            self._wake.set()
        buffer.size += size
        if buffer.size >= firehose_rules.buffer_bytes(config):
            buffer.due = min(buffer.due, self._now())
            self._wake.set()

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            for arn, buffer in list(self._buffers.items()):
                if buffer.due <= self._now() and not self._stopping:
                    await self._flush(arn)
            next_due = min((buffer.due for buffer in self._buffers.values()), default=None)
            pause = None if next_due is None else max(0.0, next_due - self._now())
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
            except TimeoutError:
                continue

    async def _flush(self, arn: str) -> None:
        """Write one object of the buffer `arn`; what is left over waits as a new buffer."""
        stream = _find(arn)
        buffer = self._buffers.pop(arn)
        if stream is None:
            return  # deleted with its buffer, as in AWS
        try:
            batch = await _deliver(stream)
            await self._saved()
        except Exception as error:
            # Whatever it was, the task must go on: other streams' records wait for it too.
            text = "Firehose %s: %s; trying again in %s s"
            unforeseen = not isinstance(error, DeliveryError)
            logger.warning(text, stream["name"], error, _RETRY_SECONDS, exc_info=unforeseen)
            arrived = self._buffers.pop(arn, _Buffer(0, 0.0))
            self._buffers[arn] = _Buffer(buffer.size + arrived.size, self._now() + _RETRY_SECONDS)
            return
        if batch is not None and firehose_sources.is_waiting(stream):
            arrived = self._buffers.pop(arn, _Buffer(0, 0.0))
            # The sizes are those of the puts that were told of; a record that was not must be delivered too.
            self._add(stream, max(1, buffer.size + arrived.size - batch.size))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


async def _deliver(stream: dict[str, Any]) -> firehose_sources.Batch | None:
    """Write the next object of `stream`, and one of the records that failed, and only then mark them as delivered.

    Raises DeliveryError when S3 refuses an object.
    """
    config = stream["destinations"][0]["config"]
    batch = firehose_sources.take(stream, firehose_rules.buffer_bytes(config))
    if batch is None:
        return None
    good, failed = firehose_failures.split(batch, stream=stream["name"])
    arn = parse_arn(stream["arn"])
    # S3 takes account and region from the request; a task has none of its own.
    set_request_account_id(arn.account_id)
    set_request_region(arn.region)
    bucket = firehose._s3_bucket_from_arn(config["BucketARN"])
    if failed:
        arrival = min(arrival for _, arrival in failed)
        key = firehose_rules.error_key(stream=stream, config=config, arrival=arrival, unique=str(uuid.uuid4()))
        await _write(bucket, key, firehose_failures.error_lines(failed))
    if good:
        arrival = min(arrival for _, arrival in good)
        key = firehose_rules.object_key(stream=stream, config=config, arrival=arrival, unique=str(uuid.uuid4()))
        await _write(bucket, key, await asyncio.to_thread(_encode, [data for data, _ in good], config))
    batch.commit()
    return batch


async def _write(bucket: str, key: str, body: bytes) -> None:
    headers = {
        "content-type": "application/octet-stream",
        "content-length": str(len(body)),
        "host": "s3.localhost",
    }
    try:
        with s3_files.checked() as require_written:
            status, _, answer = await s3.handle_request("PUT", f"/{bucket}/{key}", headers, body, {}, internal=True)
            require_written()
    except OSError as error:
        raise DeliveryError(f"s3://{bucket}/{key} not written: {error}") from error
    if status != 200:
        raise DeliveryError(f"s3://{bucket}/{key} not written ({status}): {answer!r}")


def _encode(records: list[bytes], config: dict[str, Any]) -> bytes:
    end = firehose_rules.delimiter(config)
    body = b"".join(part for record in records for part in (record, end))
    return gzip.compress(body, _GZIP_LEVEL) if firehose_rules.compression(config) == "GZIP" else body


def _find(arn: str) -> dict[str, Any] | None:
    return next((stream for stream in firehose._streams.all_values() if stream["arn"] == arn), None)


def _check_update(request: dict[str, Any]) -> None:
    stream = firehose._streams.get(request.get("DeliveryStreamName", ""))
    if stream is None or not stream["destinations"]:
        return  # ministack says what is wrong with it
    for name, change in request.items():
        if name.endswith("DestinationUpdate"):
            # An update holds what changes alone; what counts is the whole that comes of it.
            whole = {**stream["destinations"][0]["config"], **change}
            firehose_rules.check_stream({name.replace("Update", "Configuration"): whole})


def _check_put(request: dict[str, Any]) -> None:
    stream = firehose._streams.get(request.get("DeliveryStreamName", ""))
    if stream is not None and stream["type"] == "KinesisStreamAsSource":
        # As the service does; ministack would take the records and never deliver them.
        raise firehose_rules.UnsupportedStreamError(
            f"This operation is not permitted on KinesisStreamAsSource delivery stream {stream['name']}"
        )


def _refusing(operation: Any, check: Any) -> Any:
    """Wrap a Firehose `operation` so that a request that fails `check` is answered InvalidArgumentException."""

    def checked(request: dict[str, Any]) -> Any:
        try:
            check(request)
        except firehose_rules.UnsupportedStreamError as error:
            return error_response_json("InvalidArgumentException", str(error), 400)
        return operation(request)

    return checked
