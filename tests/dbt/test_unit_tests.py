"""dbt's own unit tests of the models' logic, on the engines they are written for."""

from __future__ import annotations

import pytest

from tests.dbt.lake import Lake


@pytest.mark.timeout(600)
def test_dbt_unit_tests_pass(lake: Lake) -> None:
    # Unit tests take the columns of what a model reads from tables that exist, so these are built first, empty.
    lake.dbt("seed", prefix="unit")
    lake.dbt("run", "--empty", prefix="unit")
    lake.publish("unit")
    lake.dbt("run", "--empty", prefix="unit", target="warehouse")
    for target in ("lake", "warehouse"):
        ended = lake.dbt("test", "--select", "test_type:unit", prefix="unit", target=target)
        assert ended.pop("pass") > 0
        assert set(ended) <= {"success"}, "only the hook at the start of a run may end otherwise"
