"""What the ledger holds of a landed object: its state, who claimed it, what became of its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from landfall.ingest.batch import LandedObject


class State(StrEnum):
    """Where an object stands."""

    LANDED = "landed"
    CLAIMED = "claimed"
    LOADED = "loaded"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An object with what the ledger holds of it: enough to claim it and to clean up after its former owner."""

    landed: LandedObject
    state: State
    attempt: int
    owner: str | None
    lease_until: int | None
    batch_id: str | None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to load an object until the lease ends: the attempt number is its fence."""

    landed: LandedObject
    owner: str
    attempt: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of an object's records: records = loaded + duplicates + those quarantined, by reason."""

    records: int
    loaded: int
    duplicates: int
    quarantined: Mapping[str, int] = field(default_factory=dict)

    @property
    def adds_up(self) -> bool:
        """Whether nothing was lost and nothing counted twice."""
        return self.records == self.loaded + self.duplicates + sum(self.quarantined.values())


def entry_of(item: Mapping[str, Any]) -> Entry:
    """Return an item of the ledger's table as an entry."""
    landed = LandedObject(
        key=item["object_key"], bytes=int(item["bytes"]), landed_at=datetime.fromisoformat(item["landed_at"])
    )
    lease_until = item.get("lease_until")
    return Entry(
        landed=landed,
        state=State(item["state"]),
        attempt=int(item["attempt"]),
        owner=item.get("owner"),
        lease_until=None if lease_until is None else int(lease_until),
        batch_id=item.get("batch_id"),
    )
