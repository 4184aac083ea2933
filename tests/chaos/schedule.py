"""Who goes next, and what befalls them: all of it from one seed.

Workers are greenlets: each runs the product's code until its next call of AWS, where another may go on. At each call a
worker may be killed before or after the effect, or be told of an error before or after it. The names of the calls are
the crash points.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from greenlet import getcurrent, greenlet

Made = TypeVar("Made")

_MOST_CALLS = 20_000
"""Calls after which a history is given up; the longest one seen took a tenth of that."""

CALLS = (
    "athena count",
    "athena days",
    "athena drop",
    "athena merge conflicts",
    "athena merge quarantine",
    "athena merge raw",
    "athena scratch",
    "dynamodb query",
    "dynamodb read",
    "dynamodb transaction",
    "dynamodb update",
    "glue read",
    "s3 delete",
    "s3 get",
    "s3 list",
    "s3 list folders",
    "sqs delete",
    "sqs receive",
)
"""Every call of AWS that discovery and load make: a worker may be struck before and after each."""


class Killed(BaseException):
    """SIGKILL: the worker ends there and then, and nothing of it cleans up."""


@dataclass(frozen=True)
class Odds:
    """How likely each misfortune is at one call.

    `lag`: a read of an index misses an item. `blind`: a statement does not see one of the landed objects it names, as
    when their folder lies outside of what the table projects. `lose`: a merge is called done and did nothing.
    `repeat`: a request is sent again because its answer was lost.
    """

    kill: float = 0.0
    fail: float = 0.0
    pause: float = 0.0
    lag: float = 0.0
    blind: float = 0.0
    lose: float = 0.0
    repeat: float = 0.0


CALM = Odds()
_BEFORE_MIDNIGHT = datetime(2026, 11, 20, 23, 58, tzinfo=UTC).timestamp()
"""Histories begin here, so that days of arrival change in them."""


class Schedule:
    """One seeded history. `clock` is what every worker reads, in seconds; it moves on at each call and may jump."""

    def __init__(self, seed: int, odds: Odds, *, calls: Sequence[str] = CALLS) -> None:
        self.random = random.Random(seed)
        self.odds = odds
        self._calls = calls
        self.now = _BEFORE_MIDNIGHT
        self.points: Counter[str] = Counter()
        self.trace: list[str] = []
        self._workers: dict[greenlet, str] = {}
        self._main = getcurrent()

    def clock(self) -> float:
        """Return the present time."""
        return self.now

    def worker(self) -> object:
        """Return who is at work now; the same object until that worker ends."""
        return getcurrent()

    def add(self, name: str, work: Callable[[], None]) -> None:
        """Let a worker take part from now on."""
        self._workers[greenlet(work, parent=self._main)] = name

    def run(self) -> None:
        """Go on until every worker has ended."""
        while self._workers:
            chosen = self.random.choice(list(self._workers))
            chosen.switch()
            if chosen.dead:
                del self._workers[chosen]

    def turn(self) -> None:
        """Let others go on; outside any worker nothing happens."""
        self.now += self.random.random() * 3
        if getcurrent() in self._workers:
            if self.random.random() < self.odds.pause:
                # Long enough to lose a lease; the worker does not know that it slept. Clocks also go back a little.
                self.now += self.random.choice((2_000, 5_000, -90))
            self._main.switch()

    def call(self, point: str, effect: Callable[[], Made], error: Callable[[], Exception]) -> Made:
        """Do `effect` as a call of AWS at the crash point `point`; raises Killed or `error()` as the seed has it."""
        if point not in self._calls:
            raise LookupError(f"{point} is no registered crash point: add it to CALLS")
        if len(self.trace) > _MOST_CALLS:
            raise RuntimeError(f"the load goes on for ever, now at {point}")
        self.turn()
        self._meet(f"before {point}", error)
        made = effect()
        self._note(point)
        self._meet(f"after {point}", error)
        return made

    def befalls(self, what: str, odds: float) -> bool:
        """Return whether a misfortune that a call hides befalls it, and note that it did."""
        befell = self.random.random() < odds
        if befell:
            self.points[what] += 1
            self._note(what.upper())
        return befell

    def _meet(self, point: str, error: Callable[[], Exception]) -> None:
        chance = self.random.random()
        if getcurrent() not in self._workers or chance >= self.odds.kill + self.odds.fail:
            return
        killed = chance < self.odds.kill
        self.points[f"{'kill' if killed else 'fail'} {point}"] += 1
        self._note(f"{'KILLED' if killed else 'FAILED'} {point}")
        raise Killed if killed else error()

    def _note(self, what: str) -> None:
        self.trace.append(f"{self._workers.get(getcurrent(), 'main')}: {what}")
