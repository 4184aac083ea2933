"""A data engineer's ways in a real browser: to an extract by the form and its run, and to the models' documentation."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .browser import RUN_MS, expect_success, log_in, open_form, trigger
from .conftest import DemoStack, take

pytestmark = pytest.mark.timeout(1800)


def test_an_extract_is_triggered_by_the_form_and_seen_to_succeed(
    demo_stack: DemoStack, page: Page, images: Path
) -> None:
    run_id = f"by-hand-{secrets.token_hex(4)}"
    log_in(page, demo_stack)
    form = open_form(page, demo_stack, "extract_customer_file")
    form.locator("#element_customer_id").fill("cus_000001")
    take(page, images / "extract-form.png")
    trigger(page, demo_stack, "extract_customer_file", form, run_id=run_id)
    expect_success(page)
    expect(page.get_by_text("make_extract").first).to_be_visible()
    take(page, images / "extract-run.png")


def test_the_form_refuses_a_customer_id_that_is_none(demo_stack: DemoStack, page: Page) -> None:
    log_in(page, demo_stack)
    form = open_form(page, demo_stack, "extract_customer_file")
    form.locator("#element_customer_id").fill("everybody")
    form.get_by_role("button", name="Trigger", exact=True).click()
    expect(form.get_by_text("Invalid input for param customer_id: 'everybody'")).to_be_visible()


def test_the_menu_leads_to_the_models_and_their_columns(demo_stack: DemoStack, page: Page, images: Path) -> None:
    airflow_url = demo_stack.environment["LANDFALL_AIRFLOW_URL"]
    log_in(page, demo_stack)
    page.goto(f"{airflow_url}/dags/document_models")
    expect(page.get_by_role("link", name=re.compile("success$")).first).to_be_visible(timeout=RUN_MS)

    page.get_by_role("button", name="Browse").click()
    page.get_by_role("menuitem", name="dbt docs: lake").click()
    site = page.frame_locator("iframe")
    expect(site.get_by_role("heading", name="Landfall's models")).to_be_visible()
    site.get_by_placeholder("Search for models...").fill("fct_payment_funnel")
    site.get_by_role("heading", name="fct_payment_funnel model").click()
    expect(site.get_by_role("heading", name="fct_payment_funnel incremental")).to_be_visible()
    expect(site.get_by_text("One row per").first).to_be_visible()
    take(page, images / "dbt-docs.png")
