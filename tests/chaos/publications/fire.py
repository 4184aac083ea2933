"""A run under fire on either engine: nights of a publisher that is killed, gates that fail, readers all along."""

from __future__ import annotations

import random
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from landfall.errors import GateFailed
from landfall.settings import Settings

from tests.chaos.publications.crash import Crash
from tests.chaos.schedule import Killed

FAILING_GATES = 0.2
READS_A_SECOND = 100
_KILLS = 0.2
_KILLS_AT_FIRST = 0.6
"""Until every place was struck once; many of these meet nobody, since the place is one that is seldom met."""
_TRIES = 4


class Readers(ABC):
    """Threads that read from their first to their last moment, and say what they saw that must not be."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.wrongs: list[str] = []
        self.seconds = 0.0
        self._done = threading.Event()

    @abstractmethod
    def reads(self) -> list[tuple[Callable[[], None], int]]:
        """Return what is read, each in a thread of its own, and how often a second."""

    def __enter__(self) -> Readers:
        self._threads = [threading.Thread(target=self._read_often, args=each) for each in self.reads()]
        self._began_at = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()
        self.seconds = time.monotonic() - self._began_at

    def _read_often(self, read: Callable[[], None], rate: int) -> None:
        due = time.monotonic()
        while not self._done.is_set():
            try:
                read()
            except Exception as error:
                self.wrongs.append(f"a reader is told: {error!r}")
                self._done.wait(0.1)
            due = max(due + 1 / rate, time.monotonic() - 1)
            self._done.wait(max(0.0, due - time.monotonic()))


class Fire(ABC):
    """One run of a group of this run alone: its publisher, its crashes and its readers."""

    engine: str
    first_places: Sequence[str] = ()
    """Where a publisher may be struck in the first publication only."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.settings = Settings.from_environment()
        self.audited: set[int] = set()
        self.counts: Counter[str] = Counter()
        self._crash = Crash(self.first_places)

    @abstractmethod
    def readers(self) -> Readers:
        """Return who reads all along."""

    @abstractmethod
    def transform(self, number: int) -> None:
        """Let every candidate be of this number."""

    @abstractmethod
    def begin_and_freeze(self) -> Any:
        """Begin a run as its DAG does, and return the candidate to audit."""

    @abstractmethod
    def publish(self, candidate: Any, *, run_id: str) -> None:
        """Publish an audited candidate."""

    @abstractmethod
    def roll_back(self, run_id: str) -> None:
        """Do what an operator does now and then."""

    @abstractmethod
    def left(self, number: int) -> list[str]:
        """Return what the record and the engine have wrong in the end, when `number` was published last."""

    @abstractmethod
    def drop(self) -> None:
        """Remove what the group left."""

    def run(self, publications: int) -> list[str]:
        """Return what happened, in words; lines that begin with WRONG are what must not be."""
        began_at = time.monotonic()
        try:
            with self._crash.installed(), self.readers() as readers:
                for number in range(1, publications + 1):
                    self._night(number)
                    self._fatal(lambda number=number: self.roll_back(f"back_{number}"))
            self.transform(publications + 1)
            self._audit_and_publish(publications + 1, passes=True)
            wrongs = [*readers.wrongs, *self.left(publications + 1)]
        finally:
            self._crash.disarm()
            self.drop()
        first = next(iter(readers.counts), "reads")
        return [
            f"{self.engine}: {publications} publications in {time.monotonic() - began_at:.0f} s: {_told(self.counts)}",
            f"{_told(readers.counts)}; {readers.counts[first] / readers.seconds:.0f} {first} a second",
            self._crash.told(),
            f"{len(wrongs)} wrong",
            *(f"WRONG: {wrong}" for wrong in wrongs[:10]),
        ]

    def _night(self, number: int) -> None:
        """Transform, audit and publish; tried again with the same run id when it was killed."""
        self.transform(number)
        passes = self.random.random() >= FAILING_GATES
        for _ in range(_TRIES):
            try:
                if self._fatal(lambda: self._audit_and_publish(number, passes=passes)):
                    return
            except GateFailed:
                self.counts["failed gates"] += 1
                return

    def _audit_and_publish(self, number: int, *, passes: bool) -> None:
        candidate = self.begin_and_freeze()
        if not passes:
            raise GateFailed("one in five")
        self.audited.add(number)
        self.publish(candidate, run_id=f"run_{number}")
        self.counts["published"] += 1

    def _fatal(self, work: Callable[[], None]) -> bool:
        """Do `work`, perhaps not to its end; tell whether it came to it."""
        if self.random.random() < (_KILLS_AT_FIRST if self._crash.spared() else _KILLS):
            self._crash.arm(self.random)
        else:
            self._crash.watch()
        try:
            work()
        except Killed:
            self.counts["kills"] += 1
            return False
        finally:
            self._crash.disarm()
        return True


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {what}" for what, number in counts.items())
