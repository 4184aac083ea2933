"""What sessions have read of a database's catalogue, kept until somebody changes it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any

Rows = list[tuple[Any, ...]]
_MOST = 10_000
"""Answers that are kept; past that all are forgotten, for what is still asked for is soon there again."""


class CatalogMemory:
    """Answers to queries of the catalogue as it is; thread-safe.

    From a transaction's first change to its end nothing is recalled and nothing kept: only DuckDB knows when others
    begin to see it. A transaction recalls what is so now as long as that is what it saw at its own moment.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changes = 0
        self._generation = 0
        self._known: dict[Hashable, Rows] = {}

    def recall(self, question: Hashable, read: Callable[[], Rows], *, at: int | None = None) -> Rows:
        """Return the answer that is known, or what `read` finds; the latter alone if moment `at` is over."""
        with self._lock:
            known, generation = self._known.get(question), self._generation
            is_past = self._changes > 0 or at not in (None, generation)
        if is_past:
            return read()
        if known is None:
            known = read()
            with self._lock:
                if not self._changes and generation == self._generation:
                    if len(self._known) >= _MOST:
                        self._known.clear()
                    self._known[question] = known
        return list(known)

    def moment(self) -> int | None:
        """Return a number that is another one after each change; None while something changes."""
        with self._lock:
            return None if self._changes else self._generation

    def begin_change(self) -> None:
        """Forget all, until each change that has begun has ended."""
        with self._lock:
            self._changes += 1
            self._generation += 1
            self._known.clear()

    def end_change(self) -> None:
        """Note the end of a transaction that has begun to change the catalogue, whether or not it was committed."""
        with self._lock:
            self._changes -= 1
            self._generation += 1
