"""Asked a thousand times for the same extract while Airflow's scheduler is killed, the stack makes it once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil
import pytest
from landfall.aws import s3
from landfall.extract.files.layout import MANIFEST, manifest_key
from landfall.extract.run.line import EXTRACT_DAG
from landfall.settings import Settings

from .conftest import DemoStack

pytestmark = pytest.mark.timeout(1800)

REQUESTS, AT_ONCE = 1_000, 100
LONGEST_WAIT_SECONDS = 300
CUSTOMER = "cus_000007"


def schedulers(stack: DemoStack) -> list[psutil.Process]:
    """Return the stack's processes of Airflow's scheduler, of which there is one; its tasks' are children of it."""
    supervisor = psutil.Process(int((stack.state / "supervisord.pid").read_text()))
    return [process for process in supervisor.children() if "scheduler" in process.cmdline()]


def test_one_key_is_one_run_and_one_manifest_though_the_scheduler_is_killed(
    demo_stack: DemoStack, settings: Settings
) -> None:
    asked = {"customer_id": CUSTOMER, "product": "daily_sales", "format": "jsonl"}
    with _staff(demo_stack) as api:

        def ask(number: int) -> httpx.Response:
            if number == REQUESTS // 4:
                (scheduler,) = schedulers(demo_stack)
                scheduler.kill()
            return api.post("/landfall/v1/extracts", json=asked, headers={"Idempotency-Key": "one-for-all"})

        with ThreadPoolExecutor(AT_ONCE) as threads:
            answers = list(threads.map(ask, range(REQUESTS)))
        assert {answer.status_code for answer in answers} == {202}
        (extract_id,) = {answer.json()["extract_id"] for answer in answers}
        assert _ended(api, extract_id)["state"] == "done"
        runs = api.get(f"/api/v2/dags/{EXTRACT_DAG}/dagRuns", params={"limit": 100}).raise_for_status().json()
    assert [run["dag_run_id"] for run in runs["dag_runs"] if run["conf"]["customer_id"] == CUSTOMER] == [extract_id]
    found = s3.list_objects(bucket=settings.extracts_bucket, prefix=f"{CUSTOMER}/")
    manifests = [each.key for each in found if each.key.endswith(MANIFEST)]
    assert manifests == [manifest_key(customer_id=CUSTOMER, extract_id=extract_id)]


def _staff(stack: DemoStack) -> httpx.Client:
    """Return Airflow's server as its administrator, whom no limit of requests holds up."""
    environment = stack.environment
    login = {"username": environment["LANDFALL_AIRFLOW_USER"], "password": environment["LANDFALL_AIRFLOW_PASSWORD"]}
    base = environment["LANDFALL_AIRFLOW_URL"]
    token = httpx.post(f"{base}/auth/token", json=login, timeout=120).json()["access_token"]
    limits = httpx.Limits(max_connections=AT_ONCE)
    return httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=120, limits=limits)


def _ended(api: httpx.Client, extract_id: str) -> dict[str, Any]:
    """Return the extract once it is over."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while True:
        extract: dict[str, Any] = api.get(f"/landfall/v1/extracts/{extract_id}").raise_for_status().json()
        if extract["state"] not in ("queued", "running"):
            return extract
        assert time.monotonic() < deadline, extract
        time.sleep(0.5)
