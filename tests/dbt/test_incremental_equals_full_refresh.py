"""Models that grew load by load hold the same rows as models built at once from all of it, on both engines."""

from __future__ import annotations

import pytest

from tests.dbt.grown import hold_grown_against_fresh
from tests.dbt.lake import Lake


@pytest.mark.timeout(1500)  # a dozen runs of dbt
def test_models_are_the_same_however_the_history_arrived(lake: Lake) -> None:
    hold_grown_against_fresh(lake, seed=7, loads=3)
    before = lake.snapshots("grown7")
    lake.dbt("run", "--select", "marts", "extracts", prefix="grown7")
    assert lake.snapshots("grown7") == before, "a run without news must not make a new snapshot"
