"""The Iceberg tables of the lake as the catalog and their metadata files describe them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from landfall.aws import glue
from landfall.aws.iceberg import metadata_document
from landfall.errors import MaintenanceError
from landfall.maintain.expiry import Pin
from landfall.maintain.metadata import TableMetadata, table_metadata

OF_STREAMS = ("raw", "quarantine")
OF_MODELS = ("intermediate", "marts", "extracts")
PUBLISHED = "published"

REBUILD_MARK = "__rebuild_"
"""Between a stream's name and a number: a table that a rebuild makes or has replaced; not maintained."""


def maintained_tables() -> list[str]:
    """Return `database.name` of every Iceberg table that is maintained, in order."""
    return [
        f"{database}.{found['Name']}"
        for database in (*OF_STREAMS, *OF_MODELS)
        for found in sorted(glue.list_tables(database=database), key=lambda table: str(table["Name"]))
        if metadata_location(found) and REBUILD_MARK not in found["Name"]
    ]


def read_metadata(table: str) -> TableMetadata:
    """Return what the current metadata file of `database.name` says. Raises MaintenanceError if there is none."""
    database, _, name = table.partition(".")
    found = glue.get_table(database=database, table=name)
    location = metadata_location(found) if found else None
    if location is None:
        raise MaintenanceError(f"{table} is no Iceberg table of the catalog (any more)")
    return table_metadata(metadata_document(location), metadata_location=location)


def metadata_location(table: dict[str, Any]) -> str | None:
    """Return the address of the metadata file of a table as Glue describes it, None if it is not an Iceberg table."""
    found = table.get("Parameters", {}).get("metadata_location")
    return str(found) if found else None


def pins_of(metadata: TableMetadata) -> tuple[Pin, ...]:
    """Return the published tables that read a metadata file of this table.

    Raises MaintenanceError if such a file is gone: a version cannot be read any more.
    """
    return tuple(_pin(table, location) for table, location in _published() if location.startswith(metadata.location))


def _published() -> Iterator[tuple[str, str]]:
    for found in glue.list_tables(database=PUBLISHED):
        if location := metadata_location(found):
            yield f"{PUBLISHED}.{found['Name']}", location


def _pin(table: str, location: str) -> Pin:
    try:
        pinned = table_metadata(metadata_document(location), metadata_location=location)
    except KeyError as error:
        raise MaintenanceError(f"{table} cannot be read any more: {error} is gone") from error
    snapshot = pinned.snapshot(pinned.current_snapshot_id)
    if snapshot is None:
        raise MaintenanceError(f"{table} is pinned to {location}, which has no current snapshot")
    return Pin(table=table, metadata_location=location, snapshot=snapshot)
