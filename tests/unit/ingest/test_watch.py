"""A run soon after an object landed, and few runs for many objects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from landfall.ingest import watch
from landfall.ingest.watch import BURST_SECONDS, CALM_SECONDS, LandedTrigger, Pace


def runs(arrivals: dict[int, int], *, seconds: int) -> list[int]:
    """Play a pace second by second and return when runs were let go."""
    pace, due = Pace(), []
    for now in range(seconds):
        pace.waiting += arrivals.get(now, 0)
        if pace.waiting and not pace.seconds_until_run(now):
            due.append(now)
            pace.let_run(now)
    return due


def test_one_object_alone_starts_a_run_at_once() -> None:
    assert runs({7: 1}, seconds=60) == [7]


def test_objects_that_land_one_by_one_do_not_wait_long() -> None:
    due = runs(dict.fromkeys(range(60), 1), seconds=60)
    assert due == list(range(0, 60, CALM_SECONDS))


@pytest.mark.parametrize("a_second", [17, 1000])
def test_a_thousand_objects_in_a_minute_start_at_most_six_runs(a_second: int) -> None:
    arrivals = dict.fromkeys(range(-(-1000 // a_second)), a_second)
    assert 1 <= len(runs(arrivals, seconds=120)) <= 6
    assert max(runs(arrivals, seconds=120)) <= max(arrivals) + BURST_SECONDS


def events(trigger: LandedTrigger, most: int) -> list[int]:
    async def collect(found: AsyncIterator[watch.TriggerEvent]) -> list[int]:
        counts = []
        async for event in found:
            counts.append(event.payload["objects"])
            if len(counts) == most:
                break
        return counts

    return asyncio.run(asyncio.wait_for(collect(trigger.run()), 10))


def test_what_an_earlier_watcher_entered_is_told_first(monkeypatch: pytest.MonkeyPatch) -> None:
    trigger = LandedTrigger(stream="orders")
    monkeypatch.setattr(trigger, "_open_objects", lambda: 3)
    monkeypatch.setattr(trigger, "_drain", lambda wait_seconds: 0)
    assert events(trigger, 1) == [3]


def test_a_watcher_that_is_refused_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([OSError("throttled"), OSError("throttled"), 2])

    def drain(wait_seconds: int) -> int:
        answer = next(answers, 0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    trigger = LandedTrigger(stream="orders")
    monkeypatch.setattr(watch, "RETRY_SECONDS", 0)
    monkeypatch.setattr(trigger, "_open_objects", lambda: 0)
    monkeypatch.setattr(trigger, "_drain", drain)
    assert events(trigger, 1) == [2]


def test_the_triggerer_can_make_it_anew() -> None:
    path, arguments = LandedTrigger(stream="orders").serialize()
    assert path == "landfall.ingest.watch.LandedTrigger"
    assert LandedTrigger(**arguments).serialize() == (path, arguments)
