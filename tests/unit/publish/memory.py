"""The publication table and the catalog in memory, with the same conditions as the real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from landfall.aws.iceberg import IcebergState, Pointer
from landfall.errors import PublicationError


class MemoryTable:
    """Items by (group, sort key); each method is atomic, as a DynamoDB request is."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.before_move: Callable[[], None] = lambda: None

    def get(self, group: str, sort_key: str) -> dict[str, Any] | None:
        return self.items.get((group, sort_key))

    def put(self, item: Mapping[str, Any]) -> None:
        self.items[item["group"], item["version"]] = dict(item)

    def reserve(self, group: str, *, cause_run_id: str) -> int:
        number = max([int(key) for owner, key in self.items if owner == group and key.isdigit()], default=0) + 1
        self.put({"group": group, "version": f"{number:010d}", "number": number, "state": "reserved"})
        return number

    def move_current(self, current: Mapping[str, Any], version: Mapping[str, Any], *, expected_version: int) -> bool:
        self.before_move()
        found = self.get(current["group"], "current")
        if (found["number"] if found else 0) != expected_version:
            return False
        self.put(current)
        self.put(version)
        return True

    def amend(self, current: Mapping[str, Any], version: Mapping[str, Any]) -> bool:
        if self.items[current["group"], "current"]["number"] != current["number"]:
            return False
        self.put(current)
        self.put(version)
        return True

    def between(self, group: str, low: int, high: int) -> Iterator[dict[str, Any]]:
        for (owner, key), item in sorted(self.items.items()):
            if owner == group and key.isdigit() and low <= item["number"] < high:
                yield item

    def abandon(self, group: str, number: int) -> None:
        self.items[group, f"{number:010d}"]["state"] = "abandoned"


class MemoryCatalog:
    """Tables by name, each at one metadata file; a file's name tells its snapshot."""

    def __init__(self, tables: dict[str, str]) -> None:
        self.tables = dict(tables)
        self.before_point: Callable[[], None] = lambda: None

    def read(self, table: str) -> IcebergState:
        location = self.tables[table]
        return IcebergState(metadata_location=location, snapshot_id=int(location.rpartition("/")[2].split(".")[0]))

    def register(self, table: str, *, like: str, metadata_location: str) -> None:
        if self.tables.setdefault(table, metadata_location) != metadata_location:
            raise PublicationError(f"{table} exists")

    def pointer(self, table: str) -> Pointer | None:
        return Pointer(self.tables[table], self.tables[table]) if table in self.tables else None

    def point(self, table: str, *, like: str, metadata_location: str, seen: Pointer | None) -> bool:
        self.before_point()
        if self.pointer(table) != seen:
            return False
        self.tables[table] = metadata_location
        return True

    def names(self, database: str) -> tuple[str, ...]:
        return tuple(table.partition(".")[2] for table in self.tables if table.startswith(f"{database}."))

    def drop(self, table: str) -> None:
        self.tables.pop(table, None)
