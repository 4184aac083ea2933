"""dbt's tests read the days that a run names, and all days when nobody names any."""

from __future__ import annotations

import pytest

from tests.dbt.lake import Lake
from tests.dbt.manifest import DbtError

UNIQUE = "unique_fct_payments_payment_event_id"
WITHIN, WITHOUT = "2025-02-01/2025-03-01,2026-10-01/2026-12-01", "2026-10-01/2026-11-01"


def test_a_key_that_comes_twice_is_found_on_the_days_that_are_tested(lake: Lake) -> None:
    lake.dbt("run", "--select", "+fct_payments", prefix="tested")
    values = ", ".join(["'pev_1'"] * 8 + ["1", "1"] + ["timestamp '2026-11-02 10:00:00.000000'"] * 2)
    lake.run(*[f"insert into {lake.name}tested_marts.fct_payments values ({values})"] * 2)

    lake.dbt("test", "--select", UNIQUE, prefix="tested", environment={"LANDFALL_TESTED_DAYS": WITHOUT})
    for days in (WITHIN, ""):
        with pytest.raises(DbtError, match=UNIQUE):
            lake.dbt("test", "--select", UNIQUE, prefix="tested", environment={"LANDFALL_TESTED_DAYS": days})
