"""What the load says of a batch that it has done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from landfall.contracts import StreamContract


@dataclass(frozen=True, kw_only=True)
class LoadedBatch:
    """A batch whose objects are closed: their addresses, the counts of its records, raw's snapshot after it.

    A batch of quarantined records that were loaded after all has no objects.
    """

    contract: StreamContract
    batch_id: str
    loaded_at: datetime
    loaded: int
    objects: tuple[str, ...] = ()
    quarantined: int = 0
    raw_snapshot_id: int | None = None
