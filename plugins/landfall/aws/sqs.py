"""Messages in SQS queues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from landfall.aws.clients import client

_TIMES = "ApproximateReceiveCount"
_BATCH_LIMIT = 10
"""Most messages one receive or delete request takes."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """A received message; the receipt deletes it. `times` counts how often it was received, this time included."""

    body: str
    receipt: str
    times: int = 1


def queue_url(name: str) -> str:
    """Return the address of the queue `name`."""
    return str(client("sqs").get_queue_url(QueueName=name)["QueueUrl"])


def receive_batches(*, url: str, most: int, wait_seconds: int = 0) -> Iterator[list[Message]]:
    """Yield messages by tens until the queue is empty or `most` were received.

    For the first one the queue waits `wait_seconds` (0 to 20, SQS's limits).
    """
    received = 0
    while received < most:
        answer = client("sqs").receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=_BATCH_LIMIT,
            WaitTimeSeconds=0 if received else wait_seconds,
            MessageSystemAttributeNames=[_TIMES],
        )
        batch = [
            Message(body=found["Body"], receipt=found["ReceiptHandle"], times=int(found["Attributes"][_TIMES]))
            for found in answer.get("Messages", ())
        ]
        if not batch:
            return
        received += len(batch)
        yield batch


def delete_messages(*, url: str, messages: Sequence[Message]) -> None:
    """Delete up to ten messages. One that could not be deleted comes again, which readers must stand."""
    entries = [{"Id": str(position), "ReceiptHandle": found.receipt} for position, found in enumerate(messages)]
    if entries:
        client("sqs").delete_message_batch(QueueUrl=url, Entries=entries)


def postpone(*, url: str, message: Message, seconds: int) -> None:
    """Let a received message come again after `seconds` (at most 43,200, SQS's limit)."""
    client("sqs").change_message_visibility(QueueUrl=url, ReceiptHandle=message.receipt, VisibilityTimeout=seconds)


def send(*, url: str, body: str) -> None:
    """Put one message into a queue."""
    client("sqs").send_message(QueueUrl=url, MessageBody=body)


def waiting(*, url: str) -> int:
    """Return about how many messages of a queue can be received now."""
    name = "ApproximateNumberOfMessages"
    return int(client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])
