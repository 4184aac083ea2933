"""An object that lands in the deployed bucket is announced in its own stream's queue, once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import AwsProcess
from .engines import running_engines
from .test_cloudformation import INFRA, LANDING, create


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsProcess]:
    with running_engines() as engines:
        process = AwsProcess(tmp_path_factory.mktemp("aws"), engines.endpoint, engines.endpoint)
        process.start()
        create(process, "platform", (INFRA / "platform.yaml").read_text())
        for stream in ("orders", "page_views"):
            name = stream.replace("_", "-")
            create(process, name, (INFRA / "stream.yaml").read_text(), Stream=stream, FirehoseBufferSeconds="1")
        yield process
        assert process.stop() == 0


def announced(aws: AwsProcess, stream: str, seconds: float) -> list[str]:
    """Return the object keys that arrive in the queue of `stream` within some seconds."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=f"landfall-local-landed-{stream}")["QueueUrl"]
    found = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        for message in messages:
            event = json.loads(message["Body"])
            assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
            assert event["detail"]["bucket"]["name"] == LANDING
            found.append(event["detail"]["object"]["key"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_each_delivered_object_is_announced_to_its_stream_alone(aws: AwsProcess) -> None:
    kinesis = aws.client("kinesis")
    for number in range(3):
        for stream in ("orders", "page_views"):
            name = f"landfall-local-{stream}"
            kinesis.put_record(StreamName=name, Data=b"{}", PartitionKey=str(number))
        time.sleep(1.3)
    for stream in ("orders", "page_views"):
        pages = aws.client("s3").list_objects_v2(Bucket=LANDING, Prefix=f"{stream}/")
        delivered = [item["Key"] for item in pages["Contents"]]
        assert len(delivered) == 3
        assert sorted(announced(aws, stream, 3)) == sorted(delivered)


def test_a_landing_error_is_not_announced_as_a_landed_object(aws: AwsProcess) -> None:
    aws.client("s3").put_object(Bucket=LANDING, Key="landing-errors/orders/processing-failed/x", Body=b"")
    assert announced(aws, "orders", 2) == []


def test_an_unread_announcement_survives_a_stop(aws: AwsProcess) -> None:
    aws.client("s3").put_object(Bucket=LANDING, Key="orders/dt=2026-11-20/hr=01/a.gz", Body=b"")
    assert aws.stop() == 0
    aws.start()
    assert announced(aws, "orders", 2) == ["orders/dt=2026-11-20/hr=01/a.gz"]


def test_a_stop_in_a_burst_of_objects_loses_no_announcement(aws: AwsProcess) -> None:
    keys = [f"page_views/dt=2026-11-20/hr=01/{number:03d}.gz" for number in range(60)]
    s3 = aws.client("s3")
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=LANDING, Key=key, Body=b""), keys))
    assert aws.stop() == 0
    aws.start()
    assert sorted(announced(aws, "page_views", 3)) == keys
