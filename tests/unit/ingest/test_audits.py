"""Rows are audited once, by whichever run comes first, and a run that failed stays red for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from landfall.ingest.audits import SHARED_SECONDS, OwedAudit, OwedAudits, are_worth_a_gate
from landfall.ingest.ledger import LEASE_SECONDS

DAYS = (date(2026, 11, 20), date(2026, 11, 18))


@pytest.fixture
def audits_of(items: Any, clock: Any) -> Callable[[str], OwedAudits]:
    return lambda owner: OwedAudits(items=items, stream="orders", owner=owner, clock=clock)


def batches(audits: OwedAudits) -> list[str]:
    return [audit.batch_id for audit in audits.due()]


def test_a_batch_is_due_when_it_is_closed(audits_of: Any, clock: Any) -> None:
    audits = audits_of("run-1")
    audits.owe("b", DAYS)
    assert batches(audits) == []
    audits.make_due("b")
    assert audits.due() == (
        OwedAudit(batch_id="b", first_day=date(2026, 11, 18), last_day=date(2026, 11, 20), due_at=int(clock())),
    )


def test_a_batch_whose_run_died_is_due_when_its_lease_is_over(audits_of: Any, clock: Any) -> None:
    audits_of("run-1").owe("b", DAYS)
    clock.now += LEASE_SECONDS + 1
    assert batches(audits_of("run-2")) == ["b"]


def test_the_parts_of_a_batch_add_their_days(audits_of: Any) -> None:
    audits = audits_of("run-1")
    audits.owe("b", DAYS)
    audits.owe("b", [date(2026, 11, 21)])
    audits.make_due("b")
    assert [(audit.first_day, audit.last_day) for audit in audits.due()] == [(date(2026, 11, 18), date(2026, 11, 21))]


def test_what_passed_is_not_audited_again(audits_of: Any) -> None:
    audits = audits_of("run-1")
    audits.owe("b", DAYS)
    audits.make_due("b")
    audits.settle(audits.due())
    assert batches(audits_of("run-2")) == []


def test_what_failed_is_left_to_the_run_that_is_red_for_it(audits_of: Any) -> None:
    first = audits_of("run-1")
    first.owe("b", DAYS)
    first.make_due("b")
    first.keep_failed(first.due())
    assert batches(audits_of("run-2")) == []
    assert batches(first) == ["b"]


def test_runs_that_follow_landing_share_an_audit_a_minute() -> None:
    waiting = [OwedAudit(batch_id="b", first_day=DAYS[0], last_day=DAYS[0], due_at=due_at) for due_at in (100, 130)]
    assert are_worth_a_gate(waiting, now=131, shared=False)
    assert not are_worth_a_gate(waiting, now=100 + SHARED_SECONDS - 1, shared=True)
    assert are_worth_a_gate(waiting, now=100 + SHARED_SECONDS, shared=True)
    assert not are_worth_a_gate([], now=1_000, shared=False)
