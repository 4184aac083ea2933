"""A publication moves whole, once, and repairs what a crash left."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from landfall.errors import PublicationError
from landfall.publish.publication import Attempt, Candidate, Publication, PublicationStore
from landfall.settings import Settings

from tests.unit.publish.memory import MemoryCatalog, MemoryTable

TABLES = {"fct_orders": "marts.fct_orders", "ext_orders": "extracts.ext_orders"}
CONTRACTS = {"orders": "1.0.0"}


class Killed(BaseException):
    """Stands for a process that ends between two steps."""


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def catalog() -> MemoryCatalog:
    return MemoryCatalog({"marts.fct_orders": "s3://lake/o/11.json", "extracts.ext_orders": "s3://lake/e/12.json"})


@pytest.fixture
def store(table: MemoryTable, catalog: MemoryCatalog) -> PublicationStore:
    settings = Settings.from_environment(
        {name: "x" for name in ("AWS_REGION", *(f"LANDFALL_{field.upper()}" for field in Settings.__annotations__))}
    )
    return PublicationStore(settings, table=table, catalog=catalog)  # type: ignore[arg-type]


def publish(store: PublicationStore, candidate: Candidate, run: str = "run") -> Publication:
    return store.publish(candidate, gate="lake_candidate: 3 of 3 passed", contract_versions=CONTRACTS, cause_run_id=run)


def advance(catalog: MemoryCatalog) -> None:
    catalog.tables["marts.fct_orders"] = "s3://lake/o/21.json"


def test_nothing_is_current_before_the_first_publication(store: PublicationStore) -> None:
    assert store.current("lake") is None


def test_a_publication_pins_every_dataset_to_the_audited_snapshot(
    store: PublicationStore, catalog: MemoryCatalog
) -> None:
    candidate = store.freeze("lake", TABLES)
    advance(catalog)  # the table moves on while it is audited
    published = publish(store, candidate)
    assert published.version == 1
    assert published.datasets["fct_orders"].table == "published.fct_orders__v1"
    assert published.datasets["fct_orders"].snapshot_id == 11
    assert catalog.tables["published.fct_orders__v1"] == "s3://lake/o/11.json"
    assert catalog.tables["published.fct_orders"] == "s3://lake/o/11.json"
    assert store.current("lake") == published == store.version("lake", 1)


def test_an_unchanged_candidate_keeps_the_version(store: PublicationStore, table: MemoryTable) -> None:
    first = publish(store, store.freeze("lake", TABLES), "first")
    assert publish(store, store.freeze("lake", TABLES), "second") == first
    assert ("lake", "0000000002") not in table.items


def test_one_changed_dataset_makes_a_version_of_all(store: PublicationStore, catalog: MemoryCatalog) -> None:
    publish(store, store.freeze("lake", TABLES))
    advance(catalog)
    second = publish(store, store.freeze("lake", TABLES), "second")
    assert second.version == 2
    assert catalog.tables["published.ext_orders__v2"] == catalog.tables["published.ext_orders__v1"]
    assert catalog.tables["published.fct_orders__v1"] == "s3://lake/o/11.json"


def test_of_two_publishers_one_wins_and_the_other_is_told(
    store: PublicationStore, table: MemoryTable, catalog: MemoryCatalog
) -> None:
    slow = store.freeze("lake", TABLES)
    advance(catalog)
    fast = store.freeze("lake", TABLES)

    def overtake() -> None:
        table.before_move = lambda: None
        publish(store, fast, "fast")

    table.before_move = overtake
    with pytest.raises(PublicationError, match="another publication moved it"):
        publish(store, slow, "slow")
    current = store.current("lake")
    assert current is not None
    assert current.cause_run_id == "fast"
    assert "published.fct_orders__v1" not in catalog.tables
    assert catalog.tables["published.fct_orders"] == "s3://lake/o/21.json"


def test_a_candidate_audited_against_an_older_version_is_refused(
    store: PublicationStore, catalog: MemoryCatalog
) -> None:
    stale = store.freeze("lake", TABLES)
    advance(catalog)
    publish(store, store.freeze("lake", TABLES), "fast")
    with pytest.raises(PublicationError, match="audited against version 0"):
        publish(store, stale, "slow")


def test_a_crash_before_the_record_moves_leaves_readers_where_they_were(
    store: PublicationStore, table: MemoryTable, catalog: MemoryCatalog
) -> None:
    publish(store, store.freeze("lake", TABLES), "first")
    advance(catalog)

    def die() -> None:
        table.before_move = lambda: None
        raise Killed

    table.before_move = die
    with pytest.raises(Killed):
        publish(store, store.freeze("lake", TABLES), "second")
    assert catalog.tables["published.fct_orders"] == "s3://lake/o/11.json"
    assert catalog.tables["published.fct_orders__v2"] == "s3://lake/o/21.json"
    again = publish(store, store.freeze("lake", TABLES), "second")
    assert again.version == 3
    assert "published.fct_orders__v2" not in catalog.tables, "what the dead publisher left is swept"
    assert table.items["lake", "0000000002"]["state"] == "abandoned"
    with pytest.raises(PublicationError, match="no published version 2"):
        store.version("lake", 2)


def test_a_crash_before_the_pointers_move_is_repaired_by_the_retry(
    store: PublicationStore, catalog: MemoryCatalog
) -> None:
    publish(store, store.freeze("lake", TABLES), "first")
    advance(catalog)
    candidate = store.freeze("lake", TABLES)

    def die() -> None:
        catalog.before_point = lambda: None
        raise Killed

    catalog.before_point = die
    with pytest.raises(Killed):
        publish(store, candidate, "second")
    assert catalog.tables["published.fct_orders"] == "s3://lake/o/11.json"
    assert publish(store, candidate, "second").version == 2
    assert catalog.tables["published.fct_orders"] == "s3://lake/o/21.json"


def test_a_candidate_survives_the_way_between_tasks(store: PublicationStore) -> None:
    candidate = store.freeze("lake", TABLES)
    assert Candidate.from_json(json.loads(json.dumps(candidate.to_json()))) == candidate


def test_an_attempt_is_kept_by_its_cause(store: PublicationStore) -> None:
    running = Attempt(group="lake", cause="manual__2026-11-20T00:00:00+00:00", state="running", run_id="asset__1")
    store.record_attempt(running)
    failed = replace(running, state="failed", detail="run asset__1 failed in audit_marts")
    store.record_attempt(failed)
    assert store.attempt("lake", running.cause) == failed
    assert store.attempt("warehouse", running.cause) is None
