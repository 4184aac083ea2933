"""dbt's own unit tests of the models' logic, on the engine they are written for."""

from __future__ import annotations

import pytest

from tests.dbt.lake import Lake


@pytest.mark.timeout(600)
def test_dbt_unit_tests_pass(lake: Lake) -> None:
    # Unit tests take the columns of what a model reads from tables that exist, so these are built first, empty.
    lake.dbt("run", "--empty", prefix="unit")
    output = lake.dbt("test", "--select", "test_type:unit", prefix="unit")
    assert "ERROR=0" in output
    assert "PASS=0" not in output
