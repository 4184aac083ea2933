"""Admission: a request is pinned to what is published, and its id belongs to one customer, run and request."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from landfall.aws import s3
from landfall.contracts.limits import CustomerLimits, Limits
from landfall.errors import DataHeldError, ExtractEndedError, NoSlotError, QuotaError, RequestError
from landfall.extract.delivery import register
from landfall.extract.door import pinning
from landfall.extract.door.pinning import Admission
from landfall.extract.records import store
from landfall.extract.records.ending import end
from landfall.extract.records.slots import Slots
from landfall.extract.records.store import ExtractStore
from landfall.extract.run import admission as module
from landfall.extract.run.admission import admit
from landfall.extract.run.course import judged
from landfall.notify import events
from landfall.publish.last_gate import LastGate
from landfall.publish.publication import Publication, PublishedDataset
from landfall.settings import Settings

from tests.unit.extract.memory import MemoryBuckets, MemoryItems, MemoryRegister

PARAMS = {"customer_id": "cus_000042", "product": "orders", "format": "csv", "from_date": None, "to_date": None}
SETTINGS = Settings(**dict.fromkeys(Settings.__dataclass_fields__, "x"))
PUBLICATION = Publication(
    group="lake",
    version=7,
    datasets={
        "ext_orders": PublishedDataset(table="published.ext_orders__v7", snapshot_id=5, metadata_location="s3://m")
    },
    gate="lake_candidate: 9 of 9 passed",
    contract_versions={"orders": "1.0.0"},
    cause_run_id="nightly",
    published_at=datetime(2026, 11, 20, tzinfo=UTC),
)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> MemoryItems:
    """The table of extracts in memory; version 7 is published."""
    items, buckets = MemoryItems(), MemoryBuckets()
    monkeypatch.setattr(store, "ItemTable", lambda *, name: items)
    monkeypatch.setattr(s3, "write_new_object", buckets.write_new_object)
    monkeypatch.setattr(events, "announce", lambda **values: None)
    _publish(monkeypatch, PUBLICATION)
    return items


def _publish(
    monkeypatch: pytest.MonkeyPatch, publication: Publication | None, last_gate: LastGate | None = None
) -> None:
    class Store:
        def __init__(self, settings: Settings) -> None:
            pass

        def current(self, group: str) -> Publication | None:
            return publication

        def last_gate(self, group: str) -> LastGate | None:
            return last_gate

    monkeypatch.setattr(pinning, "PublicationStore", Store)


def _admit(**changes: Any) -> Admission:
    return admit({**PARAMS, **changes}, run_id="run-1", settings=SETTINGS, requested_by="staff:ada")


def test_an_admission_is_pinned_and_survives_its_journey(table: MemoryItems) -> None:
    admission = _admit()

    assert (admission.pinned.version, admission.pinned.table) == (7, "published.ext_orders__v7")
    assert Admission.from_json(json.loads(json.dumps(admission.to_json()))) == admission
    record = ExtractStore(table).read("run-1")
    assert record is not None
    assert (record.customer_id, record.state, record.version) == ("cus_000042", "running", 7)
    assert record.requested_by == "staff:ada"


def test_an_id_belongs_to_one_customer(table: MemoryItems) -> None:
    _admit()
    _admit()  # the same again is a retry
    with pytest.raises(RequestError, match=r"extract_id: 'run-1' is taken"):
        _admit(customer_id="cus_000043")
    with pytest.raises(RequestError, match=r"extract_id: 'run-1' is taken"):
        _admit(from_date="2026-11-02")


def test_a_request_of_the_api_is_taken_up_and_keeps_who_asked(table: MemoryItems) -> None:
    _admit()
    table.items["run-1"].update(state="queued", requested_by="key:abc", pii=False)

    _admit()

    item = table.items["run-1"]
    assert (item["state"], item["requested_by"], item["pii"]) == ("running", "key:abc", False)


@pytest.mark.parametrize("state", ["cancelled", "deleted", "expired"])
def test_an_extract_that_has_ended_is_not_begun_again(table: MemoryItems, state: str) -> None:
    _admit()
    table.items["run-1"]["state"] = state
    with pytest.raises(ExtractEndedError, match=f"run-1 is {state}"):
        _admit()
    assert table.items["run-1"]["state"] == state


def test_the_run_of_a_done_extract_may_be_cleared_and_changes_nothing(table: MemoryItems) -> None:
    _admit()
    table.items["run-1"]["state"] = "done"
    _admit()
    assert table.items["run-1"]["state"] == "done"


def test_a_refused_request_leaves_nothing(table: MemoryItems) -> None:
    with pytest.raises(RequestError, match=r"^customer_id"):
        _admit(customer_id="cus_000042' or 1=1")
    assert table.items == {}


@pytest.mark.parametrize("publication", [None, replace(PUBLICATION, datasets={})])
def test_what_is_not_published_is_refused(
    table: MemoryItems, monkeypatch: pytest.MonkeyPatch, publication: Publication | None
) -> None:
    _publish(monkeypatch, publication)
    with pytest.raises(RequestError, match="no published version yet"):
        _admit()
    assert table.items["run-1"]["state"] == "queued"  # until Airflow's callback tells of the failure


def _admit_run(run_id: str, customer_id: str = "cus_000042") -> Admission:
    params = {**PARAMS, "customer_id": customer_id}
    return admit(params, run_id=run_id, settings=SETTINGS, requested_by="staff:ada")


def test_one_more_than_may_run_waits_for_its_turn_and_no_other_customer_does(table: MemoryItems) -> None:
    records = ExtractStore(table)
    most = records.slots.limits.default.at_once
    for number in range(most):
        _admit_run(f"run-{number}")
    with pytest.raises(NoSlotError, match="cus_000042"):
        _admit_run("late")
    late = records.read("late")
    assert late is not None and (late.state, late.step) == ("queued", module.WAITING)
    _admit_run("other", customer_id="cus_000043")

    end(records, "run-0", "done", settings=SETTINGS)

    _admit_run("late")
    assert table.items["late"]["state"] == "running"


def test_an_extract_that_waits_is_pinned_to_what_is_published_when_its_turn_comes(
    table: MemoryItems, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = ExtractStore(table)
    for number in range(records.slots.limits.default.at_once):
        _admit_run(f"run-{number}")
    with pytest.raises(NoSlotError):
        _admit_run("late")
    _publish(monkeypatch, replace(PUBLICATION, version=8))
    end(records, "run-0", "cancelled", settings=SETTINGS)
    assert _admit_run("late").pinned.version == 8


def test_a_run_that_failed_and_is_cleared_takes_its_turn_again(table: MemoryItems) -> None:
    _admit()
    end(ExtractStore(table), "run-1", "failed", settings=SETTINGS, cause="the engine failed")
    assert "members" not in table.items["slots#cus_000042"]
    _admit()
    assert table.items["slots#cus_000042"]["members"] == {"run-1"}
    assert table.items["run-1"]["state"] == "running"


@pytest.mark.parametrize("is_tried_again", [False, True])
def test_what_the_api_has_counted_is_counted_again_when_it_is_queued_again(
    is_tried_again: bool, table: MemoryItems
) -> None:
    at = "2026-11-20T00:00:00.000000+00:00"
    _admit()
    made = ExtractStore(table).read("run-1")
    assert made is not None
    table.items.clear()
    extracts = ExtractStore(table)
    extracts.create(
        replace(made, state="queued", requested_at=at, changed_at=at, version=None, step=None, idempotency_hash="h")
    )
    if is_tried_again:
        extracts.move("run-1", "failed", cause="x")
        # By staff, who count nothing.
        extracts.move("run-1", "queued")
    _admit()
    counted = table.items.get("under_way#cus_000042", {}).get("members", set())
    assert counted == ({"run-1"} if is_tried_again else set())
    assert table.items["slots#cus_000042"]["members"] == {"run-1"}


def test_one_more_than_a_customers_day_has_is_refused(table: MemoryItems) -> None:
    limits = Limits(
        default=CustomerLimits(at_once=9, under_way=9, per_day=1), exceptions={}, large_rows=9, large_at_once=1
    )
    slots = Slots(table, limits)
    at = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    slots.ask("cus_000042", "run-1", asked_at=at)
    slots.ask("cus_000042", "run-1", asked_at=at)  # the same again counts once
    with pytest.raises(QuotaError, match="1 extracts a day") as refused:
        slots.ask("cus_000042", "run-2", asked_at=at)
    assert refused.value.retry_after == 3601
    slots.ask("cus_000042", "run-2", asked_at=at + timedelta(hours=1))


def test_one_more_than_may_be_under_way_is_refused_and_does_not_count_for_the_day(table: MemoryItems) -> None:
    limits = Limits(
        default=CustomerLimits(at_once=9, under_way=1, per_day=2), exceptions={}, large_rows=9, large_at_once=1
    )
    slots, at = Slots(table, limits), datetime(2026, 11, 22, tzinfo=UTC)
    slots.ask("cus_000042", "run-1", asked_at=at)
    table.items["run-1"] = {"extract_id": "run-1", "state": "running"}
    for _ in range(3):
        with pytest.raises(QuotaError, match="1 extracts are under way"):
            slots.ask("cus_000042", "run-2", asked_at=at)
    slots.give_back("cus_000042", "run-1")
    slots.ask("cus_000042", "run-2", asked_at=at)


def test_the_slot_of_an_extract_that_died_is_found_by_the_next_who_wants_it(table: MemoryItems) -> None:
    slots = ExtractStore(table).slots
    for number in range(slots.limits.default.at_once):
        _admit_run(f"run-{number}")
    table.items["run-1"]["state"] = "failed"  # and its slot was not given back
    table.items["late"] = {"extract_id": "late", "state": "queued"}
    assert slots.take("cus_000042", "late")
    assert not slots.take("cus_000042", "later")


def test_few_large_extracts_run_at_once_and_small_ones_do_not_wait_for_them(table: MemoryItems) -> None:
    slots = ExtractStore(table).slots
    for number in range(slots.limits.large_at_once):
        _admit_run(f"run-{number}", customer_id=f"cus_00000{number}")
        slots.take_if_large(f"run-{number}", rows=slots.limits.large_rows + 1)
    with pytest.raises(NoSlotError, match="large"):
        slots.take_if_large("late", rows=slots.limits.large_rows + 1)
    slots.take_if_large("small", rows=slots.limits.large_rows)


TURNED_DOWN = LastGate(
    group="lake",
    verdict="stopped",
    broken=("extracts.ext_orders",),
    run_id="nightly-2",
    at=PUBLICATION.published_at + timedelta(hours=1),
)


def test_while_newer_data_did_not_pass_their_gate_the_last_good_version_is_served_and_said_so(
    table: MemoryItems, monkeypatch: pytest.MonkeyPatch
) -> None:
    _publish(monkeypatch, PUBLICATION, TURNED_DOWN)
    admission = _admit()
    assert admission.pinned.version == 7
    assert admission.to_json()["pinned"]["turned_down"] == {"verdict": "stopped", "at": "2026-11-20T01:00:00+00:00"}
    record = ExtractStore(table).read("run-1")
    assert record is not None and record.notice == (
        "cut from version 7, the last that passed its gate: newer data did not pass theirs at 2026-11-20T01:00:00+00:00"
    )


def test_a_contract_may_have_an_extract_held_while_newer_data_did_not_pass(
    table: MemoryItems, monkeypatch: pytest.MonkeyPatch
) -> None:
    products = {name: replace(each, when_gate_fails="refuse") for name, each in pinning.load_products().items()}
    monkeypatch.setattr(pinning, "load_products", lambda: products)
    _publish(monkeypatch, PUBLICATION, TURNED_DOWN)
    with pytest.raises(DataHeldError, match="the newest data of 'orders' did not pass their gate") as refused:
        _admit()
    assert judged(refused.value) == ("held", str(refused.value))
    assert end(ExtractStore(table), "run-1", "held", settings=SETTINGS)[0]


@pytest.mark.parametrize(
    "last", [replace(TURNED_DOWN, verdict="passed"), replace(TURNED_DOWN, at=PUBLICATION.published_at)]
)
def test_a_gate_that_passed_or_came_before_the_version_says_nothing_of_it(
    table: MemoryItems, monkeypatch: pytest.MonkeyPatch, last: LastGate
) -> None:
    _publish(monkeypatch, PUBLICATION, last)
    assert _admit().pinned.notice is None


def test_a_destination_is_pinned_with_what_is_behind_it_and_anothers_is_refused(
    table: MemoryItems, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = MemoryRegister()
    monkeypatch.setattr(register, "ItemTable", lambda *, name: found)
    made = {"created_at": "2026-11-22", "created_by": "cli:ada", "kms_key_arn": "arn:aws:kms:x:1:key/y"}
    for customer, name in (("cus_000042", "own"), ("cus_000043", "theirs")):
        found.items[customer, name] = {"customer_id": customer, "name": name, **made}
    assert _admit(destination="own").key_arn == "arn:aws:kms:x:1:key/y"
    for name in ("theirs", "nobodys"):
        with pytest.raises(RequestError, match=rf"^destination: '{name}' is none that staff have registered for this"):
            admit({**PARAMS, "destination": name}, run_id=f"run-{name}", settings=SETTINGS, requested_by="staff:ada")
        assert store.ExtractStore.of(SETTINGS).read(f"run-{name}") is None
