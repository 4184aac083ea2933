"""What must be true of every move of the record, of every read, and of what is left in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from landfall.publish.record import Publication, versioned_table

Content = frozenset[tuple[str, int]]


class Verdict:
    """Watches a history: `location` tells where a table of the catalog is at this moment."""

    def __init__(self, location: Callable[[str], str | None]) -> None:
        self.wrongs: list[str] = []
        self.counts: Counter[str] = Counter()
        self.audited: set[Content] = set()
        self.published: dict[int, Content] = {}
        self._location = location
        self._current: Publication | None = None
        self._at: dict[str, int] = {}
        self._newest: dict[tuple[str, str | None], int] = {}

    def moved(self, item: dict[str, Any]) -> None:
        """Judge the record at the moment in which it moves."""
        new, old = Publication.from_item(item), self._current
        self._current = new
        if old and new.version == old.version:
            self.counts["releases"] += 1
            return
        content = content_of({name: dataset.snapshot_id or 0 for name, dataset in new.datasets.items()})
        if old and new.version < old.version:
            self.wrongs.append(f"the record went from version {old.version} to {new.version}")
        for name, dataset in new.datasets.items():
            self._newest[name, dataset.metadata_location] = new.version
            found = self._location(versioned_table(name, new.version))
            if found != dataset.metadata_location:
                self.wrongs.append(f"version {new.version} is current while its table of {name} is at {found}")
        if new.rollback:
            self.counts["rollbacks"] += 1
            if content != self.published.get(new.rollback.to_version):
                self.wrongs.append(f"version {new.version} is not version {new.rollback.to_version} again")
            taken = {number for number in self._since(new.rollback.to_version) if self.published[number] != content}
            if taken != {*new.rollback.withdrawn}:
                self.wrongs.append(f"version {new.version} withdrew {new.rollback.withdrawn}, not {sorted(taken)}")
        else:
            self.counts["publications"] += 1
            self._forward(new, content, old)
        self.published[new.version] = content

    def pointed(self, name: str, new: str) -> None:
        """Judge a stable name at the moment in which it moves: never back behind a version that it was at."""
        after = self._newest.get((name, new), 0)
        before = self._at.get(name, 0)
        self._at[name] = after
        if after < before:
            self.wrongs.append(f"the stable name of {name} went from version {before} to {after}")

    def _since(self, version: int) -> list[int]:
        return [number for number in self.published if number > version]

    def _forward(self, new: Publication, content: Content, old: Publication | None) -> None:
        if content not in self.audited:
            self.wrongs.append(f"version {new.version} was not audited: {sorted(content)}")
        if old and content == self.published[old.version]:
            self.wrongs.append(f"version {new.version} is {old.version} unchanged")
        if old and old.rollback and old.rollback.held:
            self.wrongs.append(f"version {new.version} was published while the group was held")
        withdrawn = old.rollback.withdrawn if old and old.rollback else ()
        if content in {self.published[number] for number in withdrawn}:
            self.wrongs.append(f"version {new.version} brings back what was withdrawn")

    def read_version(self, publication: Publication, found: Mapping[str, int]) -> None:
        """Judge what a reader found who resolved the record once."""
        self.counts["reads of one version"] += 1
        if content_of(found) != self.published.get(publication.version):
            self.wrongs.append(f"a reader of version {publication.version} saw {dict(found)}")

    def read_names(self, found: Mapping[str, int]) -> None:
        """Judge what a reader found by stable names: each is of a published version, all of them need not be of one."""
        self.counts["reads by stable names"] += 1
        contents = set(self.published.values())
        for name, snapshot_id in found.items():
            if not any((name, snapshot_id) in content for content in contents):
                self.wrongs.append(f"the stable name of {name} is at {snapshot_id}, which no version has")
        self.counts["of them mixed"] += content_of(found) not in contents

    def names_are_current(self, names: tuple[str, ...]) -> None:
        """Judge the stable names after a repair."""
        for name in names if self._current else ():
            dataset = self._current.datasets[name] if self._current else None
            found = self._location(f"published.{name}")
            if dataset is None or found != dataset.metadata_location:
                self.wrongs.append(f"the stable name of {name} stays at {found}")

    def nothing_is_left(self, names: tuple[str, ...], tables: set[str], states: Mapping[int, str]) -> None:
        """Judge the catalog and the record's states after the last publication."""
        kept = {versioned_table(name, number) for name in names for number in self.published}
        kept |= {f"published.{name}" for name in names} if self.published else set()
        self.wrongs += [f"{table} is left behind" for table in sorted(tables - kept)]
        self.wrongs += [f"{table} is missing" for table in sorted(kept - tables)]
        self.wrongs += [f"version {number} is left reserved" for number, state in states.items() if state == "reserved"]


def content_of(found: Mapping[str, int]) -> Content:
    """Return snapshots by dataset as a value that can be compared."""
    return frozenset((name, int(snapshot_id)) for name, snapshot_id in found.items())
