"""Nothing is lost and nothing comes twice, whatever dies, races or comes back."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from landfall.errors import LandfallError, LeaseLostError
from landfall.ingest.ledger import LEASE_SECONDS

from tests.integration.ingest.probe import DyingEngine, Killed, Probe, line, order

STATEMENTS_OF_A_BATCH = ["scratch", "days", "merge raw", "merge quarantine", "count", "drop"]
IDENTITY = ("order_id", "_source_object", "_line_number", "_record_number")


def land_some_of_everything(probe: Probe) -> list[str]:
    return [
        probe.land("a", line(order(1)), "no json", line(order(1)), line(order(2), order(3))),
        probe.land("b", line(order(3)), line(order(4, occurred_at="2026-09-01T00:00:00Z")), line(order(5, quantity=0))),
    ]


EXPECTED_COUNTS = [
    {"state": "loaded", "records": 5, "loaded": 3, "duplicates": 1, "quarantined": {"not_json": 1}},
    {"state": "loaded", "records": 3, "loaded": 1, "duplicates": 1, "quarantined": {"not_allowed": 1}},
]


def check_all_is_there_once(probe: Probe, keys: list[str]) -> None:
    assert probe.raw(*IDENTITY) == [
        ("ord_000000000001", probe.uri("a"), "1", "1"),
        ("ord_000000000002", probe.uri("a"), "4", "1"),
        ("ord_000000000003", probe.uri("a"), "4", "2"),
        ("ord_000000000004", probe.uri("b"), "2", "1"),
    ]
    assert probe.quarantine("reason", "source_object", "line_number") == [
        ("not_json", probe.uri("a"), "2"),
        ("not_allowed", probe.uri("b"), "3"),
    ]
    assert [probe.counts(key) for key in keys] == EXPECTED_COUNTS
    assert probe.scratch_left() == []


def test_a_second_run_of_the_same_objects_adds_nothing(probe: Probe) -> None:
    keys = land_some_of_everything(probe)
    probe.load("run-1")
    assert probe.load("run-2").objects == 0
    check_all_is_there_once(probe, keys)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 1 + len(STATEMENTS_OF_A_BATCH)), ids=STATEMENTS_OF_A_BATCH)
def test_a_run_that_is_killed_at_any_statement_is_made_good_by_its_next_try(
    probe: Probe, at: int, before: bool
) -> None:
    keys = land_some_of_everything(probe)
    probe.discover()
    engine = DyingEngine(probe.settings, at=at, before=before)
    probe.loader("run-1")
    with pytest.raises(Killed):
        probe.loader("run-1", engine=engine).run()
    assert probe.loader("run-1").run().objects == 2
    check_all_is_there_once(probe, keys)


def test_another_run_takes_over_when_the_lease_has_ended_and_not_before(probe: Probe) -> None:
    keys = land_some_of_everything(probe)
    probe.discover()
    probe.loader("run-1")
    with pytest.raises(Killed):
        probe.loader("run-1", engine=DyingEngine(probe.settings, at=3, before=False)).run()
    assert probe.loader("run-2").run().objects == 0
    assert probe.loader("run-2", clock=lambda: time.time() + LEASE_SECONDS + 1).run().objects == 2
    check_all_is_there_once(probe, keys)


def test_a_zombie_that_wakes_after_its_heir_has_closed_changes_nothing(probe: Probe) -> None:
    keys = land_some_of_everything(probe)
    probe.discover()
    zombie = probe.ledger("zombie")
    claims = zombie.claim(zombie.claimable())
    zombie.name_batch(claims, batch_id="zombie")
    assert probe.loader("heir", clock=lambda: time.time() + LEASE_SECONDS + 1).run().objects == 2
    with pytest.raises(LeaseLostError):
        zombie.renew(claims)
    zombie.give_back(claims)
    assert probe.loader("run-3").run().objects == 0
    check_all_is_there_once(probe, keys)


def test_two_loads_at_once_share_the_work(probe: Probe) -> None:
    keys = land_some_of_everything(probe)
    probe.discover()
    loaders = [probe.loader("run-1"), probe.loader("run-2")]
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda loader: loader.run(), loaders))
    assert sum(report.objects for report in reports) == 2
    check_all_is_there_once(probe, keys)


def test_two_runs_that_merge_the_same_keys_at_once_load_each_once(probe: Probe) -> None:
    """The worst of races: different objects with the same keys, in two batches whose merges start together."""
    for name in ("a", "b", "c", "d"):
        probe.land(name, *(line(order(number)) for number in range(50)))
    probe.discover()
    runs = [probe.ledger(f"run-{number}") for number in range(4)]
    entries = runs[0].claimable()
    for run, entry in zip(runs, entries, strict=True):
        run.name_batch(run.claim([entry]), batch_id="claimed-by-hand")
    loaders = [probe.loader(f"run-{number}") for number in range(4)]

    def load(number: int) -> int:
        try:
            return loaders[number].run().loaded
        except LandfallError as error:
            pytest.fail(f"run-{number}: {error}")

    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(load, range(4)))
    assert sum(loaded) == 50
    rows = probe.raw("order_id")
    assert len(rows) == len(set(rows)) == 50
    items = probe.items().values()
    assert sum(item["loaded"] for item in items) == 50
    assert sum(item["duplicates"] for item in items) == 150
