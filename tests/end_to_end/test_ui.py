"""A data engineer's ways in a real browser: to an extract by the form and its run, and to the models' documentation."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from .conftest import REPOSITORY, DemoStack

pytestmark = pytest.mark.timeout(1800)

REFRESH_IMAGES = "LANDFALL_TEST_REFRESH_IMAGES"
"""Set this to take the screenshots of the docs anew."""

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
WAIT_MS = 60_000
RUN_MS = 180_000
MAX_IMAGE_BYTES = 300_000


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of headless Chromium as Debian packages it."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.set_default_timeout(WAIT_MS)
        yield page
        browser.close()


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Where screenshots go: a temporary folder, or the docs when they are to be taken anew."""
    return REPOSITORY / "docs" / "images" if os.environ.get(REFRESH_IMAGES) else tmp_path


def log_in(page: Page, stack: DemoStack) -> None:
    page.goto(stack.environment["LANDFALL_AIRFLOW_URL"])
    page.locator("input[name=username]").fill(stack.environment["LANDFALL_AIRFLOW_USER"])
    page.locator("input[name=password]").fill(stack.environment["LANDFALL_AIRFLOW_PASSWORD"])
    page.locator("button[type=submit]").click()
    expect(page.get_by_role("link", name="Dags", exact=True).first).to_be_visible(timeout=WAIT_MS)


def take(page: Page, path: Path) -> None:
    page.screenshot(path=path, animations="disabled")
    assert path.stat().st_size < MAX_IMAGE_BYTES


def test_an_extract_is_triggered_by_the_form_and_seen_to_succeed(
    demo_stack: DemoStack, page: Page, images: Path
) -> None:
    airflow_url = demo_stack.environment["LANDFALL_AIRFLOW_URL"]
    run_id = f"by-hand-{secrets.token_hex(4)}"
    log_in(page, demo_stack)

    page.goto(f"{airflow_url}/dags/extract_customer_file")
    page.get_by_role("button", name="Trigger").first.click()
    form = page.get_by_role("dialog").filter(has_text="Run Parameters")
    form.locator("#element_customer_id").fill("cus_000001")
    take(page, images / "extract-form.png")
    form.get_by_role("button", name="Advanced Options").click()
    form.locator("input[name=dagRunId]").fill(run_id)
    form.get_by_role("button", name="Trigger", exact=True).click()
    expect(form).to_be_hidden(timeout=WAIT_MS)

    page.wait_for_url(f"{airflow_url}/dags/extract_customer_file/runs/{run_id}")
    badge = page.get_by_test_id("header-card").get_by_test_id("state-badge")
    expect(badge).to_have_text("Success", timeout=RUN_MS)
    for task_id in ("admit_request", "unload_extract", "publish_extract"):
        expect(page.get_by_text(task_id).first).to_be_visible()
    take(page, images / "extract-run.png")


def test_the_form_refuses_a_customer_id_that_is_none(demo_stack: DemoStack, page: Page) -> None:
    log_in(page, demo_stack)
    page.goto(f"{demo_stack.environment['LANDFALL_AIRFLOW_URL']}/dags/extract_customer_file")
    page.get_by_role("button", name="Trigger").first.click()
    form = page.get_by_role("dialog").filter(has_text="Run Parameters")
    form.locator("#element_customer_id").fill("everybody")
    form.get_by_role("button", name="Trigger", exact=True).click()
    expect(form.get_by_text("Invalid input for param customer_id: 'everybody'")).to_be_visible()


def test_the_menu_leads_to_the_models_and_their_columns(demo_stack: DemoStack, page: Page, images: Path) -> None:
    airflow_url = demo_stack.environment["LANDFALL_AIRFLOW_URL"]
    log_in(page, demo_stack)
    page.goto(f"{airflow_url}/dags/document_models")
    expect(page.get_by_test_id("state-badge").filter(has_text="Success").first).to_be_visible(timeout=RUN_MS)

    page.get_by_role("button", name="Browse").click()
    page.get_by_role("menuitem", name="dbt docs: lake").click()
    site = page.frame_locator("iframe")
    expect(site.get_by_role("heading", name="Landfall's models")).to_be_visible()
    search = site.get_by_placeholder("Search for models...")
    search.fill("fct_payment_funnel")
    search.press("Enter")
    site.get_by_role("link", name="fct_payment_funnel").first.click()
    expect(site.get_by_text("One row per").first).to_be_visible()
    take(page, images / "dbt-docs.png")
