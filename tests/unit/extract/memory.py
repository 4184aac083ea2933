"""Tables and buckets in memory, with the conditions of the real ones."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from landfall.aws import s3
from landfall.aws.dynamodb import Change


class MemoryItems:
    """Items of one table by their partition key; each method is atomic, as a DynamoDB request is."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.reads = 0
        self._lock = threading.Lock()

    def read(self, key: Mapping[str, str]) -> dict[str, Any] | None:
        (value,) = key.values()
        with self._lock:
            self.reads += 1
            found = self.items.get(value)
            return dict(found) if found else None

    def change(self, change: Change) -> bool:
        ((name, value),) = change.key.items()
        with self._lock:
            item = self.items.get(value, {})
            if any(item.get(field) != expected for field, expected in change.expected.items()):
                return False
            changed = {**item, name: value, **change.values}
            self.items[value] = {field: each for field, each in changed.items() if each is not None}
            return True

    def page(
        self, *, equals: tuple[str, str], index: str, limit: int, after: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        assert index == {"customer_id": "by_customer", "state": "by_state"}[equals[0]]
        found = [item for item in self.items.values() if item.get(equals[0]) == equals[1] and "requested_at" in item]
        found.sort(key=lambda item: (item["requested_at"], item["extract_id"]), reverse=True)
        if after:
            found = [item for item in found if _place(item) < _place(after)]
        return [dict(item) for item in found[:limit]]

    def select(
        self, *, equals: tuple[str, str], begins: tuple[str, str] | None = None, index: str | None = None
    ) -> Iterator[dict[str, Any]]:
        yield from [dict(item) for item in self.items.values() if item.get(equals[0]) == equals[1]]

    def join(self, key: Mapping[str, str], member: str, *, most: int, values: Mapping[str, Any]) -> bool:
        ((name, value),) = key.items()
        with self._lock:
            item = self.items.setdefault(value, {name: value})
            members = item.get("members", set())
            if member not in members and len(members) >= most:
                return False
            item.update(values, members=members | {member})
            return True

    def leave(self, key: Mapping[str, str], members: Collection[str]) -> None:
        ((name, value),) = key.items()
        with self._lock:
            item = self.items.setdefault(value, {name: value})
            if not item.get("members", set()) - set(members):
                item.pop("members", None)
            else:
                item["members"] = item["members"] - set(members)

    def count(self, key: Mapping[str, str], *, window: int, values: Mapping[str, Any]) -> int:
        (value,) = key.values()
        with self._lock:
            item = self.items[value]
            used = item.get("used", 0) + 1 if item.get("window") == window else 1
            item.update(values, window=window, used=used)
            return used


class MemoryRegister:
    """The table of destinations."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, ...], dict[str, Any]] = {}

    def read(self, key: Mapping[str, str]) -> dict[str, Any] | None:
        return self.items.get(tuple(key.values()))

    def change(self, change: Change) -> bool:
        key = tuple(change.key.values())
        if key in self.items:
            return False
        self.items[key] = {**change.key, **change.values}
        return True

    def delete(self, key: Mapping[str, str]) -> None:
        self.items.pop(tuple(key.values()), None)

    def select(self, *, equals: tuple[str, str], **_: Any) -> Iterator[dict[str, Any]]:
        yield from [item for item in self.items.values() if item[equals[0]] == equals[1]]


def _place(item: Mapping[str, str]) -> tuple[str, str]:
    return item["requested_at"], item["extract_id"]


class MemoryBuckets(dict[tuple[str, str], bytes]):
    """Objects by bucket and key, in place of `landfall.aws.s3`."""

    def read_object(self, *, bucket: str, key: str) -> bytes:
        return self[bucket, key]

    def write_new_object(
        self, *, bucket: str, key: str, body: bytes, content_type: str = "", encrypted_with: str | None = None
    ) -> bool:
        return self.setdefault((bucket, key), body) is body

    def write_object(
        self, *, bucket: str, key: str, body: bytes, content_type: str = "", encrypted_with: str | None = None
    ) -> None:
        self[bucket, key] = body

    def list_folders(self, *, bucket: str, prefix: str, start_after: str = "") -> Iterator[str]:
        below = [key.removeprefix(prefix) for key in self.keys_below(bucket, prefix)]
        yield from sorted({f"{prefix}{rest.partition('/')[0]}/" for rest in below if "/" in rest})

    def delete_objects(self, *, bucket: str, keys: Sequence[str]) -> None:
        for key in keys:
            self.pop((bucket, key), None)

    def list_objects(self, *, bucket: str, prefix: str, start_after: str = "") -> Iterator[s3.StoredObject]:
        for key in self.keys_below(bucket, prefix):
            yield s3.StoredObject(key=key, bytes=len(self[bucket, key]), modified_at=datetime.now(UTC))

    def delete_prefix(self, *, bucket: str, prefix: str) -> int:
        keys = self.keys_below(bucket, prefix)
        for key in keys:
            del self[bucket, key]
        return len(keys)

    def presign(self, *, bucket: str, key: str, expires_seconds: int) -> str:
        return f"https://{bucket}.example/{key}?seconds={expires_seconds}&X-Amz-Signature=cafe"

    def keys_below(self, bucket: str, prefix: str) -> list[str]:
        return sorted(key for owner, key in self if owner == bucket and key.startswith(prefix))
