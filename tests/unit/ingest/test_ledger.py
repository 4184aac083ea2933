"""Who may load an object, and who no longer may."""

from __future__ import annotations

from typing import Any

import pytest
from landfall.errors import LeaseLostError
from landfall.ingest.claims import Claim, Outcome, State
from landfall.ingest.ledger import LEASE_SECONDS, Ledger

OUTCOME = Outcome(records=5, loaded=3, duplicates=1, quarantined={"not_json": 1})


def claim_all(ledger: Ledger, batch_id: str = "b1") -> tuple[Claim, ...]:
    claims = ledger.claim(ledger.claimable())
    ledger.name_batch(claims, batch_id=batch_id)
    return claims


def close(ledger: Ledger, claims: tuple[Claim, ...]) -> None:
    ledger.close(dict.fromkeys(claims, OUTCOME), batch_id="b1", contract_version="1.0.0", snapshot_id=7)


def test_an_object_is_announced_once_however_often_it_is_seen(ledger_of: Any, landed: Any) -> None:
    ledger = ledger_of("run-1")
    assert ledger.announce([landed(1), landed(2), landed(1)]) == 2
    assert ledger.announce([landed(2), landed(3)]) == 1
    assert ledger.known_keys("orders/dt=2026-11-20/") == {landed(n).key for n in (1, 2, 3)}


def test_a_second_announcement_does_not_reopen_a_loaded_object(ledger_of: Any, landed: Any) -> None:
    ledger = ledger_of("run-1")
    ledger.announce([landed(1)])
    close(ledger, claim_all(ledger))
    assert ledger.announce([landed(1)]) == 0
    assert ledger.claimable() == ()


def test_closing_records_all_that_an_auditor_needs(ledger_of: Any, landed: Any, items: Any, clock: Any) -> None:
    ledger = ledger_of("run-1")
    ledger.announce([landed(1, size=321)])
    close(ledger, claim_all(ledger))
    assert items.items["orders", landed(1).key] == {
        "stream": "orders",
        "object_key": landed(1).key,
        "state": "loaded",
        "stream_state": "orders#loaded",
        "landed_at": "2026-11-20T01:00:01.000+00:00",
        "bytes": 321,
        "attempt": 1,
        "owner": "run-1",
        "batch_id": "b1",
        "records": 5,
        "loaded": 3,
        "duplicates": 1,
        "quarantined": {"not_json": 1},
        "contract_version": "1.0.0",
        "raw_snapshot_id": 7,
        "closed_at": int(clock()),
    }


def test_of_two_runs_that_saw_an_object_open_one_claims_it(ledger_of: Any, landed: Any) -> None:
    first, second = ledger_of("run-1"), ledger_of("run-2")
    first.announce([landed(1), landed(2)])
    seen_by_second = second.claimable()
    assert len(claim_all(first)) == 2
    assert second.claim(seen_by_second) == ()


def test_a_run_gets_those_of_its_objects_that_another_has_not_claimed(ledger_of: Any, landed: Any) -> None:
    first, second = ledger_of("run-1"), ledger_of("run-2")
    first.announce([landed(1), landed(2)])
    seen_by_second = second.claimable()
    first.claim([entry for entry in first.claimable() if entry.landed == landed(1)])
    assert [claim.landed for claim in second.claim(seen_by_second)] == [landed(2)]


def test_a_try_whose_batch_was_named_since_it_was_seen_cannot_be_followed_unawares(ledger_of: Any, landed: Any) -> None:
    """Or nobody would clear that batch's scratch table away: the next name takes the place of this one."""
    ledger = ledger_of("run-1")
    ledger.announce([landed(1)])
    claims = ledger.claim(ledger.claimable())
    seen_by_the_next_try = ledger.claimable()
    ledger.name_batch(claims, batch_id="b1")
    assert ledger.claim(seen_by_the_next_try) == ()
    assert [entry.batch_id for entry in ledger.claimable()] == ["b1"]


def test_a_lease_holds_until_it_ends_and_then_anyone_takes_over(ledger_of: Any, landed: Any, clock: Any) -> None:
    first, second = ledger_of("run-1"), ledger_of("run-2")
    first.announce([landed(1)])
    claim_all(first)
    clock.now += LEASE_SECONDS
    assert second.claimable() == ()
    clock.now += 1
    assert [claim.attempt for claim in claim_all(second, "b2")] == [2]


def test_renewing_prolongs_a_lease(ledger_of: Any, landed: Any, clock: Any) -> None:
    first, second = ledger_of("run-1"), ledger_of("run-2")
    first.announce([landed(1)])
    claims = claim_all(first)
    clock.now += LEASE_SECONDS - 1
    first.renew(claims)
    clock.now += LEASE_SECONDS - 1
    assert second.claimable() == ()


@pytest.mark.parametrize("act", [lambda ledger, claims: ledger.renew(claims), close])
def test_a_zombie_can_neither_renew_nor_close(ledger_of: Any, landed: Any, clock: Any, items: Any, act: Any) -> None:
    zombie, heir = ledger_of("run-1"), ledger_of("run-2")
    zombie.announce([landed(1)])
    lost = claim_all(zombie)
    clock.now += LEASE_SECONDS + 1
    claim_all(heir, "b2")
    before = dict(items.items["orders", landed(1).key])
    with pytest.raises(LeaseLostError, match=r"run-1.*orders-00001\.gz"):
        act(zombie, lost)
    assert items.items["orders", landed(1).key] == before


def test_an_earlier_try_of_the_same_run_is_a_zombie_too(ledger_of: Any, landed: Any) -> None:
    first_try, second_try = ledger_of("run-1"), ledger_of("run-1")
    first_try.announce([landed(1)])
    lost = claim_all(first_try)
    assert len(claim_all(second_try, "b2")) == 1
    with pytest.raises(LeaseLostError):
        close(first_try, lost)


def test_a_zombie_cannot_close_what_its_heir_closed(ledger_of: Any, landed: Any, clock: Any, items: Any) -> None:
    zombie, heir = ledger_of("run-1"), ledger_of("run-2")
    zombie.announce([landed(1)])
    lost = claim_all(zombie)
    clock.now += LEASE_SECONDS + 1
    close(heir, claim_all(heir, "b2"))
    with pytest.raises(LeaseLostError):
        close(zombie, lost)
    zombie.give_back(lost)
    assert items.items["orders", landed(1).key]["state"] == State.LOADED


def test_a_given_back_object_is_claimable_at_once(ledger_of: Any, landed: Any) -> None:
    first, second = ledger_of("run-1"), ledger_of("run-2")
    first.announce([landed(1)])
    first.give_back(claim_all(first))
    (entry,) = second.claimable()
    assert (entry.state, entry.attempt, entry.batch_id) == (State.LANDED, 1, "b1")


def test_a_failed_object_is_claimed_only_when_asked_for(ledger_of: Any, landed: Any, items: Any) -> None:
    ledger = ledger_of("run-1")
    ledger.announce([landed(1)])
    (claim,) = claim_all(ledger)
    ledger.fail(claim, error="no gzip")
    assert items.items["orders", landed(1).key]["error"] == "no gzip"
    assert ledger.claimable() == ()
    (entry,) = ledger.claimable(retry_failed=True)
    assert len(ledger.claim([entry])) == 1
    assert "error" not in items.items["orders", landed(1).key]


def test_hundreds_of_objects_move_in_few_requests(ledger_of: Any, landed: Any, items: Any) -> None:
    ledger = ledger_of("run-1")
    ledger.announce([landed(n) for n in range(250)])
    close(ledger, claim_all(ledger))
    assert items.requests == 12
    assert {item["state"] for item in items.items.values()} == {"loaded"}


def test_only_open_objects_are_looked_at(ledger_of: Any, landed: Any, items: Any) -> None:
    ledger = ledger_of("run-1")
    ledger.announce([landed(n) for n in range(3)])
    close(ledger, claim_all(ledger))
    ledger.announce([landed(9)])
    assert [entry.landed for entry in ledger.claimable()] == [landed(9)]


def test_the_mark_of_the_listing_moves_from_what_it_was(ledger_of: Any) -> None:
    ledger = ledger_of("run-1")
    assert ledger.mark() is None
    ledger.move_mark("2026-11-20", previous=None)
    ledger.move_mark("2026-11-01", previous=None)
    assert ledger.mark() == "2026-11-20"
    ledger.move_mark("2026-11-21", previous="2026-11-20")
    assert ledger.mark() == "2026-11-21"
    assert ledger.claimable() == ()


def test_a_view_from_before_another_claim_is_worth_nothing(ledger_of: Any, landed: Any) -> None:
    first, second = ledger_of("run-1"), ledger_of("run-1")
    first.announce([landed(1)])
    stale = second.claimable()
    first.give_back(claim_all(first))
    assert second.claim(stale) == ()
