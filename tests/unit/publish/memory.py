"""The publication table and the catalog in memory, with the same conditions as the real ones."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from landfall.aws.iceberg import IcebergState, Pointer
from landfall.errors import PublicationError
from landfall.publish.record import Candidate, Publication
from landfall.publish.warehouse_builds import Build
from landfall.settings import Settings


def settings() -> Settings:
    """Return settings of no environment at all."""
    names = ("AWS_REGION", *(f"LANDFALL_{field.upper()}" for field in Settings.__annotations__))
    return Settings.from_environment(dict.fromkeys(names, "x"))


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

    def before(self, group: str, version: int) -> Iterator[dict[str, Any]]:
        yield from reversed(list(self.between(group, 0, version)))

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

    def drop(self, table: str) -> None:
        self.tables.pop(table, None)


class MemoryRows:
    """The warehouse's candidates and what readers see of them: builds since the last publication, and a version."""

    def __init__(self, *datasets: str) -> None:
        self._datasets = datasets
        self._builds: dict[str, list[Build]] = {}
        self.seen: Publication | None = None
        self.changing = True

    def build(self, *, lake_version: int, only: str = "") -> None:
        for name in [only] if only else self._datasets:
            built_at = datetime(2026, 11, 20)
            made = Build(name, uuid.uuid4().hex, lake_version, "id", built_at, 6, is_anew=False, built_at=built_at)
            self._builds.setdefault(name, []).append(made)

    def builds(self) -> dict[str, list[Build]]:
        return {name: list(found) for name, found in self._builds.items()}

    def published(self) -> Publication | None:
        return self.seen

    def would_change(self, candidate: Candidate) -> bool:
        return self.changing

    def carry(self, publication: Publication, *, base_version: int) -> None:
        if self.seen and self.seen.version > base_version:
            raise PublicationError("overtaken")
        self.seen = publication
        self._builds.clear()
