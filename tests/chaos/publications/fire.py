"""A run under fire on either engine: nights of a publisher that is killed, gates that fail, readers all along."""

from __future__ import annotations

import random
import sys
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from landfall.errors import GateFailed
from landfall.settings import Settings

from tests.chaos.publications.crash import Crash
from tests.chaos.publications.readers import Audited, Readers, Seen
from tests.chaos.schedule import Killed

FAILING_GATES = 0.2
READS_A_SECOND = 100
_KILLS = 0.2
_KILLS_AT_FIRST = 0.6
"""Until every place was struck once; many of these meet nobody, since the place is one that is seldom met."""
_TRIES = 4
_TOLD_EVERY = 50
"""Publications after each of which the run tells how far it is."""


class Fire(ABC):
    """One run of a group of this run alone: its publisher, its crashes and its readers."""

    engine: str
    first_places: Sequence[str] = ()
    """Where a publisher may be struck in the first publication only."""

    def __init__(self, seed: int, publications: int, *, hertz: float = READS_A_SECOND) -> None:
        self.random = random.Random(seed)
        self.settings = Settings.from_environment()
        self.audited = Audited(publications + 1)
        self.hertz = hertz
        self._publications = publications
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

    def run(self) -> list[str]:
        """Return what happened, in words; lines that begin with WRONG are what must not be."""
        began_at, number = time.monotonic(), 0
        try:
            with self._crash.installed(), self.readers() as readers:
                while number < self._publications:
                    number += 1
                    self._night(number)
                    self._fatal(lambda run_id=f"back_{number}": self.roll_back(run_id))
                    if number % _TOLD_EVERY == 0:
                        sys.stderr.write(f"{number} publications in {time.monotonic() - began_at:.0f} s\n")
            self.transform(number + 1)
            self._audit_and_publish(number + 1, passes=True)
            wrongs = [*readers.seen.wrongs, *self.left(number + 1)]
        finally:
            self._crash.disarm()
            self.drop()
        return [
            f"{self.engine}: {number} publications in {time.monotonic() - began_at:.0f} s: {_told(self.counts)}",
            _told_of(readers.seen),
            self._crash.told(),
            f"{len(wrongs)} wrong",
            *(f"WRONG: {wrong}" for wrong in wrongs[:10]),
        ]

    def end_early(self) -> None:
        """Let the publication under way be the last but one; what was played until then is judged and told."""
        self._publications = 0

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
        self._crash.published()

    def _kills(self) -> float:
        """Return how likely the next piece of work ends in a kill; the first publication waits for all of its own."""
        if self._crash.must_strike():
            return 1.0
        return _KILLS_AT_FIRST if self._crash.spared() else _KILLS

    def _fatal(self, work: Callable[[], None]) -> bool:
        """Do `work`, perhaps not to its end; tell whether it came to it."""
        if self.random.random() < self._kills():
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


def _told_of(seen: Seen) -> str:
    """Say what was read, the first kind of it with its rate."""
    first = next(iter(seen.counts), "reads")
    return (
        f"{_told(seen.counts)}; {seen.counts[first] / seen.seconds:.0f} {first} a second, "
        f"the slowest in {seen.slowest:.2f} s"
    )


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {what}" for what, number in counts.items())
