"""A data engineer takes a publication back and builds days anew, in the real UI and from a command line."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pyathena import connect

from .browser import RUN_MS, expect_success, log_in, open_form, trigger
from .conftest import DemoStack

pytestmark = [pytest.mark.timeout(1800), pytest.mark.usefixtures("second_wave")]

LANDFALL = Path(sys.executable).with_name("landfall")


def landfall(stack: DemoStack, *words: str) -> str:
    """Run a command of the product on the stack and return what it said."""
    environment = os.environ | dict(stack.environment)
    return subprocess.run([str(LANDFALL), *words], env=environment, capture_output=True, text=True, check=True).stdout


def query(stack: DemoStack, statement: str) -> list[tuple[object, ...]]:
    """Run a statement on Athena and return its rows, sorted."""
    environment = stack.environment
    with connect(
        endpoint_url=environment["AWS_ENDPOINT_URL_ATHENA"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        work_group=environment["LANDFALL_ATHENA_WORKGROUP"],
    ).cursor() as cursor:
        return sorted(cursor.execute(statement).fetchall(), key=str)


def test_a_publication_is_taken_back_by_the_form_and_brought_back_by_a_command(
    demo_stack: DemoStack, page: Page
) -> None:
    readers = "select * from published.fct_payments"
    *_, former, current = [int(line.split()[0]) for line in landfall(demo_stack, "published", "--history").splitlines()]
    before, now = query(demo_stack, f"{readers}__v{former}"), query(demo_stack, readers)
    assert before != now

    log_in(page, demo_stack)
    form = open_form(page, demo_stack, "roll_back_publication")
    form.get_by_role("spinbutton").fill(str(former))
    form.locator("#element_why").fill("refunds of yesterday are doubled")
    trigger(page, demo_stack, "roll_back_publication", form, run_id=f"by-hand-{secrets.token_hex(4)}")
    expect_success(page)
    assert query(demo_stack, readers) == before
    assert f"rolled back to {former} by admin: refunds of yesterday are doubled  held" in landfall(
        demo_stack, "published", "--history"
    )

    landfall(demo_stack, "rollback", "--to", str(current), "--why", "they were not doubled", "--no-hold")
    assert query(demo_stack, readers) == now


def test_days_that_were_spoiled_are_built_anew_and_the_run_says_how_far_it_is(
    demo_stack: DemoStack, page: Page
) -> None:
    candidate = "select * from marts.fct_payments"
    good = query(demo_stack, candidate)
    [(first, last)] = query(demo_stack, "select min(date(occurred_at)), max(date(occurred_at)) from raw.payments")
    query(demo_stack, "delete from marts.fct_payments where amount_cents % 2 = 0")
    query(demo_stack, "update marts.fct_payments set amount_cents = amount_cents + 1")
    assert query(demo_stack, candidate) != good

    run_id = f"by-hand-{secrets.token_hex(4)}"
    log_in(page, demo_stack)
    form = open_form(page, demo_stack, "backfill_marts")
    form.locator("#element_first_day").fill(str(first))
    form.locator("#element_last_day").fill(str(last))
    form.get_by_role("spinbutton").fill("31")
    trigger(page, demo_stack, "backfill_marts", form, run_id=run_id)
    page.get_by_role("link", name="Progress").click()
    progress = page.frame_locator("iframe[title=Progress]")
    expect(progress.get_by_role("heading", name="1 of 1 tasks are done")).to_be_visible(timeout=RUN_MS)
    assert query(demo_stack, candidate) == good
    page.get_by_role("link", name="dbt", exact=True).click()
    dbt = page.frame_locator("iframe[title=dbt]")
    expect(dbt.get_by_role("link", name="run_results.json").first).to_be_visible()
