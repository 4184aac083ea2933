"""Airflow's own backfill works on the ingest DAGs: its runs end well and load nothing twice."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest
import requests
from landfall.aws import s3
from landfall.aws.athena import Athena
from landfall.settings import Settings
from sqlglot import exp

from tests.integration.ingest.probe import order

HOURS = 3
FIRST, LAST = "2026-11-19T00:00:00Z", "2026-11-19T02:30:00Z"
WAIT_SECONDS = 300
NUMBER = 0xBAC


class AirflowApi:
    """Airflow's public REST API, as its UI calls it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._url = environment["LANDFALL_AIRFLOW_URL"].rstrip("/")
        user = {"username": environment["LANDFALL_AIRFLOW_USER"], "password": environment["LANDFALL_AIRFLOW_PASSWORD"]}
        token = requests.post(f"{self._url}/auth/token", json=user, timeout=60)
        token.raise_for_status()
        self._headers = {"Authorization": f"Bearer {token.json()['access_token']}"}

    def call(self, method: str, path: str, **request: Any) -> Any:
        answer = requests.request(method, f"{self._url}/api/v2/{path}", headers=self._headers, timeout=60, **request)
        assert answer.ok, answer.text
        return answer.json()


def land_one_order_twice(settings: Settings) -> str:
    text = json.dumps(order(NUMBER, occurred_at="2026-11-19T00:30:00Z")) + "\n"
    key = "orders/dt=2026-11-19/hr=00/backfilled.gz"
    s3.write_object(bucket=settings.landing_bucket, key=key, body=gzip.compress((text * 2).encode()))
    return f"s3://{settings.landing_bucket}/{key}"


def wait_for(api: AirflowApi, backfill: int) -> list[str]:
    """Return the states of the backfill's runs once all have ended."""
    ends_at = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < ends_at:
        found = api.call("GET", "dags/ingest_orders/dagRuns", params={"run_type": "backfill", "limit": 100})
        states = [run["state"] for run in found["dag_runs"] if run["dag_run_id"].startswith("backfill__2026-11-19")]
        if len(states) == HOURS and not {"queued", "running"}.intersection(states):
            return states
        time.sleep(2)
    pytest.fail(f"the runs of backfill {backfill} have not ended in {WAIT_SECONDS} s: {states}")


def test_a_backfill_of_an_ingest_dag_ends_well_and_loads_nothing_twice(airflow_stack: dict[str, str]) -> None:
    settings = Settings.from_environment()
    source = land_one_order_twice(settings)
    api = AirflowApi(airflow_stack)
    api.call("PATCH", "dags/ingest_orders", json={"is_paused": False})
    asked = {"dag_id": "ingest_orders", "from_date": FIRST, "to_date": LAST, "max_active_runs": 1}
    assert api.call("POST", "backfills/dry_run", json=asked)["total_entries"] == HOURS
    backfill = api.call("POST", "backfills", json=asked)["id"]
    assert wait_for(api, backfill) == ["success"] * HOURS
    query = exp.select(exp.Count(this=exp.Star())).from_(exp.table_("orders", db="raw", quoted=True))
    query = query.where(exp.column("_source_object").eq(source))
    assert Athena(settings=settings).run(query, fetch=True).rows == (("1",),)
