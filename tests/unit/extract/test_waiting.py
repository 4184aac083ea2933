"""What waits in the triggerer: turns in the order they were asked for, and statements that outlive nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from airflow.triggers.base import TriggerEvent
from landfall.aws import s3
from landfall.extract.engines import attempt
from landfall.extract.records import store
from landfall.extract.records.store import ExtractStore
from landfall.extract.run import waiting
from landfall.extract.run.waiting import StatementTrigger, TurnTrigger
from landfall.settings import Settings

from tests.unit.extract.memory import MemoryBuckets, MemoryItems

CUSTOMER = "cus_000042"


@pytest.fixture
def items(monkeypatch: pytest.MonkeyPatch) -> MemoryItems:
    """The table of extracts in memory."""
    found = MemoryItems()
    monkeypatch.setattr(store, "ItemTable", lambda *, name: found)
    monkeypatch.setattr(waiting, "POLL_SECONDS", 0.01)
    for name in Settings.__dataclass_fields__:
        monkeypatch.setenv(f"LANDFALL_{name.upper()}", name)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return found


def put(items: MemoryItems, extract_id: str, state: str) -> None:
    values = {"extract_id": extract_id, "customer_id": CUSTOMER, "product": "orders", "request": "{}", "pii": False}
    moment = "2026-11-21T00:00:00.000000Z"
    told = {"requested_by": "key:a", "requested_at": moment, "changed_at": moment, "run_id": extract_id}
    items.items[extract_id] = {**values, **told, "state": state}


def turn(extract_id: str, *, since: str, seconds: float = 5.0) -> TurnTrigger:
    return TurnTrigger(extract_id=extract_id, slot=CUSTOMER, since=since, until=time.time() + seconds)


async def fired(trigger: Any) -> Any:
    found: AsyncIterator[TriggerEvent] = trigger.run()
    return (await anext(found)).payload["state"]


def test_turns_come_in_the_order_they_were_asked_for(items: MemoryItems) -> None:
    running = [f"running-{n}" for n in range(ExtractStore(items).slots.limits.default.at_once)]
    for extract_id in running:
        put(items, extract_id, "running")
        assert ExtractStore(items).slots.take(CUSTOMER, extract_id)
    order: list[str] = []

    async def wait(extract_id: str, since: str) -> None:
        put(items, extract_id, "queued")
        assert await fired(turn(extract_id, since=since)) == "taken"
        order.append(extract_id)

    async def play() -> None:
        waits = [asyncio.create_task(wait(f"late-{n}", f"2026-11-21T00:0{n}")) for n in (2, 0, 1)]
        await asyncio.sleep(0.1)
        assert order == []
        for extract_id in [*running, "late-0"]:
            put(items, extract_id, "done")
            await asyncio.sleep(0.1)
        await asyncio.gather(*waits)

    asyncio.run(play())
    assert order == ["late-0", "late-1", "late-2"]
    assert waiting._QUEUES[CUSTOMER] == []


@pytest.mark.parametrize(("state", "said"), [("cancelled", "ended"), ("queued", "late")])
def test_an_extract_that_has_ended_or_waits_too_long_waits_no_more(items: MemoryItems, state: str, said: str) -> None:
    for n in range(ExtractStore(items).slots.limits.default.at_once):
        put(items, f"running-{n}", "running")
        ExtractStore(items).slots.take(CUSTOMER, f"running-{n}")
    put(items, "late", state)
    assert asyncio.run(fired(turn("late", since="2026", seconds=0.1))) == said


class Engine:
    """Statements of one engine, that run until they are ended or stopped."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ended, self.stopped = set[str](), list[str]()
        self.buckets = MemoryBuckets({("extracts_bucket", f"{CUSTOMER}/run-1/attempt-1/a"): b"rows"})
        monkeypatch.setattr(attempt, "has_ended", lambda statement, settings: statement in self.ended)
        monkeypatch.setattr(attempt, "stop", lambda statement, settings: self.stopped.append(statement))
        monkeypatch.setattr(s3, "delete_prefix", self.buckets.delete_prefix)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine whose statements do not end by themselves."""
    return Engine(monkeypatch)


def statement() -> StatementTrigger:
    return StatementTrigger(
        extract_id="run-1", statement="redshift:s-1", prefix=f"{CUSTOMER}/run-1/attempt-1/", until=time.time() + 5
    )


def test_a_statement_is_waited_for_until_it_ends(items: MemoryItems, engine: Engine) -> None:
    put(items, "run-1", "running")
    engine.ended.add("redshift:s-1")
    assert asyncio.run(fired(statement())) == "ended"
    assert engine.stopped == [] and len(engine.buckets) == 1


def test_the_statement_of_a_cancelled_extract_is_stopped_and_its_files_are_removed(
    items: MemoryItems, engine: Engine
) -> None:
    put(items, "run-1", "cancelled")
    assert asyncio.run(fired(statement())) == "ended"
    assert engine.stopped == ["redshift:s-1"] and not engine.buckets


def test_the_kill_of_a_waiting_task_stops_its_statement(items: MemoryItems, engine: Engine) -> None:
    asyncio.run(statement().on_kill())
    assert engine.stopped == ["redshift:s-1"] and not engine.buckets


@pytest.mark.parametrize("trigger", [turn("run-1", since="2026"), statement()], ids=["turn", "statement"])
def test_a_trigger_is_made_anew_from_what_it_says_of_itself(trigger: Any) -> None:
    path, values = trigger.serialize()
    assert path == f"landfall.extract.run.waiting.{type(trigger).__name__}"
    assert type(trigger)(**values).serialize() == (path, values)
