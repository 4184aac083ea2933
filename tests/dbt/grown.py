"""A history taken in load by load, held against the same history built at once."""

from __future__ import annotations

from datetime import timedelta

from tests.dbt import history
from tests.dbt.lake import MARTS, WAREHOUSE, Lake

SEED = 7
"""The history that `make test` takes."""

CORRECTED_FROM = history.START.date() + timedelta(days=2)
"""Day, within the history, from which the corrected rate holds."""


def hold_grown_against_fresh(lake: Lake, *, seed: int, loads: int) -> None:
    """Bring the history of `seed` in `loads` loads, with a corrected rate among them, and compare row by row.

    What grew has the prefix `grown<seed>`, what was built at once `fresh<seed>`. Raw must be empty before.
    """
    grown, fresh = f"grown{seed}", f"fresh{seed}"
    lake.dbt("seed", prefix=grown)
    first, *later = history.loads(seed=seed, count=loads)
    lake.bring(first)
    lake.dbt("run", prefix=grown)
    lake.publish(grown)
    lake.dbt("run", prefix=grown, target="warehouse")
    lake.publish_warehouse(grown, version=1)
    for number, load in enumerate(later):
        lake.bring(load)
        if number == 0:
            lake.correct_rate("USD", CORRECTED_FROM, "0.5", prefix=grown)
        lake.dbt("run", "--select", "marts", "extracts", prefix=grown)
    lake.publish(grown)
    lake.dbt("run", prefix=grown, target="warehouse")
    lake.publish_warehouse(grown, version=2)

    lake.dbt("seed", prefix=fresh)
    lake.correct_rate("USD", CORRECTED_FROM, "0.5", prefix=fresh)
    lake.dbt("run", prefix=fresh)
    lake.publish(fresh)
    lake.dbt("run", prefix=fresh, target="warehouse")

    hold_equal(lake, seed=seed)


def hold_equal(lake: Lake, *, seed: int) -> None:
    """Compare what grew and what was built at once row by row, on both engines."""
    grown, fresh = f"grown{seed}", f"fresh{seed}"
    for table, columns in MARTS.items():
        rows = lake.rows(table, columns, prefix=fresh)
        assert rows, table
        assert lake.rows(table, columns, prefix=grown) == rows, table
    for table, columns in WAREHOUSE.items():
        found = lake.warehouse_rows(table, columns, prefix=fresh)
        assert found, table
        assert lake.warehouse_rows(table, columns, prefix=grown) == found, table
        assert lake.warehouse_rows(table, columns, prefix=grown, published=True) == found, table
