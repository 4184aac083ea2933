"""Admission: a request is pinned to what is published, and its id belongs to one customer and run."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from landfall.aws import s3
from landfall.errors import RequestError
from landfall.extract import admission as module
from landfall.extract.admission import Admission, admit
from landfall.publish.publication import Publication, PublishedDataset
from landfall.settings import Settings

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
def stored(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The extracts bucket as a dictionary; version 7 is published."""
    objects: dict[str, bytes] = {}

    def write(*, bucket: str, key: str, body: bytes, content_type: str) -> None:
        objects[key] = body

    monkeypatch.setattr(s3, "read_object", lambda *, bucket, key: objects[key])
    monkeypatch.setattr(s3, "write_object", write)
    _publish(monkeypatch, PUBLICATION)
    return objects


def _publish(monkeypatch: pytest.MonkeyPatch, publication: Publication | None) -> None:
    class Store:
        def __init__(self, settings: Settings) -> None:
            pass

        def current(self, group: str) -> Publication | None:
            return publication

    monkeypatch.setattr(module, "PublicationStore", Store)


def _admit(**changes: Any) -> Admission:
    return admit({**PARAMS, **changes}, run_id="run-1", settings=SETTINGS)


def test_an_admission_is_pinned_and_survives_its_journey(stored: dict[str, bytes]) -> None:
    admission = _admit()

    assert (admission.pinned.version, admission.pinned.table) == (7, "published.ext_orders__v7")
    assert Admission.from_json(json.loads(json.dumps(admission.to_json()))) == admission
    assert json.loads(stored["index/run-1.json"])["customer_id"] == "cus_000042"


def test_an_id_belongs_to_one_customer(stored: dict[str, bytes]) -> None:
    _admit()
    _admit()  # the same again is a retry
    with pytest.raises(RequestError, match=r"extract_id: 'run-1' is taken"):
        _admit(customer_id="cus_000043")


def test_a_refused_request_leaves_nothing(stored: dict[str, bytes]) -> None:
    with pytest.raises(RequestError, match=r"^customer_id"):
        _admit(customer_id="cus_000042' or 1=1")
    assert stored == {}


@pytest.mark.parametrize("publication", [None, replace(PUBLICATION, datasets={})])
def test_what_is_not_published_is_refused(
    stored: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, publication: Publication | None
) -> None:
    _publish(monkeypatch, publication)
    with pytest.raises(RequestError, match="no published version yet"):
        _admit()
    assert stored == {}
