"""The two worlds that a load can run in: the fakes of `make chaos`, and the running local cloud."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from landfall.aws.athena import Athena
from landfall.aws.dynamodb import ItemTable
from landfall.contracts import StreamContract, load_stream_contract
from landfall.ingest.audits import OwedAudits
from landfall.ingest.discover import discover
from landfall.ingest.ledger import Items, Ledger
from landfall.ingest.load import Loader
from landfall.ingest.report import LoadReport
from landfall.ingest.statements import Engine, Statements

from tests.chaos.history import CONTRACT
from tests.chaos.lake import Engine as FakeEngine
from tests.chaos.lake import Lake
from tests.chaos.reader import Reader
from tests.chaos.real import faults
from tests.chaos.real.stage import Stage
from tests.chaos.schedule import CALM, Schedule
from tests.chaos.world import BUCKET, World

QUEUE = "landed"


class Side(Protocol):
    """One of the two: a stream of its own with all that its load reads and writes."""

    contract: StreamContract
    bucket: str
    lake_bucket: str
    queue: str
    items: Items
    engine: Engine
    objects: dict[str, bytes]

    def land(self, name: str, body: bytes) -> str:
        """Write an object, which is announced once, and return its key."""

    def rows(self, database: str) -> list[dict[str, Any]]:
        """Return the rows of the stream's table in a database."""

    def ledger(self) -> dict[str, dict[str, Any]]:
        """Return the ledger's items by object key."""

    def scratch_left(self) -> list[str]:
        """Return what is left of scratch tables."""

    def make_tables(self) -> None:
        """Make raw and quarantine, which a load needs."""

    def let_another_commit(self) -> Any:
        """Return a context in which another writer commits to raw during the first merge."""


class FakeSide:
    """The fakes, in peace."""

    def __init__(self) -> None:
        self.contract = load_stream_contract(CONTRACT)
        self.bucket, self.lake_bucket, self.queue = BUCKET, "lake", QUEUE
        self._schedule = Schedule(0, CALM)
        self.world = World(self._schedule, self.contract.stream)
        self._lake = Lake(self.contract)
        self.items: Items = self.world.items
        self.objects = self.world.objects
        self.engine: Engine = FakeEngine(
            schedule=self._schedule,
            lake=self._lake,
            reader=Reader(CONTRACT),
            landing=self.objects,
            merging=self.world.items.merging,
        )

    def land(self, name: str, body: bytes) -> str:
        """Write an object, which is announced once, and return its key."""
        self.world.land(name, body, notifications=1)
        return next(key for key in self.objects if key.endswith(f"/{name}"))

    def rows(self, database: str) -> list[dict[str, Any]]:
        """Return the rows of the stream's table in a database."""
        return self._lake.rows(database)

    def ledger(self) -> dict[str, dict[str, Any]]:
        """Return the ledger's items by object key."""
        return {key: item for (_, key), item in self.world.items.items.items() if "state" in item}

    def scratch_left(self) -> list[str]:
        """Return what is left of scratch tables."""
        return self._lake.scratch()

    def make_tables(self) -> None:
        """Do nothing: the lake has them."""

    @contextmanager
    def let_another_commit(self) -> Iterator[None]:
        """Let another writer commit to raw while the first merge is under way."""
        turns = iter([1])
        turn = self._schedule.turn

        def passing() -> None:
            self._lake.commits["raw"] += next(turns, 0)
            turn()

        self._schedule.turn = passing  # type: ignore[method-assign]
        try:
            yield
        finally:
            self._schedule.turn = turn  # type: ignore[method-assign]


class CloudSide(Stage):
    """A fresh stream of the local cloud."""

    def __init__(self) -> None:
        super().__init__(Reader(CONTRACT))
        self.lake_bucket = self.probe.settings.lake_bucket
        self.queue = self.probe.settings.landed_queue(self.contract.stream)
        self.items: Items = ItemTable(name=self.probe.settings.ledger_table)
        self.engine: Engine = Athena(settings=self.probe.settings)

    def make_tables(self) -> None:
        """Make raw and quarantine, as the task of a load does."""
        self.probe.loader("whoever")

    @contextmanager
    def let_another_commit(self) -> Iterator[None]:
        """Let the first merge into raw fail as if another writer had committed."""
        rule = {"kind": "commit_conflict", "service": "athena", "operation": "MERGE"}
        with faults.struck_once(rule, match=f'"raw"."{self.contract.stream}"'):
            yield


def load(side: Side, owner: str = "run-1") -> LoadReport:
    """Discover and load what landed on one side."""
    side.make_tables()
    ledger = Ledger(items=side.items, stream=side.contract.stream, owner=owner, clock=_now)
    today = datetime.now(UTC).date()
    discover(ledger=ledger, stream=side.contract.stream, bucket=side.bucket, queue=side.queue, today=today)
    return Loader(
        contract=side.contract,
        ledger=ledger,
        audits=OwedAudits(items=side.items, stream=side.contract.stream, owner=owner, clock=_now),
        statements=Statements(engine=side.engine),
        landing_bucket=side.bucket,
        lake_bucket=side.lake_bucket,
        raw_snapshot=lambda: 7,
    ).run()


def new_batch_id() -> str:
    """Return the id of a batch that nobody knows."""
    return uuid.uuid4().hex


def _now() -> float:
    return datetime.now(UTC).timestamp()
