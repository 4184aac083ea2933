"""One seeded history on the running local cloud, from its first object to the verdict."""

from __future__ import annotations

import random
import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from signal import SIGKILL, SIGSTOP

from landfall.ingest.ledger import LEASE_SECONDS

from tests.chaos.events import every_fate
from tests.chaos.history import CONTRACT, Ended
from tests.chaos.reader import Reader
from tests.chaos.real import faults
from tests.chaos.real.points import CRASH_POINTS
from tests.chaos.real.stage import Stage
from tests.chaos.real.trace import Statement, statements_of
from tests.chaos.real.worker import Clock, Errand, Strike, Worker, warm_up
from tests.chaos.verdict import violations

KILLS = tuple(f"SIGKILL {point}" for point in CRASH_POINTS)
FAULTS = tuple(faults.title(kind) for kind in faults.KINDS)
_TRIES = 3
_BEYOND_THE_LEASE = LEASE_SECONDS + 1_000
_WRONG_CLOCKS = (-90.0, 5_000.0)
_BEYOND_ANY_LEASE = _BEYOND_THE_LEASE + max(_WRONG_CLOCKS)
"""Also beyond one that began by a clock which was wrong."""


def play(seed: int) -> Ended:
    """Play the history of `seed`; the kill that it is about, and one of its faults, go round with the seeds."""
    warm_up()
    with tempfile.TemporaryDirectory(prefix="landfall-chaos-") as folder:
        history = _History(seed, Path(folder) / "trace")
        try:
            return history.play()
        except Exception:
            # A failure of the harness itself counts as wrong, and the other seeds are still played.
            return Ended(seed, [*history.found, traceback.format_exc()], history.points, [])


@dataclass
class _History:
    seed: int
    trace: Path
    found: list[str] = field(default_factory=list)
    points: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._reader = Reader(CONTRACT)
        self._stage = Stage(self._reader)
        self._clock = Clock()
        self.trace.touch()

    def play(self) -> Ended:
        """Let workers load under misfortunes, then one in peace, and judge."""
        for name, body in every_fate(self._chance):
            self._stage.land(name, body)
        self._stage.tamper(self._chance)
        kinds = [faults.KINDS[self.seed % len(faults.KINDS)]] if self._chance.random() < 0.7 else []
        kinds += [self._chance.choice(faults.KINDS)] if self._chance.random() < 0.2 else []
        with faults.in_force(kinds, stream=self._stage.contract.stream, chance=self._chance, struck=self.points):
            self._suffer()
        self._stage.announce_late()
        self._clock.jump(_BEYOND_ANY_LEASE)
        self._finish()
        self._judge()
        if not self.found:
            self._stage.leave()
        lines = self.trace.read_text().splitlines()
        self.points += _strikes(lines)
        return Ended(self.seed, self.found, self.points, [*lines, *(f"{point}" for point in sorted(self.points))])

    def _suffer(self) -> None:
        turn, point = divmod(self.seed, len(CRASH_POINTS))
        strike = Strike(SIGSTOP if turn % 4 == 3 else SIGKILL, CRASH_POINTS[point])
        workers = [self._start("run-1", strike)]
        if self._chance.random() < 0.4:
            # Whichever of the two is first at the point.
            workers.append(self._start("run-2", strike if self._chance.random() < 0.5 else self._strike(0.6)))
        while workers:
            worker = workers.pop(0)
            end = self._ended(worker)
            if end == "frozen":
                self._overtake(worker)
            elif end in ("killed", "failed") and self._chance.random() < 0.5:
                self._try_again(worker.owner)

    def _overtake(self, zombie: Worker) -> None:
        """Let another run, or a new try of the same, load what a frozen worker holds, and then let this one go on."""
        self._clock.jump(_BEYOND_THE_LEASE)
        heir = self._start(self._chance.choice(("heir", zombie.owner)), self._strike(0.3))
        self._ended_for_good(heir)
        zombie.thaw()
        self._ended_for_good(zombie)

    def _try_again(self, owner: str) -> None:
        """Start a run's task again as Airflow does."""
        for _ in range(_TRIES - 1):
            if self._ended_for_good(self._start(owner, self._strike(0.4))) == "done":
                return

    def _ended_for_good(self, worker: Worker) -> str:
        end = self._ended(worker)
        if end != "frozen":
            return end
        worker.thaw()
        return self._ended(worker)

    def _ended(self, worker: Worker) -> str:
        end = worker.wait()
        if end in ("wrong", "hangs"):
            self.found.append(f"{worker.owner} {end}: see the trace")
        return end

    def _start(self, owner: str, strike: Strike | None) -> Worker:
        skewed = self._chance.random() < 0.15
        return Worker(
            Errand(
                contract=self._stage.contract,
                owner=owner,
                clock=self._clock,
                trace=self.trace,
                strike=strike,
                wrong_by=self._chance.choice(_WRONG_CLOCKS) if skewed else 0.0,
            )
        )

    def _strike(self, odds: float) -> Strike | None:
        what, where = self._chance.choice((SIGKILL, SIGKILL, SIGSTOP)), self._chance.choice(CRASH_POINTS)
        return Strike(what, where) if self._chance.random() < odds else None

    def _finish(self) -> None:
        """Load what is left without a misfortune, as often as Airflow tries a task."""
        unreadable = any(self._reader.read(body) is None for body in self._stage.objects.values())
        wanted = ("done", "failed") if unreadable else ("done",)
        # On a machine that is busy enough, requests time out in peace as well.
        ends: list[str] = []
        while len(ends) < _TRIES and not set(wanted) & set(ends):
            ends.append(self._ended(self._start("last", None)))
        if ends[-1] not in wanted:
            self.found.append(f"in peace the last run is {', then '.join(ends)}")
        self._stage.wait_for_statements(statement.query_id for statement in self._statements())

    def _judge(self) -> None:
        raw, ledger = self._stage.rows("raw"), self._stage.ledger()
        self.found += [f"{left} is left behind" for left in self._stage.scratch_left(self._statements())]
        unseen = self._stage.unseen_batches(raw, now=self._clock.now(wrong_by=_BEYOND_ANY_LEASE))
        self.found += [f"no audit will see the rows of batch {batch_id}" for batch_id in sorted(unseen)]
        self.found += violations(
            reader=self._reader,
            objects=self._stage.objects,
            ledger=ledger,
            raw=raw,
            quarantine=self._stage.rows("quarantine"),
            bucket=self._stage.bucket,
        )

    def _statements(self) -> list[Statement]:
        return statements_of(self.trace.read_text().splitlines())


def _strikes(lines: list[str]) -> Counter[str]:
    """Return what befell the workers, from their traces."""
    wanted = {f"{what.name} {where}" for what, where in product((SIGKILL, SIGSTOP), CRASH_POINTS)}
    return Counter(note for line in lines if (note := line.partition(": ")[2]) in wanted)
