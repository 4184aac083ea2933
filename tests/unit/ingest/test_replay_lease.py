"""The lease of a replay: one at a time, taken over when it ends, and what was left behind is known."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from landfall.errors import LeaseLostError, ReplayRunningError
from landfall.ingest.ledger import LEASE_SECONDS
from landfall.ingest.replay_lease import AbandonedBatch, ReplayLease

DAY = date(2026, 11, 20)


@pytest.fixture
def lease_of(items: Any, clock: Any) -> Any:
    def lease(owner: str, fingerprint: str = "same") -> ReplayLease:
        return ReplayLease(
            items=items,
            stream="orders",
            owner=owner,
            correction=f"of {owner}",
            contract_version="1.0.0",
            fingerprint=fingerprint,
            clock=clock,
        )

    return lease


def test_a_second_replay_waits_until_the_first_gives_its_lease_back(lease_of: Any) -> None:
    first = lease_of("first")
    assert first.acquire() is None
    with pytest.raises(ReplayRunningError, match="run first replays orders"):
        lease_of("second").acquire()
    first.release()
    assert lease_of("second").acquire() is None


def test_of_two_that_saw_the_lease_free_one_gets_it(lease_of: Any, items: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def change(wanted: Any) -> bool:
        if not seen:
            seen.append(wanted)
            lease_of("faster").acquire()
        return bool(type(items).change(items, wanted))

    monkeypatch.setattr(items, "change", change)
    with pytest.raises(ReplayRunningError, match="run faster"):
        lease_of("slower").acquire()


def test_a_lease_that_ran_out_is_taken_over_with_what_was_left(lease_of: Any, clock: Any) -> None:
    first = lease_of("first")
    first.acquire()
    first.settled()
    first.name_batch("b1", landing_days=[DAY])
    first.name_days([DAY])
    clock.now += LEASE_SECONDS + 1
    left = AbandonedBatch(
        batch_id="b1",
        run_id="first",
        correction="of first",
        contract_version="1.0.0",
        days=(DAY,),
        landing_days=(DAY,),
    )
    assert lease_of("second", "other").acquire() == left
    clock.now += LEASE_SECONDS + 1
    # The second died before it settled anything: the first's batch is still what was left.
    third = lease_of("third")
    assert third.acquire() == left
    third.settled()
    third.release()
    assert lease_of("fourth").acquire() is None


@pytest.mark.parametrize("act", ["renew", "settled", "release", "give_up"])
def test_who_was_taken_over_can_do_nothing_more(lease_of: Any, clock: Any, act: str) -> None:
    first = lease_of("first")
    first.acquire()
    clock.now += LEASE_SECONDS + 1
    lease_of("second").acquire()
    with pytest.raises(LeaseLostError):
        getattr(first, act)()


def test_a_later_try_of_a_run_takes_over_at_once_but_not_with_another_correction(lease_of: Any) -> None:
    first = lease_of("run")
    first.acquire()
    with pytest.raises(ReplayRunningError):
        lease_of("run", "other").acquire()
    lease_of("run").acquire()
    with pytest.raises(LeaseLostError):
        first.renew()


def test_a_failed_replay_leaves_its_batch_to_the_next_at_once(lease_of: Any) -> None:
    first = lease_of("first")
    first.acquire()
    first.settled()
    first.name_batch("b1", landing_days=[DAY])
    first.give_up()
    left = lease_of("second", "other").acquire()
    assert (left.batch_id, left.days) == ("b1", ())
