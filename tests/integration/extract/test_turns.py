"""Turns and quotas on DynamoDB itself, and an unload that is taken up again after its wait."""

from __future__ import annotations

import gzip
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from landfall.aws import s3
from landfall.aws.dynamodb import ItemTable
from landfall.contracts.limits import CustomerLimits, Limits
from landfall.errors import NoSlotError, QuotaError
from landfall.extract.door.pinning import Admission
from landfall.extract.engines import attempt
from landfall.extract.engines.attempt import AttemptStatements, StillRunningError
from landfall.extract.engines.unload import Unloaded, unload
from landfall.extract.files.layout import attempt_prefix
from landfall.extract.records import store as store_module
from landfall.extract.records.slots import LARGE, Slots
from landfall.extract.records.store import ExtractStore
from landfall.extract.run.admission import _entered
from landfall.settings import Settings

LIMITS = Limits(
    default=CustomerLimits(at_once=3, under_way=8, per_day=20), exceptions={}, large_rows=9, large_at_once=1
)


@pytest.fixture
def slots(settings: Settings) -> Slots:
    """Slots in the table of extracts, with small limits."""
    return Slots(ItemTable(name=settings.extract_table), LIMITS)


@pytest.fixture
def customer() -> str:
    """A customer of this test alone."""
    return f"cus_{uuid.uuid4().int % 1_000_000:06d}"


def _register(slots: Slots, customer: str, count: int) -> list[str]:
    ids = [f"run-{customer}-{n}" for n in range(count)]
    for extract_id in ids:
        # Who holds a slot must be under way; the record is of no other use here.
        slots.table.join({"extract_id": extract_id}, "-", most=1, values={"state": "running"})  # type: ignore[attr-defined]
    return ids


def test_however_many_ask_at_once_no_more_get_in_than_may(slots: Slots, customer: str) -> None:
    ids = _register(slots, customer, 12)
    with ThreadPoolExecutor(12) as pool:
        taken = list(pool.map(lambda each: slots.take(customer, each), ids))
    assert sum(taken) == 3
    holder = ids[taken.index(True)]
    assert slots.take(customer, holder)  # the same again
    slots.give_back(customer, holder)
    slots.give_back(customer, holder)
    with ThreadPoolExecutor(12) as pool:
        again = list(pool.map(lambda each: slots.take(customer, each), [each for each in ids if each != holder]))
    assert sum(again) == 3  # two have theirs still, and one got in


def test_a_day_has_so_many_and_counts_one_that_is_asked_for_again_once(slots: Slots, customer: str) -> None:
    ids, at = _register(slots, customer, 9), datetime(2026, 11, 22, 12, tzinfo=UTC)

    def ask(extract_id: str) -> bool:
        try:
            slots.ask(customer, extract_id, asked_at=at)
        except QuotaError:
            return False
        return True

    for _ in range(2):
        with ThreadPoolExecutor(12) as pool:
            assert sum(pool.map(ask, ids)) == 8  # under way; the ninth is refused, and each of the eight counts once
    asked = slots.table.read({"extract_id": f"asked#{customer}#2026-11-22"})
    assert asked is not None and len(asked["members"]) == 8


@pytest.mark.usefixtures("nothing_finished_before")
@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_an_attempt_that_goes_on_after_its_wait_has_written_once(
    file_format: str, admitted: Callable[..., Admission], settings: Settings
) -> None:
    admission = admitted(file_format)
    run_id, store = admission.request.extract_id, ExtractStore.of(settings)
    _entered(admission.request, run_id=run_id, requested_by="staff:test", store=store, settings=settings)
    known: dict[str, str] = {}

    def go_on() -> Unloaded:
        while True:
            statements = AttemptStatements(settings=settings, known=known, seconds=0)
            try:
                return unload(admission, attempt=1, settings=settings, statements=statements)
            except StillRunningError as error:
                while not attempt.has_ended(error.statement, settings):
                    time.sleep(0.02)
            finally:
                known.update(statements.known)

    def written() -> list[s3.StoredObject]:
        prefix = attempt_prefix(admission.request, 1)
        return list(s3.list_objects(bucket=settings.extracts_bucket, prefix=prefix))

    unloaded, files = go_on(), written()
    assert files and go_on() == unloaded and written() == files
    assert unloaded.engine["statement_id"] == known["unload"].partition(":")[2]


@pytest.mark.usefixtures("nothing_finished_before")
def test_a_large_extract_that_must_wait_leaves_no_statement_and_is_whole_when_its_turn_comes(
    admitted: Callable[..., Admission], settings: Settings, slots: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    admission = admitted("csv")
    all_are_large = replace(slots, limits=replace(LIMITS, large_rows=0))
    monkeypatch.setattr(store_module, "Slots", lambda _: all_are_large)
    (other,) = _register(slots, f"large-{uuid.uuid4().hex[:8]}", 1)
    assert all_are_large.take(LARGE, other)
    begun: list[str] = []
    statements = AttemptStatements(settings=settings)
    began = statements.begin_on_redshift
    monkeypatch.setattr(statements, "begin_on_redshift", lambda *asked: begun.append(began(*asked)))
    try:
        with pytest.raises(NoSlotError):
            unload(admission, attempt=1, settings=settings, statements=statements)
    finally:
        slots.table.leave({"extract_id": f"slots#{LARGE}"}, {other})
    assert list(statements.known) == ["count"]
    assert len(begun) == 1 and attempt.has_ended(f"redshift:{begun[0]}", settings)

    again = AttemptStatements(settings=settings, known=statements.known)
    unloaded = unload(admission, attempt=1, settings=settings, statements=again)
    slots.table.leave({"extract_id": f"slots#{LARGE}"}, {admission.request.extract_id})
    files = list(s3.list_objects(bucket=settings.extracts_bucket, prefix=attempt_prefix(admission.request, 1)))
    assert len(files) == 1
    body = gzip.decompress(s3.read_object(bucket=settings.extracts_bucket, key=files[0].key))
    assert len(body.splitlines()) == 1 + unloaded.expected_rows
