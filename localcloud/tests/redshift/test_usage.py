"""How use of a workgroup is counted and charged, by a clock that the tests set."""

from __future__ import annotations

from pathlib import Path

import pytest
from localcloud.redshift.engine import usage
from localcloud.redshift.engine.usage import Meter


class Clock:
    """Stands in for time.time()."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000_000_000.0 - 1_000_000_000.0 % 60
        monkeypatch.setattr(usage.time, "time", lambda: self.now)

    def run(self, meter: Meter, seconds: float) -> None:
        """A statement of this length."""
        with meter.running():
            self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_a_short_statement_is_charged_a_minute(clock: Clock) -> None:
    meter = Meter(capacity=lambda: 8)
    clock.run(meter, 2)
    assert meter.charged_seconds(0) == 60 * 8
    assert sum(minute.compute for _, minute in meter.minutes()) == 2 * 8


def test_statements_inside_the_charged_minute_cost_nothing_more(clock: Clock) -> None:
    meter = Meter(capacity=lambda: 8)
    clock.run(meter, 2)
    clock.now += 30
    clock.run(meter, 10)
    assert meter.charged_seconds(0) == 60 * 8


def test_beyond_a_minute_every_second_counts(clock: Clock) -> None:
    meter = Meter(capacity=lambda: 8)
    clock.run(meter, 50)
    clock.run(meter, 40)
    assert meter.charged_seconds(0) == 90 * 8


def test_idle_time_is_free_and_the_next_statement_costs_a_minute_again(clock: Clock) -> None:
    meter = Meter(capacity=lambda: 8)
    clock.run(meter, 1)
    clock.now += 3600
    clock.run(meter, 1)
    assert meter.charged_seconds(0) == 2 * 60 * 8
    assert meter.charged_seconds(clock.now - 60) == 60 * 8


def test_statements_at_the_same_time_are_charged_once(clock: Clock) -> None:
    meter = Meter(capacity=lambda: 8)
    with meter.running():
        clock.run(meter, 100)
    assert meter.charged_seconds(0) == 100 * 8


def test_counts_are_read_back_from_their_file(clock: Clock, tmp_path: Path) -> None:
    meter = Meter(path=tmp_path / "usage.json", capacity=lambda: 8)
    clock.run(meter, 1)
    meter.close()
    again = Meter(path=tmp_path / "usage.json", capacity=lambda: 8)
    clock.run(again, 1)
    assert again.charged_seconds(0) == 60 * 8
