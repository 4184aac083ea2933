"""Readers in processes of their own, with connections that they keep, from before the first publication to the last."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

PROCESSES = 4
"""So many share the reads: one alone waits for its answers longer than 10 ms on a busy machine."""

_PARTS = get_context("spawn")
_START_SECONDS = 120
_END_SECONDS = 60


class Audited:
    """Numbers that passed an audit, known to every process at once."""

    def __init__(self, most: int) -> None:
        self._flags = _PARTS.Array("b", most + 1, lock=False)

    def add(self, number: int) -> None:
        """Note that `number` passed; must be before it can be read."""
        self._flags[number] = 1

    def holds(self, numbers: Iterable[int]) -> bool:
        """Tell whether each of `numbers` passed."""
        return all(0 <= number < len(self._flags) and self._flags[number] for number in numbers)


@dataclass
class Seen:
    """What readers saw: how often they read what, in how many seconds, what must not be, and each version's content."""

    counts: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)
    versions: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0
    slowest: float = 0.0

    def is_of(self, version: int, number: int) -> None:
        """Note the content of a version: it never changes."""
        if self.versions.setdefault(version, number) != number:
            self.wrongs.append(f"version {version} is of {self.versions[version]} and of {number}")

    def add(self, other: Seen) -> None:
        """Take in what another process saw at the same time."""
        self.counts.update(other.counts)
        self.wrongs += other.wrongs
        self.seconds = max(self.seconds, other.seconds)
        self.slowest = max(self.slowest, other.slowest)
        for version, number in other.versions.items():
            self.is_of(version, number)


class Reader(ABC):
    """Reads in one process; made there, so that its clients and connections are its own."""

    def __init__(self, audited: Audited, hertz: float) -> None:
        self.audited = audited
        self.hertz = hertz
        self.seen = Seen()

    @abstractmethod
    def reads(self) -> list[tuple[Callable[[], None], float]]:
        """Return what is read and how often a second by all processes together, the first thing `hertz` times."""

    def read_until(self, done: Any, processes: int) -> None:
        """Read until the event `done`, each thing at its rate; a read that is late is made up for within a second."""
        began_at = time.monotonic()
        due = [(began_at, read, processes / rate) for read, rate in self.reads()]
        while not done.is_set():
            moment, read, every = min(due, key=lambda each: each[0])
            done.wait(max(0.0, moment - time.monotonic()))
            self._read(read)
            due.remove((moment, read, every))
            due.append((max(moment + every, time.monotonic() - 1), read, every))
        self.seen.seconds = time.monotonic() - began_at

    def _read(self, read: Callable[[], None]) -> None:
        began_at = time.monotonic()
        try:
            read()
        except Exception as error:
            self.seen.wrongs.append(f"a reader is told: {error!r}"[:300])
            time.sleep(0.1)
        self.seen.slowest = max(self.seen.slowest, time.monotonic() - began_at)


class Readers:
    """`with Readers(kind, ...)`: processes that read; what they saw is in `seen` after it."""

    def __init__(self, kind: Callable[..., Reader], *arguments: Any, processes: int = PROCESSES) -> None:
        self.seen = Seen()
        self._done = _PARTS.Event()
        self._ready = _PARTS.Barrier(processes + 1)
        self._found: Any = _PARTS.Queue()
        self._processes: Sequence[Any] = [
            _PARTS.Process(
                target=_read, args=(kind, arguments, self._ready, self._done, self._found, processes), daemon=True
            )
            for _ in range(processes)
        ]

    def __enter__(self) -> Readers:
        for process in self._processes:
            process.start()
        self._ready.wait(_START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for _process in self._processes:
            self.seen.add(self._found.get(timeout=_END_SECONDS))
        for process in self._processes:
            process.join()


def _read(
    kind: Callable[..., Reader], arguments: tuple[Any, ...], ready: Any, done: Any, found: Any, processes: int
) -> None:
    reader = kind(*arguments)
    ready.wait(_START_SECONDS)
    reader.read_until(done, processes)
    found.put(reader.seen)
