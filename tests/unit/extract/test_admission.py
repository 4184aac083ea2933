"""Admission: a request is pinned to what is published, and its id belongs to one customer, run and request."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from landfall.aws import s3
from landfall.errors import ExtractEndedError, RequestError
from landfall.extract import admission as module
from landfall.extract import store
from landfall.extract.admission import Admission, admit
from landfall.extract.store import ExtractStore
from landfall.publish.publication import Publication, PublishedDataset
from landfall.settings import Settings

from tests.unit.extract.memory import MemoryBuckets, MemoryItems

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
    _publish(monkeypatch, PUBLICATION)
    return items


def _publish(monkeypatch: pytest.MonkeyPatch, publication: Publication | None) -> None:
    class Store:
        def __init__(self, settings: Settings) -> None:
            pass

        def current(self, group: str) -> Publication | None:
            return publication

    monkeypatch.setattr(module, "PublicationStore", Store)


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
    assert table.items == {}
