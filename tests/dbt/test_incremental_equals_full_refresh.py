"""Models that grew load by load hold the same rows as models built at once from all of it, on both engines.

So they do after a backfill of days that were spoiled by hand.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.dbt import history, spoiled
from tests.dbt.grown import SEED, hold_equal
from tests.dbt.lake import WAREHOUSE, Lake
from tests.dbt.manifest import DbtError

GROWN = f"grown{SEED}"
FIRST = history.START.date() + timedelta(days=1)
AFTER = FIRST + timedelta(days=2)
BACKFILL = {"backfill_from": f"{FIRST}", "backfill_to": f"{AFTER}"}


@pytest.mark.timeout(1500)  # a dozen runs of dbt
def test_models_are_the_same_however_the_history_arrived(grown_lake: Lake) -> None:
    before = grown_lake.snapshots(GROWN)
    grown_lake.dbt("run", "--select", "marts", "extracts", prefix=GROWN)
    assert grown_lake.snapshots(GROWN) == before, "a run without news must not make a new snapshot"


@pytest.mark.timeout(900)
def test_a_backfill_replaces_the_days_it_is_asked_for_and_no_others(grown_lake: Lake) -> None:
    name = f"{grown_lake.name}{GROWN}_"
    for table, spoilt in spoiled.LAKE.items():
        grown_lake.run(*spoilt.statements(f"{name}{table}", FIRST, AFTER))
    grown_lake.run(
        f"update {name}marts.fct_sales_day_changes set _loaded_at = timestamp '2036-01-01 00:00:00' "
        f"where sales_date = date '{FIRST}'"
    )
    day_after = spoiled.LAKE["marts.fct_payments"].days(AFTER, AFTER + timedelta(days=1))
    grown_lake.run(f"update {name}marts.fct_payments set amount_cents = amount_cents + 1 where {day_after}")
    grown_lake.dbt("run", "--select", "marts", "extracts", prefix=GROWN, variables=BACKFILL)
    grown_lake.run(f"update {name}marts.fct_payments set amount_cents = amount_cents - 1 where {day_after}")

    grown_lake.publish(GROWN)
    for table, spoilt in spoiled.WAREHOUSE.items():
        grown_lake.run_in_warehouse(*spoilt.statements(f"{name}{table}", FIRST, AFTER))
    grown_lake.dbt("run", prefix=GROWN, target="warehouse", variables=BACKFILL)
    grown_lake.publish_warehouse(GROWN, version=3)
    hold_equal(grown_lake, seed=SEED)


@pytest.mark.timeout(600)
def test_a_warehouse_that_is_built_anew_holds_nothing_of_what_was_withdrawn(grown_lake: Lake) -> None:
    """Comes after the history: its first publication of the lake is what readers are rolled back to."""
    table, key = "dwh_fct_payments", "payment_event_id"
    withdrawn = grown_lake.warehouse_rows(f"warehouse.{table}", key, prefix=GROWN, published=True)
    grown_lake.roll_back(GROWN)
    grown_lake.dbt("run", prefix=GROWN, target="warehouse", environment={"LANDFALL_BUILD_ANEW": "yes"})
    grown_lake.publish_warehouse(GROWN, version=4)
    left = grown_lake.warehouse_rows(f"warehouse.{table}", key, prefix=GROWN, published=True)
    assert set(left) < set(withdrawn)
    assert left == grown_lake.rows("published.fct_payments", key, prefix=GROWN)
    for each, columns in WAREHOUSE.items():
        candidate = grown_lake.warehouse_rows(each, columns, prefix=GROWN)
        assert grown_lake.warehouse_rows(each, columns, prefix=GROWN, published=True) == candidate, each


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"backfill_from": "2026-11-01"}, "backfill_to is missing"),
        ({"backfill_to": "2026-11-01"}, "backfill_from is missing"),
        ({"backfill_from": "2026-11-31", "backfill_to": "2026-12-02"}, "a day that its month does not have"),
        ({"backfill_from": "yesterday", "backfill_to": "2026-12-02"}, "'yesterday', which is no day"),
        ({"backfill_from": "2026-11-02", "backfill_to": "2026-11-02"}, "no day to backfill"),
    ],
)
def test_a_backfill_of_no_days_is_refused_before_anything_is_run(
    local_cloud: dict[str, str], lake: Lake, variables: dict[str, str], said: str
) -> None:
    with pytest.raises(DbtError, match=said):
        lake.dbt("run", prefix="refused", variables=variables)
