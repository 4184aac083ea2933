"""What a candidate is compared with: the tables of the version that readers see, by the candidate's own names."""

from __future__ import annotations

import pytest
from landfall.publish import steps
from landfall.publish.groups import LAKE, datasets
from landfall.publish.publication import PublicationStore
from landfall.settings import Settings

from tests.unit.publish.memory import MemoryCatalog, MemoryTable


@pytest.fixture
def store() -> PublicationStore:
    settings = Settings.from_environment(
        {name: "x" for name in ("AWS_REGION", *(f"LANDFALL_{field.upper()}" for field in Settings.__annotations__))}
    )
    catalog = MemoryCatalog({table: f"s3://lake/{table}/11.json" for table in datasets(LAKE).values()})
    return PublicationStore(settings, table=MemoryTable(), catalog=catalog)  # type: ignore[arg-type]


def test_the_first_candidate_is_compared_with_nothing(store: PublicationStore) -> None:
    assert steps.surroundings(store, LAKE, lake_version=None).published == {}


def test_every_later_candidate_is_compared_with_what_is_published(store: PublicationStore) -> None:
    candidate = store.freeze(LAKE, datasets(LAKE))
    store.publish(candidate, gate="g", contract_versions={}, cause_run_id="r")
    found = steps.surroundings(store, LAKE, lake_version=None).published
    assert set(found) == set(datasets(LAKE).values()), "the suites ask by these names"
    assert found["marts.fct_orders"] == "published.fct_orders__v1"
