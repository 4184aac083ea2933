"""An object's body and description change together, whatever moment the process was killed at."""

from __future__ import annotations

import json
import os
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from localcloud.aws.s3_files import recover

from .conftest import AwsProcess

NO_RETRIES = Config(retries={"max_attempts": 1, "mode": "standard"})
LARGEST_FILE, TOO_LARGE = 4 * 1024 * 1024, b"x" * (5 * 1024 * 1024)


@pytest.mark.parametrize("moved", [(), ("0",), ("0", "1")])
def test_a_write_that_was_decided_is_finished(tmp_path: Path, moved: tuple[str, ...]) -> None:
    folder = tmp_path / "staging" / "write"
    folder.mkdir(parents=True)
    moves = {"0": str(tmp_path / "object"), "1": str(tmp_path / "object.meta.json")}
    for name, path in moves.items():
        Path(path).write_text("old")
        (Path(path) if name in moved else folder / name).write_text("new")
    (folder / "moves.json").write_text(json.dumps(moves))
    recover(tmp_path / "staging")
    assert {Path(path).read_text() for path in moves.values()} == {"new"}
    assert list((tmp_path / "staging").iterdir()) == []


def test_a_write_that_was_not_decided_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "staging" / "write"
    folder.mkdir(parents=True)
    (folder / "0").write_text("half")
    (tmp_path / "staging" / "alone").write_text("half")
    (tmp_path / "object").write_text("old")
    recover(tmp_path / "staging")
    assert (tmp_path / "object").read_text() == "old"
    assert list((tmp_path / "staging").iterdir()) == []


@contextmanager
def files_not_larger_than(size: int, process: AwsProcess) -> Iterator[None]:
    """What a full disk is to the process: larger files can not be written."""
    before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, before[1]))
    yield
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("versioning", ["Enabled", ""])
def test_an_object_that_can_not_be_written_is_an_error_and_the_one_before_it_stays(
    tmp_path: Path, versioning: str
) -> None:
    process = AwsProcess(tmp_path)
    process.start()
    s3 = process.client("s3", NO_RETRIES)
    s3.create_bucket(Bucket="landing")
    if versioning:
        s3.put_bucket_versioning(Bucket="landing", VersioningConfiguration={"Status": versioning})
    s3.put_object(Bucket="landing", Key="a", Body=b"before")
    with files_not_larger_than(LARGEST_FILE, process):
        with pytest.raises(ClientError, match="500"):
            s3.put_object(Bucket="landing", Key="a", Body=TOO_LARGE)
        with pytest.raises(ClientError, match="500"):
            s3.put_object(Bucket="landing", Key="b", Body=TOO_LARGE)
        s3.put_object(Bucket="landing", Key="c", Body=b"small enough")
        assert s3.get_object(Bucket="landing", Key="a")["Body"].read() == b"before"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.start()
    s3 = process.client("s3")
    assert s3.get_object(Bucket="landing", Key="a")["Body"].read() == b"before"
    assert [item["Key"] for item in s3.list_objects_v2(Bucket="landing")["Contents"]] == ["a", "c"]
    assert process.stop() == 0


def test_firehose_keeps_the_records_of_an_object_that_can_not_be_written(tmp_path: Path) -> None:
    process = AwsProcess(tmp_path)
    process.start()
    s3, firehose = process.client("s3"), process.client("firehose")
    s3.create_bucket(Bucket="landing")
    firehose.create_delivery_stream(
        DeliveryStreamName="orders",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/firehose",
            "BucketARN": "arn:aws:s3:::landing",
            "BufferingHints": {"SizeInMBs": 8, "IntervalInSeconds": 2},
        },
    )
    records = [{"Data": TOO_LARGE[:1000]}] * 300
    for _ in range(5):
        firehose.put_record_batch(DeliveryStreamName="orders", Records=records)
    with files_not_larger_than(1024 * 1024, process):
        time.sleep(3)
        assert s3.list_objects_v2(Bucket="landing")["KeyCount"] == 0
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not _sizes(process):
        time.sleep(0.2)
    assert sum(_sizes(process)) == 5 * 300 * 1000
    assert process.stop() == 0


def _sizes(process: AwsProcess) -> list[int]:
    """Return the bytes of each body as they are read."""
    s3 = process.client("s3")
    found = s3.list_objects_v2(Bucket="landing").get("Contents", ())
    return [len(s3.get_object(Bucket="landing", Key=item["Key"])["Body"].read()) for item in found]
