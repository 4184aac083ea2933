"""Staff look after extracts in the real UI: they cancel one, try one again, and send a customer fresh links."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from landfall.extract.run.line import EXTRACT_DAG, GIVES_WAY_SECONDS
from playwright.sync_api import Locator, Page, expect

from .browser import RUN_MS, log_in
from .conftest import DemoStack, airflow_of, take

pytestmark = pytest.mark.timeout(1800)

REQUEST = {"customer_id": "cus_000001", "product": "orders", "format": "csv"}


@pytest.fixture
def airflow(demo_stack: DemoStack) -> Iterator[httpx.Client]:
    """Airflow's server, as its administrator; the extract's DAG is paused and set free again at the end."""
    with airflow_of(demo_stack) as client:
        pause(client, paused=True)
        yield client
        pause(client, paused=False)


def pause(airflow: httpx.Client, *, paused: bool) -> None:
    airflow.patch(f"/api/v2/dags/{EXTRACT_DAG}", json={"is_paused": paused}).raise_for_status()


def ask(airflow: httpx.Client) -> str:
    answer = airflow.post("/landfall/v1/extracts", json=REQUEST).raise_for_status().json()
    return str(answer["extract_id"])


def extract(airflow: httpx.Client, extract_id: str) -> dict[str, Any]:
    found: dict[str, Any] = airflow.get(f"/landfall/v1/extracts/{extract_id}").raise_for_status().json()
    return found


def test_staff_cancel_an_extract_and_try_another_again(
    demo_stack: DemoStack,
    airflow: httpx.Client,
    page: Page,
    images: Path,
) -> None:
    unwanted, broken = ask(airflow), ask(airflow)
    airflow.patch(f"/api/v2/dags/{EXTRACT_DAG}/dagRuns/{broken}", json={"state": "failed"}).raise_for_status()
    log_in(page, demo_stack)
    page.get_by_role("button", name="Browse").click()
    with page.expect_popup() as opened:
        page.get_by_role("menuitem", name="Extracts").click()
    extracts = opened.value

    extracts.get_by_role("link", name=unwanted).click()
    extracts.get_by_role("button", name="Cancel it").click()
    expect(extracts.get_by_text("staff cancelled it")).to_be_visible()
    assert extract(airflow, unwanted)["state"] == "cancelled"

    # Its run ended and told nobody: the page looks for it after some seconds.
    extracts.goto(f"{airflow.base_url}/landfall/extracts/{broken}")
    again = extracts.get_by_role("button", name="Try again")
    reload_until_shown(extracts, again)
    take(extracts, images / "extract-that-failed.png")
    again.click()
    pause(airflow, paused=False)
    link = extracts.get_by_role("link", name="csv.gz")
    reload_until_shown(extracts, link)
    with extracts.expect_download() as fetched:
        link.click()
    assert len(gzip.decompress(fetched.value.path().read_bytes()).splitlines()) == extract(airflow, broken)["rows"] + 1
    extracts.get_by_role("link", name="All extracts").click()
    expect(extracts.get_by_role("row", name=unwanted)).to_be_hidden()
    expect(extracts.get_by_role("row", name=broken)).to_contain_text("done")
    take(extracts, images / "extracts.png")


def test_each_of_a_customers_extracts_stands_a_minute_behind_the_one_before(airflow: httpx.Client) -> None:
    with ThreadPoolExecutor(6) as pool:
        asked = list(pool.map(lambda _: ask(airflow), range(6)))
    found = [airflow.get(f"/api/v2/dags/{EXTRACT_DAG}/dagRuns/{each}/taskInstances").json() for each in asked]
    places = sorted(-each["task_instances"][0]["priority_weight"] for each in found)
    apart = [later - earlier for earlier, later in pairwise(places)]
    assert places[0] > 0 and all(abs(each - GIVES_WAY_SECONDS) < GIVES_WAY_SECONDS / 2 for each in apart), apart
    for each in asked:
        airflow.post(f"/landfall/v1/extracts/{each}/cancel").raise_for_status()


def reload_until_shown(page: Page, found: Locator) -> None:
    until = time.monotonic() + RUN_MS / 1000
    while not found.first.is_visible():
        assert time.monotonic() < until, page.content()
        page.wait_for_timeout(1000)
        page.reload()
