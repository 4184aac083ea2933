"""Models that grew load by load hold the same rows as models built at once from all of it, on both engines."""

from __future__ import annotations

import pytest

from tests.dbt.grown import hold_grown_against_fresh
from tests.dbt.lake import WAREHOUSE, Lake


@pytest.mark.timeout(1500)  # a dozen runs of dbt
def test_models_are_the_same_however_the_history_arrived(lake: Lake) -> None:
    hold_grown_against_fresh(lake, seed=7, loads=3)
    before = lake.snapshots("grown7")
    lake.dbt("run", "--select", "marts", "extracts", prefix="grown7")
    assert lake.snapshots("grown7") == before, "a run without news must not make a new snapshot"


@pytest.mark.timeout(600)
def test_a_warehouse_that_is_built_anew_holds_nothing_of_what_was_withdrawn(lake: Lake) -> None:
    """Comes after the history: its first publication of the lake is what readers are rolled back to."""
    table, key = "dwh_fct_payments", "payment_event_id"
    withdrawn = lake.warehouse_rows(f"warehouse.{table}", key, prefix="grown7", published=True)
    lake.roll_back("grown7")
    lake.dbt("run", prefix="grown7", target="warehouse", environment={"LANDFALL_BUILD_ANEW": "yes"})
    lake.publish_warehouse("grown7", version=3)
    left = lake.warehouse_rows(f"warehouse.{table}", key, prefix="grown7", published=True)
    assert set(left) < set(withdrawn)
    assert left == lake.rows("published.fct_payments", key, prefix="grown7")
    for each, columns in WAREHOUSE.items():
        candidate = lake.warehouse_rows(each, columns, prefix="grown7")
        assert lake.warehouse_rows(each, columns, prefix="grown7", published=True) == candidate, each
