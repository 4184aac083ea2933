"""Marts that grew load by load hold the same rows as marts built at once from all of it."""

from __future__ import annotations

import pytest

from tests.dbt.history import loads
from tests.dbt.lake import MARTS, Lake


@pytest.mark.timeout(900)  # five runs of dbt
def test_marts_are_the_same_however_the_history_arrived(lake: Lake) -> None:
    first, *later = loads(seed=7, count=3)
    lake.bring(first)
    lake.dbt("run", prefix="grown")
    for load in later:
        lake.bring(load)
        lake.dbt("run", "--select", "marts", "extracts", prefix="grown")
    lake.dbt("run", prefix="fresh")
    for table, columns in MARTS.items():
        fresh = lake.rows(table, columns, prefix="fresh")
        assert fresh, table
        assert lake.rows(table, columns, prefix="grown") == fresh, table
    before = lake.snapshots("grown")
    lake.dbt("run", "--select", "marts", "extracts", prefix="grown")
    assert lake.snapshots("grown") == before, "a run without news must not make a new snapshot"
