"""An interrupt is repeated, since DuckDB forgets one that comes between two statements; but only while work goes on."""

from __future__ import annotations

import time

from localcloud.lake.interruption import Interruption

WAIT_SECONDS = 20


def _wait_for(calls: list[float], count: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while len(calls) < count and time.monotonic() < deadline:
        time.sleep(0.005)
    assert len(calls) >= count


def test_an_interrupt_is_repeated_until_the_work_has_ended() -> None:
    calls: list[float] = []
    interruption = Interruption(lambda: calls.append(time.monotonic()))
    with interruption.running():
        interruption.request()
        _wait_for(calls, 3)
    seen = len(calls)
    time.sleep(0.2)
    assert len(calls) == seen


def test_nothing_is_interrupted_that_does_not_run_or_is_held_off() -> None:
    calls: list[float] = []
    interruption = Interruption(lambda: calls.append(time.monotonic()))
    interruption.request()
    time.sleep(0.1)
    assert not calls
    with interruption.running():
        interruption.request()
        _wait_for(calls, 1)
        with interruption.held_off():
            seen = len(calls)
            time.sleep(0.2)
            assert len(calls) == seen
        _wait_for(calls, seen + 1)
