"""Expiry of an Iceberg table's snapshots, and of the files that no snapshot reaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata

from localcloud.lake.errors import LakeError
from localcloud.lake.objects import delete_objects, list_everything
from localcloud.lake.session import Lake


@dataclass(frozen=True)
class Retention:
    """What VACUUM keeps. Source: Athena user guide, 'Create Iceberg tables, Table properties'."""

    min_snapshots: int
    max_age_seconds: int
    max_metadata_files: int

    @classmethod
    def of(cls, properties: Mapping[str, str]) -> Retention:
        """A table's own settings, or Athena's."""
        return cls(
            int(properties.get("vacuum_min_snapshots_to_keep", "1")),
            int(properties.get("vacuum_max_snapshot_age_seconds", "432000")),
            int(properties.get("vacuum_max_metadata_files_to_keep", "100")),
        )


def vacuum(lake: Lake, table: Table, retention: Retention, now: float) -> None:
    """Expire snapshots, then delete what only they reached, and orphans older than the snapshots' age limit.

    `now` is in seconds since the epoch. Raises LakeError ICEBERG_COMMIT_ERROR if another commit came between.
    """
    before = _reached(table)
    expired = _to_expire(table.metadata, retention, now)
    if expired:
        try:
            table.maintenance.expire_snapshots().by_ids(expired).commit()
        except CommitFailedException as error:
            raise LakeError(
                "ICEBERG_COMMIT_ERROR", f"Failed to commit Iceberg update to table: {'.'.join(table.name())}"
            ) from error
        table = table.refresh()
    kept = _reached(table) | _metadata_files(table, retention)
    oldest = now - retention.max_age_seconds
    # Files of writers that have not committed yet look like orphans: age tells them apart.
    doomed = [
        stored.path
        for stored in list_everything(lake, table.location().rstrip("/") + "/")
        if stored.path not in kept and (stored.path in before or stored.modified < oldest)
    ]
    delete_objects(lake, doomed)


def _to_expire(metadata: TableMetadata, retention: Retention, now: float) -> list[int]:
    """Ids of snapshots past the age limit, but for the newest ones in the current line and every branch and tag."""
    oldest = (now - retention.max_age_seconds) * 1000
    protected = {ref.snapshot_id for ref in metadata.refs.values()}
    line: list[int] = []
    current = metadata.current_snapshot()
    while current is not None:
        line.append(current.snapshot_id)
        parent = current.parent_snapshot_id
        current = metadata.snapshot_by_id(parent) if parent is not None else None
    protected.update(line[: max(1, retention.min_snapshots)])
    return [
        snapshot.snapshot_id
        for snapshot in metadata.snapshots
        if snapshot.snapshot_id not in protected and snapshot.timestamp_ms < oldest
    ]


def _reached(table: Table) -> set[str]:
    """Manifest lists, manifests, data and delete files of every snapshot."""
    found: set[str] = set()
    for snapshot in table.snapshots():
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            if manifest.manifest_path in found:
                continue
            found.add(manifest.manifest_path)
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
            found.update(entry.data_file.file_path for entry in entries)
    return found


def _metadata_files(table: Table, retention: Retention) -> set[str]:
    """The current metadata file, the newest of its predecessors, and statistics files."""
    log = [entry.metadata_file for entry in table.metadata.metadata_log]
    kept: Iterable[str] = log[-retention.max_metadata_files :] if retention.max_metadata_files else ()
    statistics = (entry.statistics_path for entry in table.metadata.statistics)
    return {table.metadata_location, *kept, *statistics}
