"""One seeded history of publications of the warehouse in memory, from the first build to the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError
from landfall.errors import LandfallError
from landfall.publish import steps
from landfall.publish.warehouse import WarehouseStore
from landfall.publish.warehouse_rows import WarehouseRows
from landfall.quality.gates import GateResult
from landfall.quality.kinds import Surroundings
from landfall.settings import Settings

from tests.chaos.publications.history import FAILING_GATES, ODDS, TRIES, Ended, settings
from tests.chaos.publications.warehouse_world import DATASETS, GROUP, REDSHIFT_CALLS, Content, Warehouse, content_of
from tests.chaos.publications.world import CALLS, World, plain
from tests.chaos.schedule import CALM, Killed, Odds, Schedule

_READS = 12


class WarehouseHistories:
    """Plays seeded histories; each begins with empty tables and one version of the lake."""

    def play(self, seed: int, odds: Odds = ODDS) -> Ended:
        """Let two DAG runs and readers work at once, then repair in peace, and judge."""
        schedule = Schedule(seed, odds, calls=(*CALLS, *REDSHIFT_CALLS))
        history = WarehouseHistory(schedule)
        with history.installed():
            for name in ("night-1", "night-2"):
                schedule.add(name, lambda name=name: history.publish_often(name))
            schedule.add("reader", history.read_often)
            schedule.run()
            schedule.odds = CALM
            history.end()
        return Ended(seed, history.wrongs, schedule.points, schedule.trace, history.counts)


class WarehouseHistory:
    """What the workers of one history do, and what must be true of all that they do."""

    def __init__(self, schedule: Schedule) -> None:
        self.wrongs: list[str] = []
        self.counts: Counter[str] = Counter()
        self._schedule = schedule
        self._random = schedule.random
        self._world = World(schedule, moved=self._record_moved, pointed=lambda _name, _new: None)
        self._warehouse = Warehouse(schedule, self._readers_moved)
        self._settings = settings()
        self._number = 0
        self._calm = False
        self._audited: set[Content] = set()
        self._published: dict[int, Content] = {0: content_of({name: frozenset() for name in DATASETS})}
        lake = {"group": "lake", "version": "current", "number": 1, "datasets": {}, "gate": "gate"}
        lake |= {"contract_versions": {}, "cause_run_id": "run", "published_at": "2026-11-01T00:00:00+00:00"}
        serialize = TypeSerializer().serialize
        self._world.dynamodb.items["lake", "current"] = {name: serialize(value) for name, value in lake.items()}

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Let the product's steps meet this history's services, gate and tables."""
        tables = {name: f"{GROUP}.{name}" for name in DATASETS}
        # A key that is a number never moves on either.
        rows = WarehouseRows(GROUP, engine=self._warehouse.engine, never_moves_on=dict.fromkeys(DATASETS, "id"))
        with ExitStack() as stack:
            stack.callback(self._warehouse.close)
            stack.enter_context(self._world.installed())
            stack.enter_context(patch.object(steps, "datasets", lambda _group: tables))
            stack.enter_context(patch.object(steps, "suites", lambda _group: {}))
            around = Surroundings(at=datetime(2026, 11, 1, tzinfo=UTC))
            stack.enter_context(patch.object(steps, "surroundings", lambda *_, **__: around))
            stack.enter_context(patch.object(steps, "scope", lambda *_, **__: None))
            stack.enter_context(patch.object(steps, "load_stream_contracts", lambda _folder: []))
            stack.enter_context(patch.object(steps, "Gate", lambda **_: SimpleNamespace(run=self._gate)))
            stack.enter_context(
                patch.object(steps, "_warehouse", lambda: WarehouseStore(self._settings, GROUP, rows=rows))
            )
            stack.enter_context(patch.object(Settings, "from_environment", lambda: self._settings))
            yield

    def publish_often(self, name: str) -> None:
        """One DAG, some nights: a night's tasks are tried again under its run id when they were killed or failed."""
        for night in range(self._random.randint(2, 6)):
            run_id, audited = f"{name}-{night}", None
            self._wait(100)
            lake_version = self._build()
            for _ in range(TRIES):
                try:
                    seen = self._warehouse.version()
                    steps.begin(GROUP, causes=[run_id], run_id=run_id)
                    self._judge_record(at_least=seen)
                    if audited is None or self._random.random() < 0.3:
                        audited = steps.audit(GROUP, run_id=run_id, dag_id="transform", lake_version=lake_version)
                    steps.publish(audited, causes=[run_id], run_id=run_id)
                    if self._random.random() < 0.9:  # else Airflow does not hear of it, and the task runs twice
                        break
                except (Killed, ClientError):
                    continue
                except LandfallError:
                    audited = None

    def read_often(self) -> None:
        """A reader whose transaction takes its time."""
        for _ in range(_READS):
            self._wait(30)
            connection = self._warehouse.reader()
            version, found = self._warehouse.version(connection), {}
            for name in DATASETS:
                self._wait(10)
                found[name] = self._warehouse.rows(name, published=True, connection=connection)
            connection.close()
            self.counts["transactions of readers"] += 1
            if content_of(found) != self._published[version]:
                self.wrongs.append(f"a reader sees {found} as version {version}")

    def end(self) -> None:
        """Repair, judge, publish once more in peace, and judge what is left."""
        steps.begin(GROUP, causes=["end"], run_id="end")
        self._judge_record()
        self._calm = True
        lake_version = self._build()
        steps.begin(GROUP, causes=["last"], run_id="last")
        try:
            audited = steps.audit(GROUP, run_id="last", dag_id="transform", lake_version=lake_version)
            steps.publish(audited, causes=["last"], run_id="last")
        except LandfallError as error:
            self.wrongs.append(f"in peace: {error}")
        self._judge_record()
        for name in DATASETS:
            if self._warehouse.rows(name) != self._warehouse.rows(name, published=True):
                self.wrongs.append(f"readers of {name} do not see what was published last")
        if self._warehouse.builds():
            self.wrongs.append(f"{self._warehouse.builds()} published builds are left in the log")

    def _build(self) -> int:
        """Build the models one after another, some of them by another run; return the lake version built from."""
        self._number += 1
        number, anew = self._number, self._random.random() < 0.15
        for name in DATASETS:
            if not self._calm and self._random.random() < 0.05:
                continue  # the model failed, and somebody lets the run go on
            while self._warehouse.is_locked():
                self._schedule.turn()
            late = self._random.choice((0, 0, 3, 5))
            self._warehouse.build(name, number, f"{number}-{name}-{len(self._schedule.trace)}", anew=anew, late=late)
            self._schedule.turn()
        return number

    def _gate(self) -> GateResult:
        """Look at the tables one after another, as suites do, and fail at times."""
        seen = {}
        for name in DATASETS:
            self._schedule.turn()
            seen[name] = self._warehouse.rows(name)
        passed = self._calm or self._random.random() >= FAILING_GATES
        self.counts["gates" if passed else "failed gates"] += 1
        if passed:
            self._audited.add(content_of(seen))
        failed = () if passed else ("one in five",)
        return GateResult(passed=passed, gate="warehouse_candidate", checks=3, failed=failed, data_docs_url="")

    def _readers_moved(self, version: int, content: Content) -> None:
        """Judge what readers see from now on."""
        self.counts["publications"] += 1
        if version <= max(self._published):
            self.wrongs.append(f"readers went from version {max(self._published)} to {version}")
        if content not in self._audited:
            self.wrongs.append(f"version {version} was not audited: {content}")
        if len({max(value for _, value in rows) for _, rows in content if rows}) != 1:
            self.wrongs.append(f"version {version} is of several lake versions: {content}")
        self._published[version] = content

    def _record_moved(self, item: dict[str, Any]) -> None:
        """Judge the record at the moment in which it moves: it follows the readers."""
        if item["group"] == GROUP and int(item["number"]) != self._warehouse.version():
            self.wrongs.append(f"the record says {item['number']} while readers see {self._warehouse.version()}")

    def _judge_record(self, *, at_least: int | None = None) -> None:
        """Compare the record with what readers see, or saw when a run began."""
        found = plain(self._world.dynamodb.items.get((GROUP, "current"), {"number": {"N": "0"}}))
        seen = self._warehouse.version() if at_least is None else at_least
        if int(found["number"]) < seen:
            self.wrongs.append(f"the record stays at {found['number']}; readers see {seen}")

    def _wait(self, most: int) -> None:
        for _ in range(self._random.randint(0, most)):
            self._schedule.turn()
