"""Make a stream's raw and quarantine tables anew from all of landing, beside the live ones, and let them change places.

build -> compare -> swap. Each step may be repeated after it died, and build goes on where it was: the new tables have a
ledger of their own, and the load into them is the ordinary load under another stream's name.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from landfall.aws import glue
from landfall.aws.dynamodb import ItemTable
from landfall.aws.iceberg import IcebergCatalog
from landfall.contracts import StreamContract
from landfall.errors import RebuildError
from landfall.ingest.audits import OwedAudits
from landfall.ingest.batch import MOST_OBJECTS
from landfall.ingest.claims import State
from landfall.ingest.discover import list_landed
from landfall.ingest.ledger import Ledger
from landfall.ingest.load import Loader
from landfall.ingest.statements import Engine, Statements
from landfall.ingest.tables import quarantine_shape, raw_shape
from landfall.ingest.tasks import ensure_table
from landfall.maintain.comparison import compare, object_sides, quarantine_sides, raw_sides
from landfall.maintain.rebuild_state import Phase, RebuildState, begin, move, read_state
from landfall.maintain.settle import LedgerExchange
from landfall.maintain.swap import exchange, same_table, standing
from landfall.settings import Settings

logger = logging.getLogger(__name__)

_TABLE_KEYS = ("TableType", "Parameters", "PartitionKeys", "StorageDescriptor")
_SWAP_TRIES = 20
_ANNOUNCED_AT_ONCE = 1000
_REPLAY_ITEM = "#replay"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where a rebuild works; `clock` returns seconds since 1970."""

    settings: Settings
    engine: Engine
    items: ItemTable
    clock: Callable[[], float] = time.time


class Rebuild:
    """The rebuild of one stream, done by the run `run_id`."""

    def __init__(self, *, contract: StreamContract, run_id: str, surroundings: Surroundings) -> None:
        self._contract = contract
        self._run_id = run_id
        self._settings = surroundings.settings
        self._engine = surroundings.engine
        self._items = surroundings.items
        self._clock = surroundings.clock

    def build(self, *, afresh: bool = False) -> dict[str, Any]:
        """Load all of landing into tables beside the live ones and return the counts of this run.

        Goes on with a build that died, unless `afresh`. Raises EngineError, ConservationError, or RebuildError if an
        object cannot be read that the live table has.
        """
        state = begin(self._items, stream=self._contract.stream, contract_version=self._version, afresh=afresh)
        if state.phase is Phase.SWAPPING:
            return {"number": state.number, "phase": state.phase.value, "objects": 0}
        report = self._catch_up(state)
        return {"number": state.number, "phase": state.phase.value, **report}

    def compare(self) -> dict[str, Any]:
        """Return what differs between live and rebuilt; objects that are not loaded into both are left out.

        Raises RebuildError if those are too many to be named: the ordinary load must come first.
        """
        state = self._state()
        but = self._not_in_both(state)
        statements = Statements(engine=self._engine)
        kinds = {"raw": raw_sides, "quarantine": quarantine_sides, "objects": object_sides}
        found = {
            kind: compare(sides(self._contract, state.shadow), but=but, statements=statements)
            for kind, sides in kinds.items()
        }
        differing = sum(found["raw"].counts.values()) + sum(found["quarantine"].counts.values())
        report = {kind: differences.as_dict() for kind, differences in found.items()}
        return {"differing": differing, "left_out": len(but), "scanned_bytes": statements.scanned_bytes, **report}

    def swap(self) -> dict[str, Any]:
        """Let live and rebuilt change places after what landed meanwhile was loaded too; done already, do nothing.

        A swap that died in here is gone on with. Raises RebuildError if writers leave no moment for it, or while
        quarantined records are replayed.
        """
        state = self._state()
        self._refuse_while_replaying()
        is_first = state.phase is Phase.BUILDING
        if is_first:
            self._catch_up(state)
            state = move(self._items, state, phase=Phase.SWAPPING, swaps=state.swaps + 1)
        if state.phase is Phase.SWAPPING:
            self._move_names(state, catch_up=is_first)
        return self._settle(state)

    def swap_back(self) -> dict[str, Any]:
        """Make the tables live again that the last swap replaced; the next ordinary load adds what landed since.

        Raises RebuildError if there was no swap, or the replaced tables are gone.
        """
        state = self._state()
        self._refuse_while_replaying()
        if state.phase is Phase.BUILDING:
            raise RebuildError(f"rebuild {state.number} of {state.stream} was never swapped: there is nothing to undo")
        if state.phase is Phase.SWAPPED:
            state = move(self._items, state, phase=Phase.SWAPPING, swaps=state.swaps + 1, swapped_from=None)
        self._move_names(state, catch_up=False)
        return self._settle(state)

    def _move_names(self, state: RebuildState, *, catch_up: bool) -> None:
        """Move the name of raw first: a commit to it between the last catch-up and the move makes the move fail."""
        for database in ("raw", "quarantine"):
            for _ in range(_SWAP_TRIES):
                location, version_id = standing(database, state.stream)
                if catch_up and database == "raw":
                    self._catch_up(state)
                state = self._noted(state, database, location)
                if exchange(
                    database,
                    state.stream,
                    state.shadow,
                    swapped_from=(state.swapped_from or {})[database],
                    version_id=version_id,
                ):
                    break
            else:
                raise RebuildError(f"{database}.{state.stream} is written without a pause: run this again later")

    def _noted(self, state: RebuildState, database: str, location: str) -> RebuildState:
        """Note the metadata file that the name is moved away from, unless it was moved before this run."""
        noted = dict(state.swapped_from or {})
        if database in noted and not same_table(location, noted[database]):
            return state
        return move(self._items, state, swapped_from={**noted, database: location})

    def _settle(self, state: RebuildState) -> dict[str, Any]:
        ledgers = LedgerExchange(items=self._items, live=state.stream, other=state.shadow, token=state.swaps)
        counts = ledgers.run()
        self._owe_audits(state)
        glue.delete_table(database="landing", table=state.shadow)
        state = self._state()
        if state.phase is Phase.SWAPPING:
            state = move(self._items, state, phase=Phase.SWAPPED)
        logger.info("rebuild %d of %s: swap %d done %s", state.number, state.stream, state.swaps, counts)
        return {"number": state.number, "swaps": state.swaps, "replaced": f"raw.{state.shadow}", **counts}

    def _owe_audits(self, state: RebuildState) -> None:
        """Leave the rebuilt rows to the audit of the stream's next load."""
        live, rebuilt = self._audits(state.stream), self._audits(state.shadow)
        for owed in rebuilt.due():
            live.owe(owed.batch_id, [owed.first_day, owed.last_day])
            live.make_due(owed.batch_id)
            rebuilt.settle([owed])

    def _catch_up(self, state: RebuildState) -> dict[str, Any]:
        """Load what landed and the rebuilt tables lack; return the report's values."""
        # No limit: what breaks the contract is compared with what broke it before.
        contract = replace(self._contract, stream=state.shadow, quarantine_limit=None)
        statements = Statements(engine=self._engine)
        for shape in (raw_shape(contract), quarantine_shape(contract)):
            ensure_table(shape, statements=statements, lake_bucket=self._settings.lake_bucket)
        self._read_landing_as(state.shadow)
        ledger = self._ledger(state.shadow)
        landed = list_landed(
            stream=state.stream, bucket=self._settings.landing_bucket, topic=self._contract.kafka_topic
        )
        while chunk := list(islice(landed, _ANNOUNCED_AT_ONCE)):
            ledger.announce(chunk)
        loader = Loader(
            contract=contract,
            ledger=ledger,
            audits=self._audits(state.shadow),
            statements=statements,
            landing_bucket=self._settings.landing_bucket,
            lake_bucket=self._settings.lake_bucket,
            raw_snapshot=lambda: IcebergCatalog().read(contract.raw_table).snapshot_id,
        )
        report = loader.run(retry_failed=True)
        self._refuse_unreadable(report.failed)
        return report.as_dict()

    def _read_landing_as(self, shadow: str) -> None:
        """Give the landing table a second name, under which the load of the rebuilt tables reads it."""
        landing = glue.get_table(database="landing", table=self._contract.stream)
        if landing is None:
            raise RebuildError(f"landing.{self._contract.stream} does not exist: deploy the stream")
        definition = {key: landing[key] for key in _TABLE_KEYS if key in landing}
        glue.put_table(database="landing", definition={"Name": shadow, **definition})

    def _refuse_unreadable(self, failed: list[str]) -> None:
        live = {item["object_key"] for item in self._loaded(self._contract.stream)}
        if lost := sorted(live.intersection(failed)):
            raise RebuildError(
                f"{len(lost)} objects that {self._contract.raw_table} was loaded from cannot be read now: put them "
                f"right, or restore their older version, and run this again: {', '.join(lost[:10])}"
            )

    def _not_in_both(self, state: RebuildState) -> list[str]:
        live = {item["object_key"] for item in self._loaded(state.stream)}
        rebuilt = {item["object_key"] for item in self._loaded(state.shadow)}
        if len(keys := sorted(live ^ rebuilt)) > MOST_OBJECTS:
            raise RebuildError(
                f"{len(keys)} objects are loaded into one table only: run ingest_{state.stream}, then this again"
            )
        return [f"s3://{self._settings.landing_bucket}/{key}" for key in keys]

    def _loaded(self, stream: str) -> list[dict[str, Any]]:
        found = self._items.select(equals=("stream_state", f"{stream}#{State.LOADED.value}"), index="by_state")
        return list(found)

    def _refuse_while_replaying(self) -> None:
        lease = self._items.read({"stream": self._contract.stream, "object_key": _REPLAY_ITEM}) or {}
        if int(lease.get("lease_until", 0)) >= self._clock():
            until = datetime.fromtimestamp(int(lease["lease_until"]), UTC)
            raise RebuildError(
                f"records of {self._contract.stream} are being replayed: run this again when that has ended, at the "
                f"latest after {until:%Y-%m-%d %H:%M} UTC"
            )

    def _state(self) -> RebuildState:
        state = read_state(self._items, self._contract.stream)
        if state is None:
            raise RebuildError(f"{self._contract.stream} was never rebuilt")
        return state

    def _audits(self, stream: str) -> OwedAudits:
        return OwedAudits(items=self._items, stream=stream, owner=self._run_id, clock=self._clock)

    def _ledger(self, stream: str) -> Ledger:
        return Ledger(items=self._items, stream=stream, owner=self._run_id, clock=self._clock)

    @property
    def _version(self) -> str:
        return self._contract.version
