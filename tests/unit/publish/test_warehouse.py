"""The warehouse's record follows what readers of Redshift see, whoever died in between."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from landfall.errors import PublicationError
from landfall.publish.record import Candidate, Publication
from landfall.publish.warehouse import WarehouseStore

from tests.unit.publish.memory import MemoryCatalog, MemoryRows, MemoryTable, settings

TABLES = {"dwh_fct_payments": "warehouse.dwh_fct_payments", "dwh_dim_dates": "warehouse.dwh_dim_dates"}


class Killed(BaseException):
    """Stands for a process that ends between two steps."""


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def rows() -> MemoryRows:
    return MemoryRows(*TABLES)


@pytest.fixture
def catalog() -> MemoryCatalog:
    return MemoryCatalog({})


@pytest.fixture
def store(table: MemoryTable, rows: MemoryRows, catalog: MemoryCatalog) -> WarehouseStore:
    return WarehouseStore(settings(), "warehouse", rows=rows, table=table, catalog=catalog)  # type: ignore[arg-type]


def frozen(store: WarehouseStore, built_from: int = 4) -> Candidate:
    return store.freeze_built("warehouse", TABLES, built_from=built_from)


def publish(store: WarehouseStore, candidate: Candidate, run: str = "run") -> Publication:
    return store.publish(candidate, gate="gate", contract_versions={}, cause_run_id=run)


def test_a_publication_says_which_lake_it_was_built_from_and_where_readers_find_it(
    store: WarehouseStore, rows: MemoryRows, catalog: MemoryCatalog
) -> None:
    rows.build(lake_version=4)
    published = publish(store, frozen(store))
    assert (published.version, published.built_from) == (1, 4)
    assert published.datasets["dwh_fct_payments"].table == "published_warehouse.dwh_fct_payments"
    assert store.current("warehouse") == published == rows.seen
    assert not catalog.tables


def test_a_retry_does_not_publish_twice_and_nothing_built_is_nothing_new(
    store: WarehouseStore, rows: MemoryRows
) -> None:
    rows.build(lake_version=4)
    candidate = frozen(store)
    assert publish(store, candidate).version == 1
    assert publish(store, candidate).version == 1
    assert publish(store, frozen(store), "again").version == 1
    rows.build(lake_version=5)
    assert publish(store, frozen(store, 5), "next").version == 2


def test_the_same_lake_built_again_to_the_same_rows_is_no_new_version(store: WarehouseStore, rows: MemoryRows) -> None:
    rows.build(lake_version=4)
    publish(store, frozen(store))
    rows.build(lake_version=4)
    rows.changing = False
    assert publish(store, frozen(store), "again").version == 1
    rows.build(lake_version=5)
    assert publish(store, frozen(store, 5), "of another lake").version == 2
    rows.build(lake_version=5)
    rows.changing = True
    assert publish(store, frozen(store, 5), "of other models").version == 3


def test_a_candidate_survives_the_way_between_tasks(store: WarehouseStore, rows: MemoryRows) -> None:
    rows.build(lake_version=4)
    candidate = frozen(store)
    assert Candidate.from_json(json.loads(json.dumps(candidate.to_json()))) == candidate


def test_a_build_changes_the_candidate(store: WarehouseStore, rows: MemoryRows) -> None:
    rows.build(lake_version=4)
    before = frozen(store)
    rows.build(lake_version=4, only="dwh_dim_dates")
    assert frozen(store) != before


def test_a_table_that_another_lake_version_built_or_nobody_is_no_candidate(
    store: WarehouseStore, rows: MemoryRows
) -> None:
    rows.build(lake_version=4, only="dwh_dim_dates")
    with pytest.raises(PublicationError, match="dwh_fct_payments was never built"):
        frozen(store)
    rows.build(lake_version=5, only="dwh_fct_payments")
    with pytest.raises(PublicationError, match="dwh_dim_dates was last built from lake version 4, the others from 5"):
        frozen(store, 5)


@pytest.mark.parametrize("repair", ["begin", "retry"])
def test_the_record_follows_readers_after_its_publisher_died(
    store: WarehouseStore, rows: MemoryRows, table: MemoryTable, repair: str
) -> None:
    rows.build(lake_version=4)
    candidate = frozen(store)
    table.before_move = _die
    with pytest.raises(Killed):
        publish(store, candidate)
    assert (store.current("warehouse"), rows.seen is None) == (None, False)
    table.before_move = lambda: None
    found = store.recover("warehouse") if repair == "begin" else publish(store, candidate)
    assert found == store.current("warehouse") == rows.seen
    assert found is not None
    assert found.version == 1


def test_a_candidate_audited_before_that_repair_is_audited_again(
    store: WarehouseStore, rows: MemoryRows, table: MemoryTable
) -> None:
    rows.build(lake_version=4)
    candidate = frozen(store)
    table.before_move = _die
    with pytest.raises(Killed):
        publish(store, candidate, "dead")
    table.before_move = lambda: None
    rows.build(lake_version=4)
    with pytest.raises(PublicationError, match="audited against version 0"):
        publish(store, frozen_against_nothing(store), "other")


def test_readers_ahead_of_a_record_that_cannot_follow_are_named(
    store: WarehouseStore, rows: MemoryRows, table: MemoryTable
) -> None:
    rows.build(lake_version=4)
    published = publish(store, frozen(store))
    assert published.published_at.utcoffset() == timedelta(0)
    table.items.clear()
    table.move_current = lambda *_, **__: False  # type: ignore[method-assign]
    with pytest.raises(PublicationError, match="see version 1, and the record can't follow it from 0"):
        store.recover("warehouse")


def frozen_against_nothing(store: WarehouseStore) -> Candidate:
    """Return the candidate as somebody froze it who saw no version."""
    candidate = frozen(store)
    assert candidate.base_version == 0
    return candidate


def _die() -> None:
    raise Killed
