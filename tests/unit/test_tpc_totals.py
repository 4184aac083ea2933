"""A total over answers that differ says nothing: the benchmark names them."""

from __future__ import annotations

from benchmarks import tpc_totals


def test_an_answer_that_is_not_duckdbs_is_named() -> None:
    arms = {
        tpc_totals.FLOOR: (lambda text: [(text,)], {1: "a", 2: "b"}),
        "same": (lambda text: [(text,)], {1: "a", 2: "b"}),
        "other": (lambda text: [(text,)], {1: "a", 2: "c"}),
    }
    times, wrong = tpc_totals._measure(arms, rounds=2)
    assert [line.partition(":")[0] for line in wrong] == ["query 2 is wrong on other"]
    assert {arm: sorted(seconds) for arm, seconds in times.items()} == {arm: [1, 2] for arm in arms}
