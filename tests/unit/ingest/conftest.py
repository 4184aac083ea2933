"""A ledger without DynamoDB: the same conditional changes on a dict, and a clock one can set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from landfall.aws.dynamodb import TRANSACTION_LIMIT, Change
from landfall.ingest.batch import LandedObject
from landfall.ingest.ledger import Ledger


class MemoryItems:
    """Implements landfall.ingest.ledger.Items."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.requests = 0

    def read(self, key: Mapping[str, str]) -> dict[str, Any] | None:
        return self.items.get((key["stream"], key["object_key"]))

    def select(
        self, *, equals: tuple[str, str], begins: tuple[str, str] | None = None, index: str | None = None
    ) -> Iterator[dict[str, Any]]:
        order = "landed_at" if index else "object_key"
        for item in sorted(self.items.values(), key=lambda found: found.get(order, "")):
            if item.get(equals[0]) == equals[1] and (begins is None or item[begins[0]].startswith(begins[1])):
                yield dict(item)

    def change(self, change: Change) -> bool:
        self.requests += 1
        return self._apply([change])

    def change_all(self, changes: Sequence[Change]) -> bool:
        self.requests += 1
        assert 0 < len(changes) <= TRANSACTION_LIMIT
        assert len({tuple(change.key.values()) for change in changes}) == len(changes), "DynamoDB refuses an item twice"
        return self._apply(changes)

    def delete(self, key: Mapping[str, str]) -> None:
        self.items.pop((key["stream"], key["object_key"]), None)

    def _apply(self, changes: Sequence[Change]) -> bool:
        for change in changes:
            item = self.read(change.key) or {}
            if any(item.get(name) != value for name, value in change.expected.items()):
                return False
        for change in changes:
            key = (change.key["stream"], change.key["object_key"])
            item = self.items.setdefault(key, dict(change.key))
            item.update(change.values)
            self.items[key] = {name: value for name, value in item.items() if value is not None}
        return True


@dataclass
class Clock:
    """Seconds since 1970 that pass only when told."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def items() -> MemoryItems:
    return MemoryItems()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger_of(items: MemoryItems, clock: Clock) -> Any:
    """Makes the ledger of the orders stream as a given run sees it."""
    return lambda owner: Ledger(items=items, stream="orders", owner=owner, clock=clock)


@pytest.fixture
def landed() -> Any:
    """Makes the landed object `number`, of a day and hour of arrival."""

    def make(number: int, *, dt: str = "2026-11-20", hr: str = "01", size: int = 100) -> LandedObject:
        key = f"orders/dt={dt}/hr={hr}/orders-{number:05d}.gz"
        return LandedObject(key=key, bytes=size, landed_at=datetime(2026, 11, 20, 1, 0, number % 60, tzinfo=UTC))

    return make
