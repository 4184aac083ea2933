"""A GetObject with a Range returns what S3 returns for it and reads no more than that from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import AwsProcess

BUCKET = "ranged"
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def s3(aws: AwsProcess) -> Any:
    client = aws.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def bytes_read(aws: AwsProcess) -> int:
    lines = Path(f"/proc/{aws.pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("rchar:"))


@pytest.mark.parametrize(
    ("asked", "found", "shown"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=7-99", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", b"0123456789", "bytes 0-9/10"),
    ],
)
def test_a_range_returns_its_bytes(s3: Any, asked: str, found: bytes, shown: str) -> None:
    s3.put_object(Bucket=BUCKET, Key="digits", Body=b"0123456789")
    answer = s3.get_object(Bucket=BUCKET, Key="digits", Range=asked)
    assert (answer["Body"].read(), answer["ContentRange"]) == (found, shown)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206


def test_a_range_beyond_the_end_is_refused(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="digits", Body=b"0123456789")
    with pytest.raises(ClientError, match="InvalidRange"):
        s3.get_object(Bucket=BUCKET, Key="digits", Range="bytes=10-")


def test_a_range_reads_no_more_than_itself_from_disk(aws: AwsProcess, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="large", Body=b"x" * 16 * MEBIBYTE)
    before = bytes_read(aws)
    for start in range(0, 16 * MEBIBYTE, MEBIBYTE):
        s3.get_object(Bucket=BUCKET, Key="large", Range=f"bytes={start}-{start + 99}")["Body"].read()
    assert bytes_read(aws) - before < MEBIBYTE
