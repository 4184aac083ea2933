"""How long a table's snapshots and metadata files must be kept, so that no published version loses what it reads.

Athena's VACUUM goes by age and by numbers only, and knows nothing of other tables in the catalog that are pinned to one
of this table's metadata files (docs/decisions/0003). So the ages and numbers are set from those pins before each run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from landfall.errors import MaintenanceError
from landfall.maintain.metadata import Snapshot, TableMetadata
from landfall.maintain.policy import DAY_SECONDS, Policy

_METADATA_FILES = 100
"""Metadata files kept beyond the oldest pinned one; also Athena's default."""


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A table of the catalog that reads one metadata file of another table: its name, the file, and its snapshot."""

    table: str
    metadata_location: str
    snapshot: Snapshot


@dataclass(frozen=True, kw_only=True)
class Retention:
    """What VACUUM is told to keep.

    https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html#querying-iceberg-table-properties
    """

    max_age_seconds: int
    min_snapshots: int
    metadata_files: int

    def as_properties(self) -> dict[str, str]:
        """Return the table properties by name."""
        return {
            "vacuum_max_snapshot_age_seconds": str(self.max_age_seconds),
            "vacuum_min_snapshots_to_keep": str(self.min_snapshots),
            "vacuum_max_metadata_files_to_keep": str(self.metadata_files),
        }


def retention_for(metadata: TableMetadata, pins: Sequence[Pin], *, now: float, policy: Policy) -> Retention:
    """Return what must be kept of a table at `now` (seconds since 1970).

    Raises MaintenanceError if the table has no longer a snapshot that a pin reads: its files look like orphans then,
    and only leaving the table alone keeps them.
    """
    lost = [pin.table for pin in pins if metadata.snapshot(pin.snapshot.snapshot_id) is None]
    if lost:
        raise MaintenanceError(
            f"{', '.join(sorted(lost))} read snapshots that are not in {metadata.metadata_location} any more: "
            "nothing of the table expires until those versions are dropped"
        )
    return Retention(
        max_age_seconds=max([policy.keep_seconds, *(_age_beyond(pin, now) for pin in pins)]),
        min_snapshots=policy.keep_snapshots,
        metadata_files=_METADATA_FILES + max((_successors(pin, metadata) for pin in pins), default=0),
    )


def _age_beyond(pin: Pin, now: float) -> int:
    """Return an age in seconds that the pinned snapshot reaches in a day at the earliest; the same all day long.

    A file that the snapshot reads is older than it and is kept as the snapshot's; the metadata file is younger.
    """
    age = now - pin.snapshot.committed_ms / 1000
    return (math.ceil(age / DAY_SECONDS) + 1) * DAY_SECONDS


def _successors(pin: Pin, metadata: TableMetadata) -> int:
    """Return how many metadata files were written since the pinned one; of one too old for the log, all of the log."""
    files = (*metadata.log, metadata.metadata_location)
    return len(files) - files.index(pin.metadata_location) if pin.metadata_location in files else len(files)
