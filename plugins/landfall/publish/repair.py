"""Bring the catalog to what the record says: stable names that lag behind, and tables of versions that never came.

Whoever moves the record does this at once; every transform run does it when it begins, for those that died in between.
"""

from __future__ import annotations

from landfall.aws.iceberg import IcebergCatalog
from landfall.aws.publications import PublicationTable
from landfall.errors import PublicationError
from landfall.publish.record import CURRENT, Publication, stable_table, version_key, versioned_table

_TRIES = 20

SETTLED_AFTER = 5
"""A version that never came to be is swept no more after so many others were published."""


class Repair:
    """Repairs of the database `published` by the publication record; any number may run at once."""

    def __init__(self, *, table: PublicationTable, catalog: IcebergCatalog) -> None:
        self._table = table
        self._catalog = catalog

    def bring_up(self, group: str) -> Publication | None:
        """Move the stable names of `group` to the current version and return it; None before the first publication.

        Raises PublicationError if others keep moving them.
        """
        for _ in range(_TRIES):
            before = self._current(group)
            if before is None:
                return None
            for name in (*_in_lake(before), *self._gone(before)):
                self._follow(group, name)
            if self._current(group) == before:
                return before
        raise PublicationError(f"publications of group {group!r} follow each other too fast: run this again")

    def sweep(self, current: Publication) -> None:
        """Drop what publishers below `current` left that died, or lost, before their version came to be.

        None of them can win any more. One that still lives may leave tables after its number was given up, so each
        number is looked at again until a few versions were published after it: what a sweep costs does not depend on
        how many there have been.
        """
        published = 0
        for item in self._table.before(current.group, current.version):
            if item["state"] == "published":
                published += 1
                if published == SETTLED_AFTER:
                    return
                continue
            for name in _in_lake(current):
                self._catalog.drop(versioned_table(name, int(item["number"])))
            if item["state"] == "reserved":
                self._table.abandon(current.group, int(item["number"]))

    def give_up(self, publication: Publication) -> None:
        """Drop the tables that were registered for a version that lost, and mark it as abandoned."""
        for name in _in_lake(publication):
            self._catalog.drop(versioned_table(name, publication.version))
        self._table.abandon(publication.group, publication.version)

    def _follow(self, group: str, name: str) -> None:
        """Point a stable name to the current version, or drop it if that has no such dataset.

        The record is read after the pointer, and the pointer moves only if nobody moved it since: so a publisher that
        slept can't set readers back. After a rollback the pointer may be right already while somebody is about to move
        it away; it is written all the same, which takes that one's condition.
        """
        table = stable_table(name)
        for _ in range(_TRIES):
            seen = self._catalog.pointer(table)
            current = self._current(group)
            dataset = current.datasets.get(name) if current else None
            if dataset is None:
                self._catalog.drop(table)
                return
            location = dataset.metadata_location
            if location is None or (seen and seen.metadata_location == location and not (current and current.rollback)):
                return
            if self._catalog.point(table, like=dataset.table, metadata_location=location, seen=seen):
                return
        raise PublicationError(f"the stable name {table} is being moved by others: run this again")

    def _gone(self, current: Publication) -> set[str]:
        """Return the datasets that were first published by a version that is withdrawn."""
        found: set[str] = set()
        for number in current.rollback.withdrawn if current.rollback else ():
            item = self._table.get(current.group, version_key(number)) or {}
            found |= {name for name, dataset in item.get("datasets", {}).items() if dataset["metadata_location"]}
        return found - current.datasets.keys()

    def _current(self, group: str) -> Publication | None:
        item = self._table.get(group, CURRENT)
        return None if item is None else Publication.from_item(item)


def _in_lake(publication: Publication) -> list[str]:
    """Return the datasets that are Iceberg tables of Glue's catalog."""
    return [name for name, dataset in publication.datasets.items() if dataset.metadata_location]
