"""What an Iceberg table's metadata file says that maintenance goes by; no AWS here.

The format: https://iceberg.apache.org/spec/#table-metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NO_SNAPSHOT = -1


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One state of a table: its id, when it was committed (milliseconds since 1970), its list of manifests (s3://)."""

    snapshot_id: int
    committed_ms: int
    manifest_list: str


@dataclass(frozen=True, kw_only=True)
class PartitionField:
    """One part of a partition key: its own name, the column it is made from, and how (`day`, `month`, `identity`)."""

    name: str
    column: str
    transform: str


@dataclass(frozen=True, kw_only=True)
class TableMetadata:
    """A metadata file's content; `log` holds the addresses of its predecessors, oldest first."""

    metadata_location: str
    location: str
    table_uuid: str
    current_snapshot_id: int | None
    snapshots: tuple[Snapshot, ...]
    log: tuple[str, ...]
    properties: Mapping[str, str]
    partition: tuple[PartitionField, ...]
    data_files: int
    delete_files: int
    data_bytes: int

    def snapshot(self, snapshot_id: int | None) -> Snapshot | None:
        """Return one snapshot, or None if the table has it no more."""
        return next((found for found in self.snapshots if found.snapshot_id == snapshot_id), None)

    def expirable(self, *, now: float, keep_seconds: int, keep_snapshots: int) -> int:
        """Return how many snapshots an expiry at `now` (seconds since 1970) would remove."""
        newest_first = sorted(self.snapshots, key=lambda found: found.committed_ms, reverse=True)
        oldest = (now - keep_seconds) * 1000
        return sum(
            found.committed_ms < oldest and found.snapshot_id != self.current_snapshot_id
            for found in newest_first[max(1, keep_snapshots) :]
        )


def table_metadata(document: Mapping[str, Any], *, metadata_location: str) -> TableMetadata:
    """Read the JSON document of a metadata file of format version 2."""
    current = int(document.get("current-snapshot-id") or _NO_SNAPSHOT)
    snapshots = tuple(
        Snapshot(
            snapshot_id=int(found["snapshot-id"]),
            committed_ms=int(found["timestamp-ms"]),
            manifest_list=found["manifest-list"],
        )
        for found in document.get("snapshots", ())
    )
    summary = _summary(document, current)
    return TableMetadata(
        metadata_location=metadata_location,
        location=str(document["location"]).rstrip("/") + "/",
        table_uuid=str(document["table-uuid"]),
        current_snapshot_id=None if current == _NO_SNAPSHOT else current,
        snapshots=snapshots,
        log=tuple(entry["metadata-file"] for entry in document.get("metadata-log", ())),
        properties=dict(document.get("properties", {})),
        partition=_partition(document),
        data_files=int(summary.get("total-data-files", 0)),
        delete_files=int(summary.get("total-delete-files", 0)),
        data_bytes=int(summary.get("total-files-size", 0)),
    )


def _summary(document: Mapping[str, Any], current: int) -> Mapping[str, str]:
    for found in document.get("snapshots", ()):
        if int(found["snapshot-id"]) == current:
            return dict(found.get("summary", {}))
    return {}


def _partition(document: Mapping[str, Any]) -> tuple[PartitionField, ...]:
    columns = {
        field["id"]: field["name"]
        for schema in document["schemas"]
        if schema["schema-id"] == document["current-schema-id"]
        for field in schema["fields"]
    }
    return tuple(
        PartitionField(name=field["name"], column=columns[field["source-id"]], transform=field["transform"])
        for spec in document["partition-specs"]
        if spec["spec-id"] == document["default-spec-id"]
        for field in spec["fields"]
        if field["transform"] != "void"
    )
