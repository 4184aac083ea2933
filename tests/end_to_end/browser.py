"""What a data engineer does in Airflow's UI, in a real browser."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from .conftest import WAIT_MS, DemoStack

RUN_MS = 180_000


def log_in(page: Page, stack: DemoStack) -> None:
    page.goto(stack.environment["LANDFALL_AIRFLOW_URL"])
    page.locator("input[name=username]").fill(stack.environment["LANDFALL_AIRFLOW_USER"])
    page.locator("input[name=password]").fill(stack.environment["LANDFALL_AIRFLOW_PASSWORD"])
    page.locator("button[type=submit]").click()
    expect(page.get_by_role("link", name="Dags", exact=True).first).to_be_visible(timeout=WAIT_MS)


def open_form(page: Page, stack: DemoStack, dag_id: str) -> Locator:
    """Open the form that triggers a DAG and return it."""
    page.goto(f"{stack.environment['LANDFALL_AIRFLOW_URL']}/dags/{dag_id}")
    page.get_by_role("button", name="Trigger").first.click()
    return page.get_by_role("dialog").filter(has_text="Run Parameters")


def trigger(page: Page, stack: DemoStack, dag_id: str, form: Locator, *, run_id: str) -> None:
    """Submit a filled form as a run with the id `run_id`, and stay on that run's page."""
    form.get_by_role("button", name="Advanced Options").click()
    form.locator("input[name=dagRunId]").fill(run_id)
    form.get_by_role("button", name="Trigger", exact=True).click()
    expect(form).to_be_hidden(timeout=WAIT_MS)
    page.wait_for_url(f"{stack.environment['LANDFALL_AIRFLOW_URL']}/dags/{dag_id}/runs/{run_id}")


def expect_success(page: Page) -> None:
    """Watch the run on the page until it ends green."""
    badge = page.get_by_test_id("header-card").get_by_test_id("state-badge")
    expect(badge).to_have_text("Success", timeout=RUN_MS)
