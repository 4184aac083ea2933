"""Records that Firehose could not process: read from its error prefix, classified, and put into landing once.

Objects `landing-errors/<stream>/<type>/dt=YYYY-MM-DD/<name>` hold a JSON line a record, with the record's data in
base64 (docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html; format conversion calls code
and message `lastErrorCode` and `lastErrorMessage`).
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from landfall.aws import s3

PREFIX = "landing-errors"
_KEY = re.compile(r"landing-errors/(?P<stream>[a-z0-9_]+)/(?P<type>[^/]+)/dt=(?P<dt>\d{4}-\d{2}-\d{2})/[^/]+")
_GZIP = b"\x1f\x8b"


class Cause(StrEnum):
    """Where a record failed, which says who can mend it."""

    TRANSFORMATION = "transformation"
    CONVERSION = "conversion"
    PARTITIONING = "partitioning"
    DELIVERY = "delivery"
    UNKNOWN = "unknown"


_CAUSES = {
    "Lambda": Cause.TRANSFORMATION,
    "Decompression": Cause.TRANSFORMATION,
    "DataFormatConversion": Cause.CONVERSION,
    "DynamicPartitioning": Cause.PARTITIONING,
    "MetadataExtraction": Cause.PARTITIONING,
    "S3": Cause.DELIVERY,
}
"""By the first word of Firehose's error code, such as `Lambda.FunctionError`."""

_TYPES = {
    "processing-failed": Cause.TRANSFORMATION,
    "format-conversion-failed": Cause.CONVERSION,
    "partitioning-failed": Cause.PARTITIONING,
}
"""By Firehose's error output type, for a code that says nothing."""


@dataclass(frozen=True, kw_only=True)
class ErrorObject:
    """An object of the error prefix: its key, the type Firehose filed it under and its day of arrival."""

    key: str
    type: str
    day: date


@dataclass(frozen=True, kw_only=True)
class FailedRecord:
    """One record: Firehose's code and message, when it arrived (UTC), and its data."""

    code: str
    message: str
    arrived_at: datetime
    data: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ErrorContent:
    """What an error object holds: its records in order, and the numbers of the lines that are none."""

    records: tuple[FailedRecord, ...]
    not_understood: tuple[int, ...]


def error_objects(*, bucket: str, stream: str, first: date, last: date) -> Iterator[ErrorObject]:
    """Yield the stream's error objects of the days `first` to `last`, in order of their keys."""
    for stored in s3.list_objects(bucket=bucket, prefix=f"{PREFIX}/{stream}/"):
        match = _KEY.fullmatch(stored.key)
        if match and first <= (day := date.fromisoformat(match["dt"])) <= last:
            yield ErrorObject(key=stored.key, type=match["type"], day=day)


def read_errors(body: bytes) -> ErrorContent:
    """Return what the body of an error object holds, compressed or not. Raises OSError for a broken gzip."""
    text = gzip.decompress(body) if body.startswith(_GZIP) else body
    records: list[FailedRecord] = []
    not_understood: list[int] = []
    for number, line in enumerate(text.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            records.append(_record(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, binascii.Error):
            not_understood.append(number)
    return ErrorContent(records=tuple(records), not_understood=tuple(not_understood))


def cause_of(code: str, error_type: str) -> Cause:
    """Return where a record failed, by Firehose's error code and the error output type it was filed under."""
    return _CAUSES.get(code.split(".")[0]) or _TYPES.get(error_type, Cause.UNKNOWN)


def landing_key(error: ErrorObject, code: str, *, stream: str) -> str:
    """Return the key under which an error object's records of one code are landed: always the same for the same.

    So however often it is written there is one object, and the ledger, which knows an object once, loads it once.
    """
    name = hashlib.sha256(f"{error.key}\n{code}".encode()).hexdigest()[:32]
    return f"{stream}/dt={error.day.isoformat()}/hr=00/replayed-{name}.gz"


def landing_body(content: ErrorContent, code: str) -> bytes:
    """Return the object of an error object's records of one code, as Firehose would have written it."""
    lines = b"".join(record.data + b"\n" for record in content.records if record.code == code)
    return gzip.compress(lines, mtime=0)


def _record(line: Mapping[str, Any]) -> FailedRecord:
    code = line.get("errorCode") or line.get("lastErrorCode")
    return FailedRecord(
        code=str(code) if code else "none",
        message=str(line.get("errorMessage") or line.get("lastErrorMessage") or ""),
        arrived_at=datetime.fromtimestamp(int(line["arrivalTimestamp"]) / 1000, UTC),
        data=base64.b64decode(line["rawData"], validate=True),
    )
