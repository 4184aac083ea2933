"""A rollback is a version of its own, on record, and is not undone by the next night."""

from __future__ import annotations

from dataclasses import replace

import pytest
from landfall.errors import PublicationError, RequestError
from landfall.publish.publication import Publication, PublicationStore
from landfall.publish.rollback import must_build_anew, release, roll_back
from landfall.publish.warehouse import WarehouseStore

from tests.unit.publish.memory import MemoryCatalog, MemoryRows, MemoryTable, settings

TABLES = {"fct_orders": "marts.fct_orders", "ext_orders": "extracts.ext_orders"}
WAREHOUSE = {"dwh_fct_payments": "warehouse.dwh_fct_payments"}


@pytest.fixture
def catalog() -> MemoryCatalog:
    return MemoryCatalog({"marts.fct_orders": "s3://lake/o/11.json", "extracts.ext_orders": "s3://lake/e/12.json"})


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def store(table: MemoryTable, catalog: MemoryCatalog) -> PublicationStore:
    return PublicationStore(settings(), table=table, catalog=catalog)  # type: ignore[arg-type]


@pytest.fixture
def rows() -> MemoryRows:
    return MemoryRows(*WAREHOUSE)


@pytest.fixture
def warehouse(table: MemoryTable, catalog: MemoryCatalog, rows: MemoryRows) -> WarehouseStore:
    return WarehouseStore(settings(), "warehouse", rows=rows, table=table, catalog=catalog)  # type: ignore[arg-type]


def publish(store: PublicationStore, run: str) -> Publication:
    return store.publish(store.freeze("lake", TABLES), gate="gate", contract_versions={}, cause_run_id=run)


def publish_warehouse(warehouse: WarehouseStore, rows: MemoryRows, *, built_from: int) -> Publication:
    rows.build(lake_version=built_from)
    candidate = warehouse.freeze_built("warehouse", WAREHOUSE, built_from=built_from)
    return warehouse.publish(candidate, gate="gate", contract_versions={}, cause_run_id=f"from_{built_from}")


@pytest.fixture
def bad(store: PublicationStore, catalog: MemoryCatalog) -> Publication:
    """Version 2, which passed its gate and is wrong nevertheless."""
    publish(store, "good")
    catalog.tables["marts.fct_orders"] = "s3://lake/o/21.json"
    return publish(store, "bad")


def back(store: PublicationStore, to: int = 1, **told: object) -> Publication:
    return roll_back(store, "lake", to_version=to, who="ada", why="doubled", cause_run_id="run", **told)  # type: ignore[arg-type]


@pytest.mark.usefixtures("bad")
def test_readers_get_the_older_content_as_a_new_version_through_every_door(
    store: PublicationStore, catalog: MemoryCatalog
) -> None:
    moved = back(store)
    assert moved.version == 3
    assert store.current("lake") == moved == store.version("lake", 3)
    assert moved.same_content(store.version("lake", 1).datasets)
    assert catalog.tables["published.fct_orders__v3"] == catalog.tables["published.fct_orders"] == "s3://lake/o/11.json"
    assert moved.rollback is not None
    assert (moved.rollback.to_version, moved.rollback.withdrawn) == (1, (2,))
    assert (moved.rollback.who, moved.rollback.why) == ("ada", "doubled")


@pytest.mark.usefixtures("bad")
def test_a_rollback_asked_for_twice_makes_one_version(store: PublicationStore) -> None:
    assert back(store) == back(store)


@pytest.mark.usefixtures("bad")
def test_nothing_is_published_after_a_rollback_until_somebody_releases_the_group(
    store: PublicationStore, catalog: MemoryCatalog
) -> None:
    back(store)
    catalog.tables["marts.fct_orders"] = "s3://lake/o/31.json"
    with pytest.raises(PublicationError, match="ada rolled group 'lake' back to version 1: doubled"):
        publish(store, "next")
    released = release(store, "lake", who="bob", why="mended")
    assert store.current("lake") == released == store.version("lake", 3)
    assert publish(store, "next").version == 4
    with pytest.raises(RequestError, match="not held"):
        release(store, "lake", who="bob", why="again")


@pytest.mark.usefixtures("bad")
def test_withdrawn_content_is_not_published_again_unchanged(store: PublicationStore) -> None:
    back(store, held=False)
    with pytest.raises(PublicationError, match="is version 2 unchanged"):
        publish(store, "next")


@pytest.mark.usefixtures("bad")
def test_a_rollback_can_be_undone(store: PublicationStore, catalog: MemoryCatalog) -> None:
    back(store)
    assert back(store, to=2).version == 4
    assert catalog.tables["published.fct_orders"] == "s3://lake/o/21.json"


@pytest.mark.usefixtures("bad")
def test_a_dataset_that_only_withdrawn_versions_have_loses_its_stable_name(
    store: PublicationStore, catalog: MemoryCatalog
) -> None:
    catalog.tables["marts.new"] = "s3://lake/n/1.json"
    candidate = store.freeze("lake", {**TABLES, "new": "marts.new"})
    store.publish(candidate, gate="gate", contract_versions={}, cause_run_id="wider")
    assert "published.new" in catalog.tables
    back(store)
    assert "published.new" not in catalog.tables
    assert "published.new__v3" in catalog.tables


@pytest.mark.usefixtures("bad")
def test_a_version_whose_tables_were_dropped_is_refused(store: PublicationStore, catalog: MemoryCatalog) -> None:
    catalog.tables["published.fct_orders__v1"] = "s3://lake/o/99.json"
    with pytest.raises(PublicationError, match="but the record says"):
        back(store)
    current = store.current("lake")
    assert current is not None
    assert current.version == 2


@pytest.mark.parametrize("name", ["who", "why"])
@pytest.mark.usefixtures("bad")
def test_a_rollback_without_a_name_or_a_reason_is_refused(store: PublicationStore, name: str) -> None:
    words = {"who": "ada", "why": "doubled", name: " "}
    with pytest.raises(RequestError, match=name):
        roll_back(store, "lake", to_version=1, cause_run_id="run", **words)  # type: ignore[arg-type]


@pytest.mark.usefixtures("bad")
def test_the_warehouse_is_rolled_back_by_building_it_anew_from_the_lake(
    store: PublicationStore, warehouse: WarehouseStore, rows: MemoryRows
) -> None:
    publish_warehouse(warehouse, rows, built_from=2)
    with pytest.raises(RequestError, match="roll back the lake"):
        roll_back(store, "warehouse", to_version=1, who="ada", why="doubled", cause_run_id="run")
    assert not must_build_anew(store, lake_version=2)
    assert must_build_anew(store, lake_version=back(store).version)
    publish_warehouse(warehouse, rows, built_from=3)
    assert not must_build_anew(store, lake_version=3)


@pytest.mark.usefixtures("bad")
def test_the_warehouse_is_built_anew_also_when_the_next_lake_came_before_it(
    store: PublicationStore, catalog: MemoryCatalog, warehouse: WarehouseStore, rows: MemoryRows
) -> None:
    publish_warehouse(warehouse, rows, built_from=2)
    back(store, held=False)
    catalog.tables["marts.fct_orders"] = "s3://lake/o/31.json"
    assert must_build_anew(store, lake_version=publish(store, "next").version)


@pytest.mark.usefixtures("bad")
def test_a_publisher_that_slept_does_not_set_the_stable_names_back(
    store: PublicationStore, catalog: MemoryCatalog
) -> None:
    catalog.tables["marts.fct_orders"] = "s3://lake/o/31.json"
    slow = store.freeze("lake", TABLES)

    def overtake() -> None:
        catalog.before_point = lambda: None
        catalog.tables["marts.fct_orders"] = "s3://lake/o/41.json"
        publish(store, "fast")

    catalog.before_point = overtake
    store.publish(slow, gate="gate", contract_versions={}, cause_run_id="slow")
    assert catalog.tables["published.fct_orders"] == "s3://lake/o/41.json"


def test_a_version_survives_the_record(bad: Publication, store: PublicationStore) -> None:
    moved = back(store)
    assert Publication.from_item(moved.to_item(sort_key="current")) == moved
    assert Publication.from_item(bad.to_item(sort_key="current")) == replace(bad)
