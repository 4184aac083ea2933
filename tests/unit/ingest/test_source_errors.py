"""Firehose's error objects: read line by line, classified, and landed under a key that follows from them."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from landfall.ingest import source_errors
from landfall.ingest.batch import is_landing_key
from landfall.ingest.source_errors import Cause, ErrorObject, cause_of, error_objects, landing_body, landing_key
from landfall.ingest.source_errors import read_errors as read


def line(data: bytes = b'{"a": 1}', **changes: Any) -> bytes:
    sent = {
        "rawData": base64.b64encode(data).decode(),
        "errorCode": "Lambda.FunctionError",
        "errorMessage": "it failed",
        "attemptsMade": 4,
        "arrivalTimestamp": 1_795_000_000_123,
        "attemptEndingTimestamp": 1_795_000_009_000,
    } | changes
    return json.dumps({name: value for name, value in sent.items() if value is not ...}).encode()


def test_records_come_out_as_they_were_sent_compressed_or_not() -> None:
    body = line(b"one\ntwo") + b"\r\n\n" + line(b"\xff\x00", errorCode=..., lastErrorCode="DataFormatConversion.X")
    first, second = read(body).records
    assert (first.code, first.message, first.data) == ("Lambda.FunctionError", "it failed", b"one\ntwo")
    assert first.arrived_at == datetime(2026, 11, 18, 11, 6, 40, 123000, tzinfo=UTC)
    assert (second.code, second.data) == ("DataFormatConversion.X", b"\xff\x00")
    assert read(gzip.compress(body)) == read(body)


@pytest.mark.parametrize(
    "bad",
    [
        b"no json",
        b"[]",
        b"7",
        line(rawData=...),
        line(rawData="*"),
        line(rawData=5),
        line(arrivalTimestamp=...),
        line(arrivalTimestamp="soon"),
        line(arrivalTimestamp=10**30),
        b"\xff\xfe",
    ],
)
def test_a_line_that_is_no_record_is_counted_and_hides_no_other(bad: bytes) -> None:
    content = read(line() + b"\n" + bad + b"\n" + line())
    assert (len(content.records), content.not_understood) == (2, (2,))


@pytest.mark.parametrize(
    ("code", "error_type", "cause"),
    [
        ("Lambda.FunctionTimedOut", "processing-failed", Cause.TRANSFORMATION),
        ("DataFormatConversion.ParseError", "format-conversion-failed", Cause.CONVERSION),
        ("DynamicPartitioning.MetadataExtractionFailed", "processing-failed", Cause.PARTITIONING),
        ("S3.AccessDenied", "other", Cause.DELIVERY),
        ("none", "processing-failed", Cause.TRANSFORMATION),
        ("none", "other", Cause.UNKNOWN),
    ],
)
def test_a_record_is_classified_by_its_code_and_then_by_where_it_was_filed(
    code: str, error_type: str, cause: Cause
) -> None:
    assert cause_of(code, error_type) is cause


def test_a_landing_key_is_one_of_the_streams_and_follows_from_object_and_code() -> None:
    error = ErrorObject(key="landing-errors/orders/processing-failed/dt=2026-11-20/x", type="t", day=date(2026, 11, 20))
    other = ErrorObject(key=error.key + "y", type="t", day=error.day)
    keys = [landing_key(found, code, stream="orders") for found in (error, other) for code in ("A", "B")]
    assert all(is_landing_key(key, stream="orders") for key in keys)
    assert len(set(keys)) == 4
    assert keys[0] == landing_key(error, "A", stream="orders")


def test_a_landing_object_has_a_line_a_record_and_is_the_same_each_time() -> None:
    content = read(line(b"a") + b"\n" + line(b"b", errorCode="Other") + b"\n" + line(b"c"))
    body = landing_body(content, "Lambda.FunctionError")
    assert gzip.decompress(body) == b"a\nc\n"
    assert body == landing_body(content, "Lambda.FunctionError")


def test_only_the_streams_own_objects_of_the_days_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(*, bucket: str, prefix: str) -> list[Any]:
        keys = [f"{prefix}processing-failed/dt=2026-11-{day}/x" for day in ("19", "20", "21", "22")]
        return [type("Stored", (), {"key": key}) for key in [*keys, f"{prefix}else", f"{prefix}a/dt=2026-11-20/b/c"]]

    monkeypatch.setattr(source_errors.s3, "list_objects", listed)
    found = error_objects(bucket="b", stream="orders", first=date(2026, 11, 20), last=date(2026, 11, 21))
    assert [error.day.day for error in found] == [20, 21]
