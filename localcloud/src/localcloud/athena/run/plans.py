"""What queries were compiled to, for the next time they are run."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from localcloud.athena.sql.compiled import Compiled
from localcloud.lake.session import Lake
from localcloud.lake.tables_at_once import is_as_told

_MOST_CHARACTERS = 16 * 1024 * 1024

_Key = tuple[str, str]
"""A query's text and its database."""


@dataclass(frozen=True)
class _Plan:
    """What a query was compiled to, and where objects' files were."""

    compiled: Compiled
    folder: str | None

    @property
    def size(self) -> int:
        return len(self.compiled.sql) + sum(len(told.answer) for told in self.compiled.told.values())


class Plans:
    """The plans made last, 16 MiB of them at most; may be used by several threads.

    One is given only while the catalogue says of the query's tables, and S3 of their objects, what they said when it
    was made. Only what depends on nothing else is kept, see `Compiled.told`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, _Plan] = OrderedDict()
        self._size = 0

    def has(self, text: str, database: str) -> bool:
        """Whether there is a plan, which may be out of date."""
        return (text, database) in self._kept

    def find(self, lake: Lake, text: str, database: str) -> Compiled | None:
        """What to run for a query; None where it has to be compiled."""
        with self._lock:
            plan = self._kept.get((text, database))
            if plan is not None:
                self._kept.move_to_end((text, database))
        if plan is None or not all(is_as_told(lake, *told) for told in plan.compiled.told.items()):
            return None
        return plan.compiled if plan.folder == lake.local_files.folder else None

    def keep(self, lake: Lake, text: str, database: str, compiled: Compiled) -> None:
        """Remember what a query has just been compiled to, if it will do for the next time."""
        if not compiled.told:
            return
        plan = _Plan(compiled, lake.local_files.folder)
        with self._lock:
            self._forget((text, database))
            self._kept[text, database] = plan
            self._size += plan.size
            while self._size > _MOST_CHARACTERS:
                self._forget(next(iter(self._kept)))

    def _forget(self, key: _Key) -> None:
        plan = self._kept.pop(key, None)
        self._size -= plan.size if plan else 0
