"""SIGKILL while clients write: what was acknowledged is there afterwards, and nothing is there by half."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .conftest import AwsProcess

KILLS = int(os.environ.get("LANDFALL_KILLS", "3"))
SEED = int(os.environ.get("LANDFALL_SEED", "1"))
TABLE, STREAM, QUEUE, BUCKET, DATABASE = "ledger", "events", "tasks", "landing", "raw"
DELIVERY, DELIVERED = "delivery", "delivered"
LONGEST_START = 30
"""Seconds in which each kind of write has been acknowledged, on a machine that is busy with others."""
NO_RETRIES = Config(retries={"max_attempts": 1, "mode": "standard"}, connect_timeout=2, read_timeout=10)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[AwsProcess]:
    process = AwsProcess(tmp_path)
    process.start()
    make_resources(process)
    yield process
    process.stop()


def make_resources(cloud: AwsProcess) -> None:
    cloud.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    cloud.client("kinesis").create_stream(StreamName=STREAM, ShardCount=1)
    sqs = cloud.client("sqs")
    announced = sqs.create_queue(QueueName="announced")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=announced, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.create_queue(QueueName=QUEUE)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    queue = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [queue]})
    cloud.client("glue").create_database(DatabaseInput={"Name": DATABASE})
    make_deliveries(cloud)


def make_deliveries(cloud: AwsProcess) -> None:
    """Queues behind a topic and an event rule, a queue to empty, one to hold, and a delivery stream to S3."""
    sqs, sns, events = cloud.client("sqs"), cloud.client("sns"), cloud.client("events")
    arns = {}
    for name in ("published", "routed", "emptied", "held"):
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arns[name] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(
        TopicArn=sns.create_topic(Name="topic")["TopicArn"],
        Protocol="sqs",
        Endpoint=arns["published"],
        Attributes={"RawMessageDelivery": "true"},
    )
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["test"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": arns["routed"], "InputPath": "$.detail.name"}])
    cloud.client("s3").create_bucket(Bucket=DELIVERED)
    cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName=DELIVERY,
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/firehose",
            "BucketARN": f"arn:aws:s3:::{DELIVERED}",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 2},
        },
    )


@dataclass
class Writers:
    """One thread a kind of write; each stops at its first error and remembers what was acknowledged."""

    cloud: AwsProcess
    clients: dict[str, Any] = field(default_factory=dict)
    acknowledged: dict[str, list[str]] = field(default_factory=dict)
    attempted: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clients = {kind: self.cloud.client(kind.split()[0], NO_RETRIES) for kind in WRITES}

    def until_killed_after(self, seconds: float) -> None:
        """Write until the process has been killed, not before each kind of write was acknowledged once."""
        with ThreadPoolExecutor(len(WRITES)) as pool:
            futures = [pool.submit(self._write, kind, write) for kind, write in WRITES.items()]
            time.sleep(seconds)
            deadline = time.monotonic() + LONGEST_START
            while len(self.acknowledged) < len(WRITES) and time.monotonic() < deadline:
                time.sleep(0.02)
            os.kill(self.cloud.pid, signal.SIGKILL)
            for future in futures:
                future.result()
        self.cloud.wait()

    def _write(self, kind: str, write: Callable[[Any, str], None]) -> None:
        while True:
            number = self.attempted[kind] = self.attempted.get(kind, 0) + 1
            try:
                write(self.clients[kind], f"{kind.split()[-1]}-{number:05}")
            except (BotoCoreError, ClientError, OSError):
                return
            self.acknowledged.setdefault(kind, []).append(f"{kind.split()[-1]}-{number:05}")


def send_message(sqs: Any, name: str) -> None:
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"], MessageBody=name)


def create_glue_table(glue: Any, name: str) -> None:
    glue.create_table(DatabaseName=DATABASE, TableInput={"Name": name})


def add_one(dynamodb: Any, _name: str) -> None:
    """Raise the counter by exactly one, on condition that it is what was read."""
    key = {"id": {"S": "counter"}}
    item = dynamodb.get_item(TableName=TABLE, Key=key).get("Item")
    if item is None:
        dynamodb.put_item(
            TableName=TABLE, Item={**key, "n": {"N": "1"}}, ConditionExpression="attribute_not_exists(id)"
        )
        return
    dynamodb.update_item(
        TableName=TABLE,
        Key=key,
        UpdateExpression="SET n = n + :one",
        ConditionExpression="n = :read",
        ExpressionAttributeValues={":one": {"N": "1"}, ":read": item["n"]},
    )


def upload_in_parts(s3: Any, name: str) -> None:
    where = {"Bucket": BUCKET, "Key": name}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    etag = s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=name.encode())["ETag"]
    parts = {"Parts": [{"ETag": etag, "PartNumber": 1}]}
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)


PARTS = ("a", "b", "c")
"""Of what is written at once: all of them, or none."""


def put_together(dynamodb: Any, name: str) -> None:
    """Put three items and change the counter of such transactions, all in one."""
    puts = [{"Put": {"TableName": TABLE, "Item": {"id": {"S": f"{name}-{part}"}}}} for part in PARTS]
    count = {
        "TableName": TABLE,
        "Key": {"id": {"S": "transactions"}},
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    dynamodb.transact_write_items(TransactItems=[*puts, {"Update": count}])


def put_and_delete(dynamodb: Any, name: str) -> None:
    requests = [{"PutRequest": {"Item": {"id": {"S": f"{name}-{part}"}}}} for part in PARTS]
    dynamodb.batch_write_item(RequestItems={TABLE: requests})
    for part in PARTS:
        dynamodb.delete_item(TableName=TABLE, Key={"id": {"S": f"{name}-{part}"}})


def send_and_take(sqs: Any, name: str, queue: str, *, delete: bool) -> None:
    """Send a message and receive it, for ten minutes, or delete it."""
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=name)
    bodies: list[str] = []
    while name not in bodies:
        taken = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600).get("Messages", [])
        bodies += [message["Body"] for message in taken]
        for message in taken if delete else ():
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def put_event(events: Any, name: str) -> None:
    events.put_events(Entries=[{"Source": "test", "DetailType": "test", "Detail": json.dumps({"name": name})}])


def deliver(firehose: Any, name: str) -> None:
    firehose.put_record(DeliveryStreamName=DELIVERY, Record={"Data": f"{name}\n"})


WRITES: dict[str, Callable[[Any, str], None]] = {
    "dynamodb put": lambda client, name: client.put_item(TableName=TABLE, Item={"id": {"S": name}}),
    "dynamodb counter": add_one,
    "sqs sent": send_message,
    "kinesis record": lambda client, name: client.put_record(StreamName=STREAM, Data=name, PartitionKey="k"),
    "s3 object": lambda client, name: client.put_object(Bucket=BUCKET, Key=name, Body=name.encode()),
    "s3 parts": upload_in_parts,
    "dynamodb together": put_together,
    "dynamodb deleted": put_and_delete,
    "sqs emptied": lambda client, name: send_and_take(client, name, "emptied", delete=True),
    "sqs held": lambda client, name: send_and_take(client, name, "held", delete=False),
    "sns published": lambda client, name: client.publish(
        TopicArn="arn:aws:sns:us-east-1:000000000000:topic", Message=name
    ),
    "events routed": put_event,
    "firehose delivered": deliver,
    "glue table": create_glue_table,
    "secretsmanager secret": lambda client, name: client.create_secret(Name=name, SecretString=name),
}


def messages(cloud: AwsProcess, queue: str) -> list[str]:
    """Take all messages of a queue."""
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found: list[str] = []
    while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in batch]
    return found


def kinesis_records(cloud: AwsProcess) -> list[str]:
    kinesis = cloud.client("kinesis")
    shard = kinesis.list_shards(StreamName=STREAM)["Shards"][0]["ShardId"]
    start = kinesis.get_shard_iterator(StreamName=STREAM, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return [r["Data"].decode() for r in kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"]]


def objects(cloud: AwsProcess) -> list[str]:
    """Return the keys of all objects; the body of each is its key, whole."""
    s3 = cloud.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
    assert [s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode() for key in keys] == keys
    return keys


def every(cloud: AwsProcess, service: str, operation: str, items: str, field: str, **arguments: str) -> list[str]:
    pages = cloud.client(service).get_paginator(operation).paginate(**arguments)
    return [item[field] for page in pages for item in page[items]]


def check_transactions(names: list[str], items: list[dict[str, Any]]) -> None:
    """Each is there whole or not at all, and is counted once; those that were acknowledged are there."""
    ids = {item["id"]["S"] for item in items}
    begun = {each[: -len("-a")] for each in ids if each.startswith("together-")}
    assert set(names) <= begun
    assert all({f"{name}-{part}" for part in PARTS} <= ids for name in begun)
    assert next(int(item["n"]["N"]) for item in items if item["id"]["S"] == "transactions") == len(begun)


def delivered_lines(cloud: AwsProcess) -> list[str]:
    """Wait for the buffer's interval and return the lines of all objects that Firehose wrote."""
    time.sleep(4)
    s3 = cloud.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=DELIVERED)
    keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
    return "".join(s3.get_object(Bucket=DELIVERED, Key=key)["Body"].read().decode() for key in keys).splitlines()


def test_a_kill_at_any_moment_takes_nothing_that_was_acknowledged(cloud: AwsProcess) -> None:
    moments = random.Random(SEED)
    writers = Writers(cloud)
    for _ in range(KILLS):
        writers.until_killed_after(moments.uniform(0.3, 1.5))
        cloud.start()
    acknowledged = writers.acknowledged
    assert acknowledged.keys() == WRITES.keys()
    items = cloud.client("dynamodb").scan(TableName=TABLE, ConsistentRead=True)["Items"]
    assert set(acknowledged["dynamodb put"]) <= {item["id"]["S"] for item in items}
    counter = next(int(item["n"]["N"]) for item in items if item["id"]["S"] == "counter")
    # A write whose answer the kill cut off may be there or not: one a kill at most.
    assert 0 <= counter - len(acknowledged["dynamodb counter"]) <= KILLS
    ids = {item["id"]["S"] for item in items}
    check_transactions(acknowledged["dynamodb together"], items)
    assert not {f"{name}-{part}" for name in acknowledged["dynamodb deleted"] for part in PARTS} & ids
    assert not set(acknowledged["sqs emptied"]) & set(messages(cloud, "emptied"))
    assert not set(acknowledged["sqs held"]) & set(messages(cloud, "held"))
    assert set(acknowledged["events routed"]) <= {json.loads(body) for body in messages(cloud, "routed")}
    assert set(acknowledged["firehose delivered"]) <= set(delivered_lines(cloud))
    found = {
        "sqs sent": messages(cloud, QUEUE),
        "sns published": messages(cloud, "published"),
        "kinesis record": kinesis_records(cloud),
        "glue table": every(cloud, "glue", "get_tables", "TableList", "Name", DatabaseName=DATABASE),
        "secretsmanager secret": every(cloud, "secretsmanager", "list_secrets", "SecretList", "Name"),
    }
    for kind, names in found.items():
        assert len(names) == len(set(names)), kind
        assert set(acknowledged[kind]) <= set(names), kind
    written = {*acknowledged["s3 object"], *acknowledged["s3 parts"]}
    assert written <= set(objects(cloud))
    announcements = [json.loads(body) for body in messages(cloud, "announced")]
    # The first message is S3's test event, which has no records.
    assert written <= {each["s3"]["object"]["key"] for one in announcements for each in one.get("Records", ())}
    assert cloud.client("s3").get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"


def test_a_stop_and_a_start_keep_what_was_written(cloud: AwsProcess) -> None:
    for kind, write in WRITES.items():
        write(cloud.client(kind.split()[0]), "kept")
    assert cloud.stop() == 0
    cloud.start()
    assert messages(cloud, QUEUE) == kinesis_records(cloud) == objects(cloud) == ["kept"]
    assert messages(cloud, "published") == delivered_lines(cloud) == ["kept"]
    assert messages(cloud, "held") == messages(cloud, "emptied") == []
    assert every(cloud, "glue", "get_tables", "TableList", "Name", DatabaseName=DATABASE) == ["kept"]
