"""A run knows who asked for it."""

from __future__ import annotations

from landfall.publish.causes import causes_of


def test_a_run_by_hand_is_its_own_cause() -> None:
    assert causes_of([], run_id="manual__1") == ["manual__1"]
    assert causes_of([{}], run_id="manual__1") == ["manual__1"]


def test_events_that_fell_together_keep_every_cause_once() -> None:
    extras = [{"causes": ["night_1"]}, {"causes": ["night_2", "night_1"]}]
    assert causes_of(extras, run_id="asset__1") == ["night_1", "night_2"]
