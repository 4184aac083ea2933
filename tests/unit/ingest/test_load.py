"""The order of the load's steps, and what it leaves behind when one of them fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from landfall.aws.athena import AthenaResult
from landfall.contracts import load_stream_contract
from landfall.errors import ConservationError, EngineError, LeaseLostError
from landfall.ingest import load, statements
from landfall.ingest.audits import OwedAudits
from landfall.ingest.claims import Outcome
from landfall.ingest.load import Loader
from landfall.ingest.statements import Statements
from landfall.settings import REPOSITORY
from sqlglot import exp

ORDERS = load_stream_contract(REPOSITORY / "contracts" / "streams" / "orders.yaml")


class ScriptedEngine:
    """Every object holds five records: three loaded, one duplicate, one not JSON. `fail` may raise at a step."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.objects: list[str] = []
        self.fail: Callable[[str, list[str]], None] = lambda step, objects: None
        self.lost = 0

    def run(self, statement: exp.Expression | str, *, fetch: bool = False) -> AthenaResult:
        step = self._step(statement)
        self.steps.append(step)
        self.fail(step, self.objects)
        rows: tuple[tuple[str | None, ...], ...] = ()
        if step == "days":
            rows = (("2026-11-20", str(3 * len(self.objects))), (None, str(len(self.objects))))
        if step == "count":
            counts = (("records", None, 5), ("loaded", None, 3 - self.lost), ("duplicate", None, 1))
            rows = tuple((uri, kind, why, str(n)) for uri in self.objects for kind, why, n in counts)
            rows += tuple((uri, "quarantined", "not_json", "1") for uri in self.objects)
        return AthenaResult(query_execution_id="q", rows=rows, scanned_bytes=10, engine_ms=1)

    def _step(self, statement: exp.Expression | str) -> str:
        assert isinstance(statement, exp.Expression)
        if isinstance(statement, exp.Create):
            literals = {found.this for found in statement.find_all(exp.Literal)}
            self.objects = sorted(text for text in literals if text.startswith("s3://landing/"))
            return "scratch"
        if isinstance(statement, exp.Merge):
            return f"merge {statement.this.db}"
        if isinstance(statement, exp.Drop):
            return "drop"
        return "days" if "day" in statement.named_selects else "count"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    monkeypatch.setattr(load.s3, "delete_prefix", lambda *, bucket, prefix: 0)
    monkeypatch.setattr(statements.time, "sleep", lambda seconds: None)
    return ScriptedEngine()


@pytest.fixture
def loader_of(engine: ScriptedEngine, ledger_of: Any, items: Any) -> Callable[[str], Loader]:
    def make(owner: str) -> Loader:
        return Loader(
            contract=ORDERS,
            ledger=ledger_of(owner),
            audits=OwedAudits(items=items, stream="orders", owner=owner, clock=lambda: 0),
            statements=Statements(engine=engine),
            landing_bucket="landing",
            lake_bucket="lake",
            raw_snapshot=lambda: 7,
        )

    return make


@pytest.fixture
def state_of(items: Any, landed: Any) -> Callable[[int], str]:
    return lambda number: str(items.items["orders", landed(number).key]["state"])


def failing_at(step: str, error: BaseException, *, times: int = 1_000_000) -> Callable[[str, list[str]], None]:
    left = [times]

    def fail(reached: str, objects: list[str]) -> None:
        if reached == step and left[0]:
            left[0] -= 1
            raise error

    return fail


def test_a_batch_goes_through_its_steps_in_order(
    engine: ScriptedEngine, loader_of: Any, ledger_of: Any, landed: Any, state_of: Any
) -> None:
    ledger_of("run-1").announce([landed(1), landed(2)])
    report = loader_of("run-1").run().as_dict()
    assert engine.steps == ["scratch", "days", "merge raw", "merge quarantine", "count", "drop"]
    assert (state_of(1), state_of(2)) == ("loaded", "loaded")
    assert {name: report[name] for name in ("objects", "records", "loaded", "duplicates", "quarantined")} == {
        "objects": 2,
        "records": 10,
        "loaded": 6,
        "duplicates": 2,
        "quarantined": {"not_json": 2},
    }
    assert (report["first_day"], report["last_day"], report["raw_snapshot_id"]) == ("2026-11-20", "2026-11-20", "7")
    assert report["scanned_bytes"] == 60


def test_nothing_open_costs_no_statement(engine: ScriptedEngine, loader_of: Any) -> None:
    assert loader_of("run-1").run().objects == 0
    assert engine.steps == []


@pytest.mark.parametrize("step", ["scratch", "days", "merge raw", "merge quarantine", "count"])
def test_a_failed_step_gives_the_objects_back_and_drops_the_scratch_table(
    engine: ScriptedEngine, loader_of: Any, ledger_of: Any, landed: Any, state_of: Any, step: str
) -> None:
    ledger_of("run-1").announce([landed(1)])
    engine.fail = failing_at(step, EngineError("INTERNAL_ERROR"), times=1)
    with pytest.raises(EngineError, match="INTERNAL_ERROR"):
        loader_of("run-1").run()
    assert (state_of(1), engine.steps[-1]) == ("landed", "drop")
    assert loader_of("run-2").run().objects == 1


@pytest.mark.parametrize("step", ["scratch", "days", "merge raw", "merge quarantine", "count", "drop"])
def test_a_killed_run_is_taken_over_by_its_next_try_which_drops_what_it_left(
    engine: ScriptedEngine, loader_of: Any, ledger_of: Any, landed: Any, state_of: Any, step: str
) -> None:
    ledger_of("run-1").announce([landed(1)])
    engine.fail = failing_at(step, SystemExit(9), times=1)
    with pytest.raises(SystemExit):
        loader_of("run-1").run()
    assert state_of(1) == "claimed"
    engine.steps.clear()
    loader_of("run-1").run()
    assert engine.steps[0] == "drop"
    assert state_of(1) == "loaded"


def test_records_that_do_not_add_up_leave_the_object_open(
    engine: ScriptedEngine, loader_of: Any, ledger_of: Any, landed: Any, state_of: Any
) -> None:
    ledger_of("run-1").announce([landed(1)])
    engine.lost = 1
    with pytest.raises(ConservationError, match=r"orders-00001\.gz: 5 records are not 2 loaded \+ 1 duplicates"):
        loader_of("run-1").run()
    assert state_of(1) == "landed"


def test_a_lost_commit_is_tried_again(
    engine: ScriptedEngine, loader_of: Any, ledger_of: Any, landed: Any, state_of: Any
) -> None:
    ledger_of("run-1").announce([landed(1)])
    engine.fail = failing_at("merge raw", EngineError("ICEBERG_COMMIT_ERROR: Failed to commit"), times=3)
    loader_of("run-1").run()
    assert engine.steps.count("merge raw") == 4
    assert state_of(1) == "loaded"


def test_one_unreadable_object_does_not_keep_the_others_from_being_loaded(
    engine: ScriptedEngine, loader_of: Any, ledger_of: Any, landed: Any, state_of: Any
) -> None:
    ledger_of("run-1").announce([landed(n) for n in range(5)])

    def unreadable(step: str, objects: list[str]) -> None:
        if step == "scratch" and any("orders-00003" in uri for uri in objects):
            raise EngineError("HIVE_CURSOR_ERROR: incorrect header check")

    engine.fail = unreadable
    report = loader_of("run-1").run()
    assert report.failed == [landed(3).key]
    assert [state_of(n) for n in range(5)] == ["loaded", "loaded", "loaded", "failed", "loaded"]
    assert (report.objects, report.records) == (4, 20)
    engine.fail = lambda step, objects: None
    assert loader_of("run-2").run().objects == 0
    assert loader_of("run-2").run(retry_failed=True).objects == 1


def test_a_zombie_merges_nothing_after_it_was_taken_over(
    engine: ScriptedEngine, loader_of: Any, ledger_of: Any, landed: Any, clock: Any, state_of: Any
) -> None:
    ledger_of("zombie").announce([landed(1)])

    def overtaken(step: str, objects: list[str]) -> None:
        if step == "days":
            clock.now += 10_000
            ledger_of("heir").claim(ledger_of("heir").claimable())

    engine.fail = overtaken
    with pytest.raises(LeaseLostError):
        loader_of("zombie").run()
    assert "merge raw" not in engine.steps
    assert state_of(1) == "claimed"


def test_a_zombie_makes_no_other_scratch_table_when_an_object_cannot_be_read(
    engine: ScriptedEngine, loader_of: Any, ledger_of: Any, landed: Any, clock: Any
) -> None:
    ledger_of("zombie").announce([landed(n) for n in range(2)])

    def overtaken(step: str, objects: list[str]) -> None:
        if step == "scratch":
            clock.now += 10_000
            ledger_of("heir").claim(ledger_of("heir").claimable())
            raise EngineError("HIVE_CURSOR_ERROR: incorrect header check")

    engine.fail = overtaken
    with pytest.raises(LeaseLostError):
        loader_of("zombie").run()
    assert engine.steps.count("scratch") == 1


def test_an_object_that_is_not_as_empty_as_athena_says_stays_open(
    engine: ScriptedEngine, loader_of: Any, ledger_of: Any, landed: Any, state_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger_of("run-1").announce([landed(1)])
    nothing = Outcome(records=0, loaded=0, duplicates=0)
    monkeypatch.setattr(load, "outcomes_of", lambda claims, rows, bucket: dict.fromkeys(claims, nothing))
    monkeypatch.setattr(load, "holds_no_record", lambda *, bucket, key: False)
    with pytest.raises(ConservationError, match="Athena read no record"):
        loader_of("run-1").run()
    assert state_of(1) == "landed"
    monkeypatch.setattr(load, "holds_no_record", lambda *, bucket, key: True)
    loader_of("run-1").run()
    assert state_of(1) == "loaded"
