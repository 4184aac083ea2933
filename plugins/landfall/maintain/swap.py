"""Let a table's name in the catalog change places with another's, at once for every reader and fenced for writers.

See docs/decisions for why a pointer is moved and no row.
"""

from __future__ import annotations

from typing import Any

from landfall.aws import glue
from landfall.errors import RebuildError
from landfall.maintain.lake_tables import metadata_location

_METADATA = "/metadata/"


def standing(database: str, table: str) -> tuple[str, str]:
    """Return the address of a table's metadata file and the version of its entry, which every commit changes.

    Raises RebuildError if the catalog has no such Iceberg table.
    """
    entry = _entry(database, table)
    location = metadata_location(entry)
    if location is None:
        raise RebuildError(f"{database}.{table} is no Iceberg table")
    return location, str(entry["VersionId"])


def same_table(location: str, other: str) -> bool:
    """Whether two metadata files are of one table."""
    return _folder_of(location) == _folder_of(other)


def exchange(database: str, live: str, other: str, *, swapped_from: str, version_id: str) -> bool:
    """Let `live` and `other` change places; return False, with nothing done, if `live` is no more at `version_id`.

    `swapped_from` is the metadata file that `live` is at before, kept by the caller: with it a call that died is made
    good by another. A table is known by the folder of its metadata, for writers may have moved on since.
    """
    live_entry, other_entry = _entry(database, live), _entry(database, other)
    if _folder(live_entry) == _folder_of(swapped_from):
        if _folder(other_entry) == _folder(live_entry):
            raise RebuildError(f"{database}.{other} is the same table as {database}.{live}: begin the rebuild afresh")
        taken = _pointing(live, other_entry, previous=swapped_from)
        if not glue.replace_table(database=database, definition=taken, version_id=version_id):
            return False
    if _folder(other_entry) != _folder_of(swapped_from):
        point_to(database, other, like=live_entry, location=swapped_from)
    return True


def point_to(database: str, table: str, *, like: dict[str, Any], location: str) -> None:
    """Let the table point to the metadata file `location`, with the columns of `like`."""
    definition = _pointing(table, like, previous=None)
    definition["Parameters"]["metadata_location"] = location
    definition["StorageDescriptor"] = {**definition["StorageDescriptor"], "Location": _folder_of(location)}
    glue.put_table(database=database, definition=definition)


def _pointing(name: str, entry: dict[str, Any], *, previous: str | None) -> dict[str, Any]:
    """Return the definition of the table `name` that points where `entry` does."""
    parameters = {**entry["Parameters"]}
    parameters.pop("previous_metadata_location", None)
    if previous is not None:
        parameters["previous_metadata_location"] = previous
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "StorageDescriptor": entry["StorageDescriptor"],
    }


def _entry(database: str, table: str) -> dict[str, Any]:
    found = glue.get_table(database=database, table=table)
    if found is None:
        raise RebuildError(f"{database}.{table} does not exist")
    return found


def _folder(entry: dict[str, Any]) -> str:
    return _folder_of(str(metadata_location(entry)))


def _folder_of(location: str) -> str:
    return location.split(_METADATA)[0]
