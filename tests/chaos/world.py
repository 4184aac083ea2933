"""S3, SQS, DynamoDB and Glue for the load, in memory: each call is a crash point of the schedule."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError
from landfall.aws.dynamodb import TRANSACTION_LIMIT, Change
from landfall.aws.s3 import StoredObject
from landfall.aws.sqs import Message
from landfall.ingest import discover, emptiness, load, statements

from tests.chaos.schedule import Schedule

BUCKET = "landing"


def _error(operation: str) -> ClientError:
    """What boto3 raises when its own tries are used up."""
    answer = {"Error": {"Code": "ServiceUnavailable", "Message": "chaos"}, "ResponseMetadata": {"HTTPStatusCode": 503}}
    return ClientError(answer, operation)  # type: ignore[arg-type]


class Items:
    """The ledger's table: implements landfall.ingest.ledger.Items."""

    def __init__(self, schedule: Schedule) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.wrongs: list[str] = []
        self._schedule = schedule
        self._watch = ClaimWatch(schedule)

    def read(self, key: Mapping[str, str]) -> dict[str, Any] | None:
        """Return an item as it is."""
        return self._schedule.call("dynamodb read", lambda: self._find(key), lambda: _error("GetItem"))

    def select(
        self, *, equals: tuple[str, str], begins: tuple[str, str] | None = None, index: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield items by partition; by an index, one that was just written may still be missing."""

        def effect() -> list[dict[str, Any]]:
            found = [dict(item) for item in self.items.values() if item.get(equals[0]) == equals[1]]
            if begins:
                found = [item for item in found if item[begins[0]].startswith(begins[1])]
            if index and found and self._schedule.random.random() < self._schedule.odds.lag:
                found.pop(self._schedule.random.randrange(len(found)))
            return sorted(found, key=lambda item: item["object_key"])

        yield from self._schedule.call("dynamodb query", effect, lambda: _error("Query"))

    def change(self, change: Change) -> bool:
        """Make a conditional change."""
        return self._schedule.call("dynamodb update", lambda: self._apply([change]), lambda: _error("UpdateItem"))

    def change_all(self, changes: Sequence[Change]) -> bool:
        """Make conditional changes together."""
        if not 0 < len(changes) <= TRANSACTION_LIMIT:
            raise ValueError(f"a transaction of {len(changes)} items")
        made = self._schedule.call(
            "dynamodb transaction", lambda: self._apply(changes), lambda: _error("TransactWriteItems")
        )
        if not made and all(change.expected.get("state") == "claimed" for change in changes):
            self._watch.told.add(self._schedule.worker())
        return made

    def delete(self, key: Mapping[str, str]) -> None:
        """Delete an item, whether or not it is there; a load never does."""
        self.items.pop((key["stream"], key["object_key"]), None)

    def merging(self) -> None:
        """Note that the worker whose turn it is merges: it must not, once it was told that it lost its claims."""
        if self._schedule.worker() in self._watch.told:
            self.wrongs.append("a run merges on although its claims were lost")

    def claimed_by(self, owner: str) -> set[tuple[str, int]]:
        """Return the objects that a run holds, with the attempts."""
        claimed = (item for item in self.items.values() if item.get("state") == "claimed" and item["owner"] == owner)
        return {(item["object_key"], item["attempt"]) for item in claimed}

    def _find(self, key: Mapping[str, str]) -> dict[str, Any] | None:
        found = self.items.get((key["stream"], key["object_key"]))
        return dict(found) if found else None

    def _apply(self, changes: Sequence[Change]) -> bool:
        for change in changes:
            item = self._find(change.key) or {}
            if any(item.get(name) != value for name, value in change.expected.items()):
                return False
        for change in changes:
            old = self._find(change.key)
            item = (old or dict(change.key)) | dict(change.values)
            place = (change.key["stream"], change.key["object_key"])
            self.items[place] = {name: value for name, value in item.items() if value is not None}
            if "state" in item:
                self.wrongs += self._watch.wrongs(place[1], old, self.items[place])
        return True


class ClaimWatch:
    """Looks at every change of an object's item: who may make it, and what may follow what."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self.told: set[object] = set()
        self._attempts: dict[tuple[object, str], int] = {}

    def wrongs(self, key: str, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with a change from `old` (None: no item yet) to `new` by the worker whose turn it is."""
        if old is None:
            return [] if new["state"] == "landed" else [f"{key} begins as {new['state']}"]
        worker = (self._schedule.worker(), key)
        claims = new["attempt"] != old["attempt"]
        if claims:
            self._attempts[worker] = new["attempt"]
            self.told.discard(worker[0])
            right = new["state"] == "claimed" and new["attempt"] == old["attempt"] + 1 and self._is_free(old, new)
        else:
            right = old["state"] == "claimed" and old["attempt"] == self._attempts.get(worker)
        moves = f"{old['state']} {old['attempt']} -> {new['state']} {new['attempt']}"
        return [] if right else [f"{new.get('owner')} changed {key} as it must not: {moves}"]

    def _is_free(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        if old["state"] == "claimed":
            return bool(old["owner"] == new["owner"] or old["lease_until"] < self._schedule.now)
        return old["state"] in ("landed", "failed")


@dataclass
class World:
    """All that the load reads and writes outside Athena, for one schedule."""

    schedule: Schedule
    stream: str
    objects: dict[str, bytes] = field(default_factory=dict)
    queue: dict[str, str] = field(default_factory=dict)
    landed_at: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.items = Items(self.schedule)

    def land(self, name: str, body: bytes, *, notifications: int) -> None:
        """Write an object into the folder of this hour and announce it that many times."""
        landed_at = datetime.fromtimestamp(self.schedule.now, tz=UTC)
        key = f"{self.stream}/dt={landed_at:%Y-%m-%d}/hr={landed_at:%H}/{name}"
        self.objects[key] = body
        self.landed_at[key] = landed_at
        for copy in range(notifications):
            self.queue[f"{key}#{copy}"] = json.dumps(
                {
                    "detail-type": "Object Created",
                    "time": self.landed_at[key].isoformat(),
                    "detail": {"bucket": {"name": BUCKET}, "object": {"key": key, "size": len(body)}},
                }
            )

    def installed(self) -> ExitStack:
        """Put this world in the place of AWS until the returned stack is closed."""
        stack = ExitStack()
        for module, name, stand_in in (
            (discover.sqs, "queue_url", lambda name: name),
            (discover.sqs, "receive_batches", self._receive),
            (discover.sqs, "delete_messages", self._delete),
            (discover.s3, "list_folders", self._list_folders),
            (discover.s3, "list_objects", self._list_objects),
            (emptiness.s3, "open_object", self._open),
            (load.s3, "delete_prefix", self._delete_prefix),
            (statements.time, "sleep", lambda seconds: self.schedule.turn()),
            (load.uuid, "uuid4", lambda: uuid.UUID(int=self.schedule.random.getrandbits(128), version=4)),
        ):
            stack.enter_context(patch.object(module, name, stand_in))
        return stack

    def _receive(self, *, url: str, most: int, wait_seconds: int = 0) -> Iterator[list[Message]]:
        seen: set[str] = set()
        while True:
            batch = self.schedule.call("sqs receive", lambda: self._some(seen), lambda: _error("ReceiveMessage"))
            if not batch:
                return
            seen.update(message.receipt for message in batch)
            yield batch

    def _some(self, seen: set[str]) -> list[Message]:
        left = [receipt for receipt in self.queue if receipt not in seen]
        chosen = self.schedule.random.sample(left, min(len(left), self.schedule.random.randint(1, 10)))
        return [Message(body=self.queue[receipt], receipt=receipt) for receipt in chosen]

    def _delete(self, *, url: str, messages: Sequence[Message]) -> None:
        def effect() -> None:
            for message in messages:
                self.queue.pop(message.receipt, None)
                key = message.receipt.partition("#")[0]
                if (self.stream, key) not in self.items.items:
                    self.items.wrongs.append(f"the message of {key} is deleted before the ledger knows of the object")

        self.schedule.call("sqs delete", effect, lambda: _error("DeleteMessageBatch"))

    def _list_folders(self, *, bucket: str, prefix: str, start_after: str = "") -> Iterator[str]:
        def effect() -> list[str]:
            keys = (key for key in self.objects if key.startswith(prefix) and key > start_after)
            return sorted({key[: key.index("/", len(prefix)) + 1] for key in keys})

        yield from self.schedule.call("s3 list folders", effect, lambda: _error("ListObjectsV2"))

    def _list_objects(self, *, bucket: str, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
        def effect() -> list[StoredObject]:
            return [
                StoredObject(key=key, bytes=len(body), modified_at=self.landed_at[key])
                for key, body in sorted(self.objects.items())
                if key.startswith(prefix)
            ]

        yield from self.schedule.call("s3 list", effect, lambda: _error("ListObjectsV2"))

    def _open(self, *, bucket: str, key: str) -> io.BytesIO:
        return self.schedule.call("s3 get", lambda: io.BytesIO(self.objects[key]), lambda: _error("GetObject"))

    def _delete_prefix(self, *, bucket: str, prefix: str) -> int:
        return self.schedule.call("s3 delete", lambda: 0, lambda: _error("DeleteObjects"))
