"""The contract's limit of quarantine: when it is passed, and what a load does then."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from landfall.contracts import load_stream_contract
from landfall.contracts.model import LimitAction, QuarantineLimit
from landfall.errors import QuarantineLimitError
from landfall.ingest import limit
from landfall.ingest.audits import OwedAudits
from landfall.ingest.load import Loader
from landfall.ingest.statements import Statements
from landfall.settings import REPOSITORY

from tests.unit.ingest.test_load import ScriptedEngine, engine

__all__ = ["engine"]

ORDERS = load_stream_contract(REPOSITORY / "contracts" / "streams" / "orders.yaml")


@pytest.mark.parametrize(
    ("share", "records", "bad", "good", "passed"),
    [
        (0.05, None, 5, 95, False),
        (0.05, None, 6, 94, True),
        (None, 100, 100, 0, False),
        (None, 100, 101, 10**9, True),
        (None, 0, 1, 10**9, True),
        (None, 0, 0, 10, False),
        (0.05, 100, 50, 50, False),
        (0.05, 100, 101, 10**6, False),
        (0.05, 100, 101, 899, True),
    ],
)
def test_a_limit_is_passed_when_all_it_gives_is_passed(
    share: float | None, records: int | None, bad: int, good: int, passed: bool
) -> None:
    held = QuarantineLimit(share=share, records=records, action=LimitAction.ALERT)
    assert held.is_passed(bad=bad, good=good) is passed


@pytest.fixture
def loader_of(engine: ScriptedEngine, ledger_of: Any, items: Any) -> Any:
    """Makes a loader whose batches, a bad record of four, are above a limit with this action."""

    def make(action: LimitAction) -> Loader:
        held = QuarantineLimit(share=0.2, records=None, action=action)
        return Loader(
            contract=replace(ORDERS, quarantine_limit=held),
            ledger=ledger_of("run-1"),
            audits=OwedAudits(items=items, stream="orders", owner="run-1", clock=lambda: 0),
            statements=Statements(engine=engine),
            landing_bucket="landing",
            lake_bucket="lake",
            raw_snapshot=lambda: 7,
        )

    return make


def test_a_contract_that_says_stop_stops_before_the_merge_and_leaves_the_objects_open(
    engine: ScriptedEngine, loader_of: Any, ledger_of: Any, landed: Any
) -> None:
    ledger_of("run-1").announce([landed(1)])
    with pytest.raises(QuarantineLimitError, match=r"orders: 1 of 4 records break contract .* accept_quarantine"):
        loader_of(LimitAction.STOP).run()
    assert engine.steps == ["scratch", "days", "drop"]
    assert [entry.landed.key for entry in ledger_of("run-2").claimable()] == [landed(1).key]


def test_somebody_may_accept_what_the_contract_would_stop(loader_of: Any, ledger_of: Any, landed: Any) -> None:
    ledger_of("run-1").announce([landed(1)])
    report = loader_of(LimitAction.STOP).run(accept_quarantine=True)
    assert (report.loaded, report.over_limit) == (3, [f"1 of 4 records break contract {ORDERS.version}"])


def test_a_contract_that_says_alert_loads_and_tells(
    loader_of: Any, ledger_of: Any, landed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger_of("run-1").announce([landed(1)])
    report = loader_of(LimitAction.ALERT).run()
    assert report.as_dict()["over_limit"] == [f"1 of 4 records break contract {ORDERS.version}"]
    told: list[dict[str, str]] = []
    monkeypatch.setattr(limit, "notify", lambda **message: told.append(message))
    limit.tell_of_limit(ORDERS, report.over_limit, run_id="run-1", topic_arn="arn")
    assert told[0]["subject"] == "Landfall: quarantine of orders is above its limit"
    assert json.loads(told[0]["message"])["batches"] == report.over_limit


def test_a_notification_that_cannot_be_sent_does_not_fail_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**message: str) -> None:
        raise OSError("no topic")

    monkeypatch.setattr(limit, "notify", refuse)
    limit.tell_of_limit(ORDERS, ["1 of 4"], run_id="run-1", topic_arn="arn")
