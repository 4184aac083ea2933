"""What the load says of a batch that it has done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from landfall.contracts import StreamContract


@dataclass(frozen=True, kw_only=True)
class LoadedBatch:
    """A batch whose objects are closed: their addresses, the counts of its records, raw's snapshot after it."""

    contract: StreamContract
    batch_id: str
    loaded_at: datetime
    objects: tuple[str, ...]
    loaded: int
    quarantined: int
    raw_snapshot_id: int | None
