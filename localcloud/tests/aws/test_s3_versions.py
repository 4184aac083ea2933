"""A bucket with versioning keeps its bodies on disk alone, and every version can still be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import AwsProcess

BUCKET = "kept"
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def s3(aws: AwsProcess) -> Any:
    client = aws.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return client


def body(s3: Any, key: str, version: str | None = None) -> bytes:
    chosen = {"VersionId": version} if version else {}
    return bytes(s3.get_object(Bucket=BUCKET, Key=key, **chosen)["Body"].read())


def memory_mebibytes(aws: AwsProcess) -> float:
    lines = Path(f"/proc/{aws.pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def test_objects_in_a_versioned_bucket_take_no_memory(aws: AwsProcess, s3: Any) -> None:
    before = memory_mebibytes(aws)
    for number in range(30):
        s3.put_object(Bucket=BUCKET, Key=f"large/{number}", Body=b"x" * 4 * MEBIBYTE)
    assert memory_mebibytes(aws) - before < 40  # 120 were put


def test_each_version_can_be_read_and_the_last_one_comes_back(s3: Any) -> None:
    versions = [s3.put_object(Bucket=BUCKET, Key="a", Body=text)["VersionId"] for text in (b"one", b"two", b"three")]
    assert [body(s3, "a", version) for version in versions] == [b"one", b"two", b"three"]
    s3.delete_object(Bucket=BUCKET, Key="a", VersionId=versions[2])
    assert body(s3, "a") == b"two"
    marker = s3.delete_object(Bucket=BUCKET, Key="a")["VersionId"]
    with pytest.raises(s3.exceptions.NoSuchKey):
        body(s3, "a")
    s3.delete_object(Bucket=BUCKET, Key="a", VersionId=marker)
    assert body(s3, "a") == b"two"


def test_versions_survive_a_stop(aws: AwsProcess, s3: Any) -> None:
    versions = [s3.put_object(Bucket=BUCKET, Key="b", Body=text)["VersionId"] for text in (b"one", b"two")]
    assert aws.stop() == 0
    aws.start()
    assert [body(s3, "b", version) for version in versions] == [b"one", b"two"]
