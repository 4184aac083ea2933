"""Find the landed objects of a stream: those announced in its queue, and those whose announcement was lost."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from landfall.aws import s3, sqs
from landfall.ingest import kafka
from landfall.ingest.batch import LandedObject, is_landing_key
from landfall.ingest.ledger import Ledger

logger = logging.getLogger(__name__)

MOST_MESSAGES = 20_000
"""Messages drained by one run; the queue holds the rest for the next."""

OVERLAP_DAYS = 2
"""Days of arrival that are listed again: Firehose retries for a day and writes into the folder of the arrival."""


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """What one run found: notifications read, those not understood, objects new to the ledger by queue and listing."""

    notifications: int
    not_understood: int
    announced: int
    reconciled: int

    def as_counts(self) -> dict[str, int]:
        """Return the counts by name, for logs and XCom."""
        return asdict(self)


def discover(
    *, ledger: Ledger, stream: str, bucket: str, queue: str, today: date, topic: str | None = None
) -> Discovery:
    """Enter every landed object of `stream`, which may be a Kafka `topic`'s, that the ledger does not know yet.

    Returns the counts. The listing covers the folders since the day of the last one, less OVERLAP_DAYS, whatever the
    age of the stream; a topic's folders are no days, and all of them are listed.
    """
    notifications, not_understood, announced = drain(
        ledger=ledger, stream=stream, bucket=bucket, queue=queue, topic=topic
    )
    reconciled = _reconcile(ledger=ledger, stream=stream, bucket=bucket, today=today, topic=topic)
    found = Discovery(
        notifications=notifications, not_understood=not_understood, announced=announced, reconciled=reconciled
    )
    logger.info("discovered stream=%s %s", stream, found.as_counts())
    return found


def landed_object(body: str, *, stream: str, bucket: str, topic: str | None = None) -> LandedObject | None:
    """Return the object of an EventBridge `Object Created` event, or None if the event is not about this landing."""
    try:
        event = json.loads(body)
        detail = event["detail"]
        key = detail["object"]["key"]
        landed = LandedObject(
            key=key, bytes=int(detail["object"]["size"]), landed_at=datetime.fromisoformat(event["time"])
        )
        is_ours = event["detail-type"] == "Object Created" and detail["bucket"]["name"] == bucket
    except (ValueError, KeyError, TypeError):
        return None
    return landed if is_ours and is_landing_key(key, stream=stream, topic=topic) else None


def drain(
    *, ledger: Ledger, stream: str, bucket: str, queue: str, topic: str | None = None, wait_seconds: int = 0
) -> tuple[int, int, int]:
    """Enter what the queue announces; return the messages read, those not understood, the objects new to the ledger.

    An empty queue is waited on for `wait_seconds`.
    """
    url = sqs.queue_url(queue)
    notifications = not_understood = announced = 0
    for messages in sqs.receive_batches(url=url, most=MOST_MESSAGES, wait_seconds=wait_seconds):
        objects = [landed_object(message.body, stream=stream, bucket=bucket, topic=topic) for message in messages]
        announced += ledger.announce(found for found in objects if found is not None)
        # Deleted only now that the ledger holds them. What is not understood is left to go to the dead-letter queue.
        understood = [message for message, found in zip(messages, objects, strict=True) if found is not None]
        sqs.delete_messages(url=url, messages=understood)
        notifications += len(messages)
        not_understood += len(messages) - len(understood)
    return notifications, not_understood, announced


def _reconcile(*, ledger: Ledger, stream: str, bucket: str, today: date, topic: str | None) -> int:
    mark = ledger.mark()
    found = 0
    for folder in _folders(stream=stream, bucket=bucket, mark=mark, topic=topic):
        known = ledger.known_keys(folder)
        listed = s3.list_objects(bucket=bucket, prefix=folder)
        found += ledger.announce(_unknown(listed, known=known, stream=stream, topic=topic))
    ledger.move_mark(today.isoformat(), previous=mark)
    return found


def list_landed(*, stream: str, bucket: str, topic: str | None) -> Iterator[LandedObject]:
    """Yield every landed object of the stream, which may be a Kafka `topic`'s, by a listing of all its folders."""
    for folder in _folders(stream=stream, bucket=bucket, mark=None, topic=topic):
        listed = s3.list_objects(bucket=bucket, prefix=folder)
        yield from _unknown(listed, known=frozenset(), stream=stream, topic=topic)


def _folders(*, stream: str, bucket: str, mark: str | None, topic: str | None) -> Iterator[str]:
    """Yield the folders that may hold objects the ledger lacks: of days, or of a topic's partitions."""
    if topic is not None:
        yield from s3.list_folders(bucket=bucket, prefix=kafka.folder_prefix(topic))
        return
    prefix = f"{stream}/dt="
    if mark is None:
        yield from s3.list_folders(bucket=bucket, prefix=prefix)
        return
    day_before = date.fromisoformat(mark) - timedelta(days=OVERLAP_DAYS + 1)
    # Every key of that day sorts before "~", and the folders of later days after it.
    yield from s3.list_folders(bucket=bucket, prefix=prefix, start_after=f"{prefix}{day_before.isoformat()}/~")


def _unknown(
    listed: Iterable[s3.StoredObject], *, known: frozenset[str], stream: str, topic: str | None
) -> Iterator[LandedObject]:
    for stored in listed:
        if stored.key in known:
            continue
        if is_landing_key(stored.key, stream=stream, topic=topic):
            yield LandedObject(key=stored.key, bytes=stored.bytes, landed_at=stored.modified_at)
        else:
            logger.warning("s3 key %s is not laid out as landed objects are: it is not loaded", stored.key)
