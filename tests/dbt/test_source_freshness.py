"""`dbt source freshness` holds the loaded streams against the latency their contracts promise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.dbt.history import Load
from tests.dbt.lake import Lake
from tests.dbt.manifest import DbtError

CUSTOMER = {
    "customer_id": "cus_000001",
    "version": 1,
    "name": "Name",
    "plan": "basic",
    "country": "AT",
    "email": "a@example.com",
    "is_active": True,
    "occurred_at": datetime(2026, 11, 1, tzinfo=UTC),
}
FRESHNESS = ("source", "freshness", "--select", "source:raw.customers")


@pytest.fixture
def raw(local_cloud: Mapping[str, str], tmp_path: Path) -> Iterator[Lake]:
    """A raw database of its own."""
    found = Lake(tmp_path)
    yield found
    found.drop()


def test_a_stream_is_fresh_while_loads_come_and_an_error_once_they_stay_away(raw: Lake) -> None:
    now = datetime.now(UTC)
    raw.bring(Load(loaded_at=now - timedelta(days=1), rows={"customers": [CUSTOMER]}))
    with pytest.raises(DbtError, match=r"source\.landfall\.raw\.customers"):
        raw.dbt(*FRESHNESS, prefix="any")

    raw.bring(Load(loaded_at=now, rows={"customers": [CUSTOMER | {"version": 2}]}))
    assert raw.dbt(*FRESHNESS, prefix="any")["pass"] == 1
