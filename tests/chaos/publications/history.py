"""One seeded history of publications in memory, from the first version to the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError
from landfall.aws.iceberg import IcebergCatalog
from landfall.errors import LandfallError
from landfall.publish import steps
from landfall.publish.publication import PublicationStore
from landfall.publish.rollback import release, roll_back
from landfall.quality.gates import GateResult
from landfall.settings import Settings

from tests.chaos.publications.verdict import Verdict, content_of
from tests.chaos.publications.world import CALLS, World, plain
from tests.chaos.schedule import CALM, Killed, Odds, Schedule

GROUP = "lake"
TABLES = {name: f"marts.{name}" for name in ("fct_a", "fct_b", "ext_a")}
ODDS = Odds(kill=0.015, fail=0.01, pause=0.01, repeat=0.04)
FAILING_GATES = 0.2
NOTHING_NEW = 0.15
"""Nights whose models change no table: their candidate is what is published, or what a rollback has withdrawn."""
TRIES = 3
_READS = 12


@dataclass(frozen=True)
class Ended:
    """What one history came to; `counts` are its publications, gates and reads."""

    seed: int
    violations: list[str]
    points: Counter[str]
    trace: list[str]
    counts: Counter[str] = field(default_factory=Counter)


class Histories:
    """Plays seeded histories; each begins with an empty record and an empty catalog."""

    def play(self, seed: int, odds: Odds = ODDS) -> Ended:
        """Let publishers, an operator and readers work at once, then repair in peace, and judge."""
        schedule = Schedule(seed, odds, calls=CALLS)
        history = History(schedule)
        with history.installed():
            for name in ("night-1", "night-2"):
                schedule.add(name, lambda name=name: history.publish_often(name))
            schedule.add("operator", history.operate)
            for name in ("reader-1", "reader-2"):
                schedule.add(name, history.read_often)
            schedule.run()
            schedule.odds = CALM
            history.end()
        return Ended(seed, history.verdict.wrongs, schedule.points, schedule.trace, history.verdict.counts)


class History:
    """What the workers of one history do."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._random = schedule.random
        self._world = World(
            schedule,
            moved=lambda item: self.verdict.moved(item),
            pointed=lambda name, new: self.verdict.pointed(name, new),
        )
        self.verdict = Verdict(self._world.glue.location)
        self._settings = settings()
        self._snapshot = 0
        self._calm = False
        for table in TABLES.values():
            self._world.commit(table, 0)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Let the product's steps meet this history's services, gate and tables."""
        with ExitStack() as stack:
            stack.enter_context(self._world.installed())
            stack.enter_context(patch.object(steps, "datasets", lambda _group: TABLES))
            stack.enter_context(patch.object(steps, "suites", lambda _group: {}))
            stack.enter_context(patch.object(steps, "load_stream_contracts", lambda _folder: []))
            stack.enter_context(patch.object(steps, "scope", lambda *_, **__: None))
            stack.enter_context(patch.object(steps, "Gate", lambda **_: SimpleNamespace(run=self._gate)))
            stack.enter_context(patch.object(Settings, "from_environment", lambda: self._settings))
            yield

    def publish_often(self, name: str) -> None:
        """One DAG, some nights: a night's tasks are tried again under its run id when they were killed or failed."""
        for night in range(self._random.randint(2, 5)):
            run_id, audited = f"{name}-{night}", None
            self._transform()
            for _ in range(TRIES):
                try:
                    steps.begin(GROUP, causes=[run_id], run_id=run_id)
                    if audited is None or self._random.random() < 0.3:
                        audited = steps.audit(GROUP, run_id=run_id, dag_id="transform_lake")
                    steps.publish(audited, causes=[run_id], run_id=run_id)
                    if self._random.random() < 0.9:  # else Airflow does not hear of it, and the task runs twice
                        break
                except (Killed, ClientError):
                    continue
                except LandfallError:
                    audited = None

    def operate(self) -> None:
        """Somebody who rolls back and releases at any time."""
        for number in range(self._random.randint(2, 6)):
            for _ in range(self._random.randint(20, 150)):
                self._schedule.turn()
            held = self._random.random() < 0.7
            self._bear(lambda number=number, held=held: self._roll_back(f"rollback-{number}", held=held))
            for _ in range(self._random.randint(0, 40)):
                self._schedule.turn()
            self._bear(lambda: release(self._store(), GROUP, who="operator", why="mended"))

    def read_often(self) -> None:
        """A reader who comes through each door in turn."""
        for number in range(_READS):
            for _ in range(self._random.randint(0, 30)):
                self._schedule.turn()
            self._bear(self._read_version if number % 2 else self._read_names)

    def end(self) -> None:
        """Repair, judge, publish once more in peace, and judge what is left."""
        names = tuple(TABLES)
        steps.begin(GROUP, causes=["end"], run_id="end")
        self.verdict.names_are_current(names)
        self._bear(lambda: release(self._store(), GROUP, who="operator", why="the end"))
        self._calm = True
        self._transform(all_tables=True)
        steps.begin(GROUP, causes=["last"], run_id="last")
        try:
            steps.publish(steps.audit(GROUP, run_id="last", dag_id="end"), causes=["last"], run_id="last")
        except LandfallError as error:
            self.verdict.wrongs.append(f"in peace: {error}")
        steps.begin(GROUP, causes=["after"], run_id="after")
        self.verdict.names_are_current(names)
        tables = {name for name in self._world.glue.tables if name.startswith("published.")}
        items = [plain(item) for item in self._world.dynamodb.items.values()]
        states = {int(item["number"]): item["state"] for item in items if item["version"].isdigit()}
        self.verdict.nothing_is_left(names, tables, states)

    def _transform(self, *, all_tables: bool = False) -> None:
        if not all_tables and self._random.random() < NOTHING_NEW:
            return
        for table in TABLES.values():
            if all_tables or self._random.random() < 0.8:
                self._snapshot += 1
                self._world.commit(table, self._snapshot)

    def _gate(self) -> GateResult:
        """Look at the tables one after another, as suites do, and fail at times."""
        seen = {}
        for name, table in TABLES.items():
            self._schedule.turn()
            seen[name] = _snapshot_at(self._world.glue.location(table))
        passed = self._calm or self._random.random() >= FAILING_GATES
        self.verdict.counts["gates" if passed else "failed gates"] += 1
        if passed:
            self.verdict.audited.add(content_of(seen))
        failed = () if passed else ("one in five",)
        return GateResult(passed=passed, gate="lake_candidate", checks=3, failed=failed, data_docs_url="")

    def _roll_back(self, run_id: str, *, held: bool) -> None:
        current = self._store().current(GROUP)
        if current and current.version > 1:
            to = self._random.randint(1, current.version - 1)
            roll_back(self._store(), GROUP, to_version=to, who="operator", why="chaos", held=held, cause_run_id=run_id)

    def _read_version(self) -> None:
        current = self._store().current(GROUP)
        if current:
            found = _read({name: dataset.table for name, dataset in current.datasets.items()})
            self.verdict.read_version(current, found)

    def _read_names(self) -> None:
        if all(self._world.glue.location(f"published.{name}") for name in TABLES):
            self.verdict.read_names(_read({name: f"published.{name}" for name in TABLES}))

    def _bear(self, work: Callable[[], Any]) -> None:
        """Do `work`, whatever befalls it: a reader is told of nothing but a missing table."""
        try:
            work()
        except (Killed, ClientError):
            return
        except LandfallError as error:
            if work in (self._read_version, self._read_names):
                self.verdict.wrongs.append(f"a reader is told: {error}")

    def _store(self) -> PublicationStore:
        return PublicationStore(self._settings)


def settings() -> Settings:
    """Return settings of no environment at all."""
    names = ("AWS_REGION", *(f"LANDFALL_{name.upper()}" for name in Settings.__annotations__))
    return Settings.from_environment(dict.fromkeys(names, "chaos"))


def _read(tables: Mapping[str, str]) -> dict[str, int]:
    return {name: IcebergCatalog().read(table).snapshot_id for name, table in tables.items()}


def _snapshot_at(location: str | None) -> int:
    return int(str(location).rpartition("/")[2].removesuffix(".json"))
