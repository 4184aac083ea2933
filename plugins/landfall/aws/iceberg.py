"""Iceberg tables as Glue's catalog holds them: which metadata file each is at, and tables pinned to one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from landfall.aws import glue
from landfall.aws.s3 import read_object, split_uri
from landfall.errors import PublicationError


@dataclass(frozen=True)
class IcebergState:
    """The metadata file a table points to (an s3:// address) and the snapshot current in it."""

    metadata_location: str
    snapshot_id: int


@dataclass(frozen=True)
class Pointer:
    """Where a table points to, and the version of its definition in Glue by which a change is conditional."""

    metadata_location: str
    version_id: str


def metadata_document(metadata_location: str) -> dict[str, Any]:
    """Return the content of an Iceberg metadata file. Raises KeyError with its address if it is gone."""
    bucket, key = split_uri(metadata_location)
    return dict(json.loads(read_object(bucket=bucket, key=key)))


class IcebergCatalog:
    """Reads of Iceberg tables and writes of tables that pin or follow one metadata file."""

    def read(self, table: str) -> IcebergState:
        """Return the present state of `table` (`database.name`); PublicationError if it has no Iceberg snapshot."""
        definition = self._get(table)
        if definition is None:
            raise PublicationError(f"table {table} does not exist: run the transform that builds it")
        location = definition.get("Parameters", {}).get("metadata_location")
        if not location:
            raise PublicationError(f"table {table} is no Iceberg table: Glue has no metadata_location for it")
        snapshot_id = metadata_document(location).get("current-snapshot-id")
        if snapshot_id is None or snapshot_id == -1:  # the specification of format v2 writes an empty table either way
            raise PublicationError(f"table {table} has no snapshot yet: run the transform that fills it")
        return IcebergState(metadata_location=location, snapshot_id=int(snapshot_id))

    def register(self, table: str, *, like: str, metadata_location: str) -> None:
        """Create `table` on a fixed metadata file with the columns of `like`; once more with the same file is no error.

        Raises PublicationError if the table exists on another file: a version never changes.
        """
        if self._create(table, like=like, metadata_location=metadata_location):
            return
        existing = self.pointer(table)
        if existing is None or existing.metadata_location != metadata_location:
            raise PublicationError(f"table {table} exists on another snapshot: published versions are never rewritten")

    def pointer(self, table: str) -> Pointer | None:
        """Return where `table` points to now, None if there is no such table."""
        found = self._get(table)
        if found is None:
            return None
        return Pointer(
            metadata_location=str(found.get("Parameters", {}).get("metadata_location", "")),
            version_id=str(found["VersionId"]),
        )

    def point(self, table: str, *, like: str, metadata_location: str, seen: Pointer | None) -> bool:
        """Point `table` to a metadata file, creating it if none was `seen`; False if it is not any more as it was seen.

        The condition is the one under which Iceberg's own writers commit to a table in Glue.
        """
        if seen is None:
            return self._create(table, like=like, metadata_location=metadata_location)
        database, _, name = table.partition(".")
        definition = self._definition(name, like=like, metadata_location=metadata_location)
        return glue.replace_table(database=database, definition=definition, version_id=seen.version_id)

    def drop(self, table: str) -> None:
        """Remove `table` from the catalog if it is there; its files are the candidate's and stay."""
        database, _, name = table.partition(".")
        glue.delete_table(database=database, table=name)

    def _create(self, table: str, *, like: str, metadata_location: str) -> bool:
        """Create `table` on a metadata file; False if it exists."""
        database, _, name = table.partition(".")
        definition = self._definition(name, like=like, metadata_location=metadata_location)
        return glue.create_table(database=database, definition=definition)

    def _definition(self, name: str, *, like: str, metadata_location: str) -> dict[str, Any]:
        source = self._get(like)
        if source is None:
            raise PublicationError(f"table {like} disappeared while it was being published: transform and audit again")
        return {
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"table_type": "ICEBERG", "metadata_location": metadata_location},
            "StorageDescriptor": source["StorageDescriptor"],
        }

    def _get(self, table: str) -> dict[str, Any] | None:
        database, _, name = table.partition(".")
        return glue.get_table(database=database, table=name)
