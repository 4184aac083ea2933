"""Records that go in come out once, in objects as Firehose writes them, whatever happens between."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import AwsProcess

ROLE = "arn:aws:iam::000000000000:role/firehose"
NAME = re.compile(
    r"orders/dt=\d{4}-\d\d-\d\d/hr=\d\d/orders-1-\d{4}(-\d\d){5}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.gz"
)
NEWLINE = {
    "Enabled": True,
    "Processors": [
        {
            "Type": "AppendDelimiterToRecord",
            "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}],
        }
    ],
}


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[AwsProcess]:
    process = AwsProcess(tmp_path)
    process.start()
    process.client("s3").create_bucket(Bucket="landing")
    yield process
    assert process.stop() == 0


def destination(*, seconds: int = 1, mebibytes: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "RoleARN": ROLE,
        "BucketARN": "arn:aws:s3:::landing",
        "Prefix": "orders/dt=!{timestamp:yyyy-MM-dd}/hr=!{timestamp:HH}/",
        "ErrorOutputPrefix": "landing-errors/!{firehose:error-output-type}/",
        "BufferingHints": {"SizeInMBs": mebibytes, "IntervalInSeconds": seconds},
        "CompressionFormat": "GZIP",
        "ProcessingConfiguration": NEWLINE,
        **changes,
    }


def create_stream(aws: AwsProcess, *, seconds: int = 1, shards: int = 3) -> None:
    """Make the data stream and the delivery stream `orders`."""
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=shards)
    arn = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"]
    aws.client("firehose").create_delivery_stream(
        DeliveryStreamName="orders",
        DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration={"KinesisStreamARN": arn, "RoleARN": ROLE},
        ExtendedS3DestinationConfiguration=destination(seconds=seconds),
    )


def put(aws: AwsProcess, first: int, count: int, *, size: int = 100) -> None:
    """Put the records numbered `first` and on, each of about `size` bytes."""
    kinesis = aws.client("kinesis")
    for start in range(first, first + count, 500):
        numbers = range(start, min(start + 500, first + count))
        records = [
            {"Data": json.dumps({"number": n, "pad": "x" * size}).encode(), "PartitionKey": str(n)} for n in numbers
        ]
        assert kinesis.put_records(StreamName="orders", Records=records)["FailedRecordCount"] == 0


def keys(aws: AwsProcess) -> list[str]:
    pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket="landing")
    return [item["Key"] for page in pages for item in page.get("Contents", ())]


def landed(aws: AwsProcess) -> list[int]:
    """Return the numbers of all landed records, each as often as it landed."""
    s3 = aws.client("s3")
    bodies = [gzip.decompress(s3.get_object(Bucket="landing", Key=key)["Body"].read()) for key in keys(aws)]
    return sorted(json.loads(line)["number"] for body in bodies for line in body.splitlines())


def wait_for(aws: AwsProcess, count: int, seconds: float = 15) -> list[int]:
    deadline = time.monotonic() + seconds
    while len(found := landed(aws)) < count and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def test_a_burst_of_many_producers_lands_once_and_in_objects_of_the_buffer_size(aws: AwsProcess) -> None:
    create_stream(aws, seconds=2)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda producer: put(aws, producer * 2000, 2000, size=300), range(8)))
    assert wait_for(aws, 16_000) == list(range(16_000))
    assert all(NAME.fullmatch(key) for key in keys(aws))
    # About 5 MiB in buffers of 1 MiB, and what the interval ends.
    assert 4 <= len(keys(aws)) <= 12


def test_what_trickles_in_waits_for_the_interval_and_is_one_object(aws: AwsProcess) -> None:
    create_stream(aws, seconds=2)
    started = time.monotonic()
    for number in range(5):
        put(aws, number, 1)
        time.sleep(0.1)
    assert keys(aws) == []
    assert wait_for(aws, 5) == list(range(5))
    assert time.monotonic() - started >= 2
    assert len(keys(aws)) == 1


def test_a_stop_in_a_burst_neither_loses_nor_doubles_a_record(aws: AwsProcess) -> None:
    create_stream(aws, seconds=1)
    put(aws, 0, 12_000, size=300)  # several full buffers are being written when the stop comes
    assert aws.stop() == 0
    aws.start()
    put(aws, 12_000, 100)
    assert wait_for(aws, 12_100) == list(range(12_100))
    time.sleep(1.5)
    assert len(landed(aws)) == 12_100


def test_records_of_a_direct_put_survive_a_stop(aws: AwsProcess) -> None:
    firehose = aws.client("firehose")
    firehose.create_delivery_stream(
        DeliveryStreamName="orders", ExtendedS3DestinationConfiguration=destination(seconds=2)
    )
    firehose.put_record_batch(DeliveryStreamName="orders", Records=[{"Data": b'{"number": 0}'}])
    assert aws.stop() == 0
    aws.start()
    assert wait_for(aws, 1) == [0]
    aws.client("firehose").put_record(DeliveryStreamName="orders", Record={"Data": b'{"number": 1}'})
    assert wait_for(aws, 2) == [0, 1]


def test_records_wait_while_s3_refuses_them(aws: AwsProcess) -> None:
    aws.client("s3").delete_bucket(Bucket="landing")
    create_stream(aws)
    put(aws, 0, 10)
    time.sleep(1.5)
    aws.client("s3").create_bucket(Bucket="landing")
    assert wait_for(aws, 10) == list(range(10))


def test_records_without_a_delimiter_are_glued_as_the_service_does(aws: AwsProcess) -> None:
    firehose = aws.client("firehose")
    plain = destination(ProcessingConfiguration={"Enabled": False}, CompressionFormat="UNCOMPRESSED")
    firehose.create_delivery_stream(DeliveryStreamName="orders", ExtendedS3DestinationConfiguration=plain)
    firehose.put_record_batch(DeliveryStreamName="orders", Records=[{"Data": b"{}"}, {"Data": b"{}"}])
    time.sleep(1.5)
    (key,) = keys(aws)
    assert aws.client("s3").get_object(Bucket="landing", Key=key)["Body"].read() == b"{}{}"


def test_a_put_to_a_stream_that_reads_kinesis_is_refused(aws: AwsProcess) -> None:
    create_stream(aws)
    with pytest.raises(ClientError, match="not permitted"):
        aws.client("firehose").put_record(DeliveryStreamName="orders", Record={"Data": b"x"})


def test_a_destination_is_updated_in_part_and_checked_as_a_whole(aws: AwsProcess) -> None:
    firehose = aws.client("firehose")
    firehose.create_delivery_stream(DeliveryStreamName="orders", ExtendedS3DestinationConfiguration=destination())
    found = firehose.describe_delivery_stream(DeliveryStreamName="orders")["DeliveryStreamDescription"]
    identity = {
        "DeliveryStreamName": "orders",
        "CurrentDeliveryStreamVersionId": found["VersionId"],
        "DestinationId": found["Destinations"][0]["DestinationId"],
    }
    with pytest.raises(ClientError, match="partitionKeyFromQuery"):
        firehose.update_destination(
            **identity, ExtendedS3DestinationUpdate={"Prefix": "!{partitionKeyFromQuery:customer}/"}
        )
    prefix = {"Prefix": "moved/!{timestamp:yyyy}/"}
    firehose.update_destination(**identity, ExtendedS3DestinationUpdate=prefix)
    firehose.put_record(DeliveryStreamName="orders", Record={"Data": b'{"number": 0}'})
    assert wait_for(aws, 1) == [0]
    assert keys(aws)[0].startswith("moved/20")


def test_records_that_a_fault_strikes_go_to_the_error_prefix_as_firehose_writes_them(aws: AwsProcess) -> None:
    create_stream(aws)
    rule = {"kind": "processing_failed", "service": "firehose", "match": '"number": 3'}
    connection = http.client.HTTPConnection("127.0.0.1", aws.port)
    connection.request("POST", "/_localcloud/faults", json.dumps(rule))
    assert connection.getresponse().status == 200
    connection.close()
    put(aws, 0, 5)
    deadline = time.monotonic() + 15
    while len(keys(aws)) < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    error, good = sorted(keys(aws))
    name = r"orders-1-\d{4}(-\d\d){5}-[0-9a-f-]{36}"
    assert re.fullmatch(rf"landing-errors/processing-failed/\d{{4}}(/\d\d){{3}}/{name}", error)
    s3 = aws.client("s3")
    (line,) = s3.get_object(Bucket="landing", Key=error)["Body"].read().splitlines()
    failed = json.loads(line)
    assert json.loads(base64.b64decode(failed.pop("rawData")))["number"] == 3
    assert failed.pop("arrivalTimestamp") <= failed.pop("attemptEndingTimestamp")
    assert failed == {
        "errorCode": "Lambda.FunctionError",
        "errorMessage": "The Lambda function was successfully invoked but it returned an error result.",
        "attemptsMade": 4,
    }
    body = gzip.decompress(s3.get_object(Bucket="landing", Key=good)["Body"].read())
    assert sorted(json.loads(line)["number"] for line in body.splitlines()) == [0, 1, 2, 4]
