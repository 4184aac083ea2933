"""One seeded history from its first object to the verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.exceptions import ClientError
from landfall.contracts import load_stream_contract
from landfall.errors import ConservationError, EngineError, LandfallError
from landfall.ingest.audits import OwedAudits
from landfall.ingest.claims import State
from landfall.ingest.discover import discover
from landfall.ingest.ledger import LEASE_SECONDS, Ledger
from landfall.ingest.load import Loader
from landfall.ingest.statements import Statements
from landfall.settings import REPOSITORY

from tests.chaos.events import landed_objects
from tests.chaos.lake import Engine, Lake
from tests.chaos.reader import Reader
from tests.chaos.schedule import CALM, Killed, Odds, Schedule
from tests.chaos.verdict import violations
from tests.chaos.world import BUCKET, World

CONTRACT = REPOSITORY / "contracts" / "streams" / "orders.yaml"
TRIES = 4
"""How often Airflow starts a task again after it was killed or failed."""

_ZOMBIES = 0.3
_OPEN = (State.LANDED, State.CLAIMED)

ODDS = Odds(kill=0.02, fail=0.02, pause=0.01, lag=0.1, blind=0.02, lose=0.02)


@dataclass(frozen=True)
class Ended:
    """What one history came to."""

    seed: int
    violations: list[str]
    points: Counter[str]
    trace: list[str]


class Histories:
    """Plays seeded histories of one stream; its tables are made once."""

    def __init__(self) -> None:
        self._contract = load_stream_contract(CONTRACT)
        self._reader = Reader(CONTRACT)
        self._lake = Lake(self._contract)

    def play(self, seed: int, odds: Odds = ODDS) -> Ended:
        """Let objects land while two runs load, then load what is left in peace, and judge."""
        self._lake.clear()
        schedule = Schedule(seed, odds)
        world = World(schedule, self._contract.stream)
        with world.installed():
            schedule.add("producer", lambda: self._produce(world))
            # The second of run-1 is a try that Airflow gave up as dead and that lives.
            owners = ["run-1", "run-2", *(["run-1"] if schedule.random.random() < _ZOMBIES else [])]
            for owner in owners:
                schedule.add(owner, lambda owner=owner: self._work(world, owner, alone=owners.count(owner) == 1))
            schedule.run()
            schedule.odds = CALM
            schedule.now += LEASE_SECONDS + 1_000
            found = self._finish(world) + world.items.wrongs
        found += [f"scratch.{name} is left behind" for name in self._lake.scratch() if name not in self._lake.orphans]
        audits = OwedAudits(items=world.items, stream=world.stream, owner="auditor", clock=schedule.clock).due()
        unseen = {row["_batch_id"] for row in self._lake.rows("raw")} - {audit.batch_id for audit in audits}
        found += [f"no audit will see the rows of batch {batch_id}" for batch_id in sorted(unseen)]
        found += violations(
            reader=self._reader,
            objects=world.objects,
            ledger={key[1]: item for key, item in world.items.items.items() if "state" in item},
            raw=self._lake.rows("raw"),
            quarantine=self._lake.rows("quarantine"),
            bucket=BUCKET,
        )
        return Ended(seed, found, schedule.points, schedule.trace)

    def _finish(self, world: World) -> list[str]:
        """Load what is left without a misfortune; return what goes wrong nevertheless."""
        try:
            self._load(world, "last")
        except LandfallError as error:
            # Of objects that cannot be read; they are closed as failed.
            if not isinstance(error, EngineError):
                return [f"in peace: {error}"]
        items = world.items.items
        return [f"{key} is left {item['state']}" for (_, key), item in items.items() if item.get("state") in _OPEN]

    def _produce(self, world: World) -> None:
        chance = world.schedule.random
        for name, body in list(landed_objects(chance)):
            world.land(name, body, notifications=chance.choice((0, 1, 1, 1, 2)))
            for _ in range(chance.randint(0, 20)):
                world.schedule.turn()

    def _work(self, world: World, owner: str, *, alone: bool) -> None:
        """One DAG run: its task is tried again, under the same run id, when it was killed or failed.

        `alone`: no zombie works under that id.
        """
        for _ in range(TRIES):
            began_at, held = len(world.schedule.trace), world.items.claimed_by(owner)
            try:
                self._load(world, owner)
            except Killed:
                continue
            except (LandfallError, ClientError) as error:
                if isinstance(error, ConservationError) and not world.schedule.points.keys() & {"blind", "lose"}:
                    world.items.wrongs.append(f"{owner}: {error}, but nothing was hidden from it")
                calls = world.schedule.trace[began_at:]
                could_give_back = not any(call.startswith(f"{owner}: FAILED") and "dynamodb" in call for call in calls)
                if alone and could_give_back:
                    kept = world.items.claimed_by(owner) - held
                    world.items.wrongs += [f"{owner} failed and keeps {key}" for key, _ in sorted(kept)]

    def _load(self, world: World, owner: str) -> None:
        schedule = world.schedule
        ledger = Ledger(items=world.items, stream=world.stream, owner=owner, clock=schedule.clock)
        today = datetime.fromtimestamp(schedule.now, tz=UTC).date()
        discover(ledger=ledger, stream=world.stream, bucket=BUCKET, queue="landed", today=today)
        engine = Engine(
            schedule=schedule, lake=self._lake, reader=self._reader, landing=world.objects, merging=world.items.merging
        )
        Loader(
            contract=self._contract,
            ledger=ledger,
            audits=OwedAudits(items=world.items, stream=world.stream, owner=owner, clock=schedule.clock),
            statements=Statements(engine=engine),
            landing_bucket=BUCKET,
            lake_bucket="lake",
            raw_snapshot=lambda: schedule.call("glue read", lambda: 7, lambda: LandfallError("chaos")),
        ).run()
