"""The page of extracts for staff: what it shows, what its buttons do, and whom it lets in."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from tests.unit.api.world import CUSTOMER, OTHER, STAFF, World

FROM_THE_PAGE = {**STAFF, "Sec-Fetch-Site": "same-origin"}


def _show(world: World, path: str = "", **query: str) -> str:
    answer = world.api.get(f"/extracts/{path}", headers=STAFF, params=query)
    assert answer.status_code == 200
    assert "script" not in answer.headers["Content-Security-Policy"]
    return unescape(answer.text)


def test_the_first_page_has_what_waits_for_a_person_first(world: World) -> None:
    world.done("fine")
    world.done("broken", state="failed", cause="the run failed (EngineError)", customer_id=OTHER)
    page = _show(world)
    assert page.index("broken") < page.index("fine")
    assert "the run failed (EngineError)" in page
    assert world.audited()[-1]["action"] == "listed"


def test_extracts_are_chosen_by_state_and_customer(world: World) -> None:
    for number, state in enumerate(("failed", "done")):
        world.done(f"mine-{number}", state=state)
        world.done(f"other-{number}", state=state, customer_id=OTHER)
    found = {
        (state, customer): {each for each in ("mine-0", "mine-1", "other-0", "other-1") if each in page}
        for state in ("failed", "")
        for customer in (CUSTOMER, "")
        if (page := _show(world, state=state, customer_id=customer))
    }
    assert found[("failed", CUSTOMER)] == {"mine-0"}
    assert found[("failed", "")] == {"mine-0", "other-0"}
    assert found[("", CUSTOMER)] == {"mine-0", "mine-1"}
    assert found[("", "")] == {"mine-0", "mine-1", "other-0", "other-1"}


def test_a_state_with_many_extracts_is_read_page_by_page(world: World) -> None:
    for number in range(60):
        world.done(f"of-many-{number:02}")
    assert "All that are done" in _show(world)
    first = _show(world, state="done")
    address = first.partition('href="./?state=done&cursor=')[2].partition('"')[0]
    second = _show(world, state="done", cursor=address)
    shown = [f"of-many-{number:02}" for number in range(60) if f">of-many-{number:02}<" in first]
    assert len(shown) == 50
    assert not any(f">{each}<" in second for each in shown)
    assert second.count(">of-many-") == 10


def test_the_page_of_an_extract_says_why_and_leads_to_its_run_and_files(world: World) -> None:
    world.done("mine")
    world.done("held", state="held", cause="2 of 3 checks failed")
    page = _show(world, "mine")
    assert "/dags/extract_customer_file/runs/mine" in page
    assert "../v1/extracts/mine/files/0" in page
    assert "Try again" not in page and "Cancel it" not in page
    assert "2 of 3 checks failed" in _show(world, "held")
    world.done("sent", delivered_to="s3://customers-bucket/in/sent/", notice="of version 3: the newest did not pass")
    assert "s3://customers-bucket/in/sent/" in _show(world, "sent") and "of version 3" in _show(world, "sent")
    assert "Delivered to" not in page


def test_values_of_customers_are_text_and_never_part_of_the_page(world: World) -> None:
    world.done("mine", state="failed", cause="<script>alert(1)</script>", run_id='"><img src=x>')
    for path in ("", "mine"):
        text = world.api.get(f"/extracts/{path}", headers=STAFF).text
        assert "&lt;script&gt;" in text
        assert "<script" not in text and "<img" not in text


def test_one_that_failed_is_tried_again(world: World) -> None:
    world.done("mine", state="failed", cause="the run failed")
    world.runs.runs["mine"] = "failed"
    answer = world.api.post("/extracts/mine/retry", headers=FROM_THE_PAGE)
    assert (answer.status_code, answer.headers["Location"]) == (303, "../mine")
    assert world.runs.runs["mine"] == "queued"
    record = world.store.read("mine")
    assert record is not None and (record.state, record.cause) == ("queued", None)
    event = world.audited()[-1]
    assert (event["action"], event["caller"], event["customer_id"]) == ("retried", "staff:ada", CUSTOMER)


def test_one_under_way_is_cancelled_and_its_run_stopped(world: World) -> None:
    world.done("mine", state="running")
    world.runs.runs["mine"] = "running"
    assert world.api.post("/extracts/mine/cancel", headers=FROM_THE_PAGE).status_code == 303
    record = world.store.read("mine")
    assert record is not None and (record.state, record.cause) == ("cancelled", "staff cancelled it")
    assert world.runs.runs["mine"] == "failed"


@pytest.mark.parametrize(("action", "state"), [("retry", "done"), ("retry", "cancelled"), ("cancel", "done")])
def test_what_does_not_fit_the_state_is_refused_on_a_page(world: World, action: str, state: Any) -> None:
    world.done("mine", state=state)
    answer = world.api.post(f"/extracts/mine/{action}", headers=FROM_THE_PAGE)
    assert answer.status_code == 409
    assert f"the extract is {state}" in answer.text and answer.headers["Content-Type"].startswith("text/html")
    record = world.store.read("mine")
    assert record is not None and record.state == state


def test_a_retry_that_airflow_does_not_take_changes_nothing(world: World) -> None:
    world.done("mine", state="failed", cause="the run failed")
    world.runs.failing = 1
    assert world.api.post("/extracts/mine/retry", headers=FROM_THE_PAGE).status_code == 503
    record = world.store.read("mine")
    assert record is not None and (record.state, record.cause) == ("failed", "the run failed")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, 403),
        ({"Origin": "http://testserver"}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_button_works_from_the_page_only(world: World, headers: dict[str, str], status: int) -> None:
    world.done("mine", state="running")
    assert world.api.post("/extracts/mine/cancel", headers={**STAFF, **headers}).status_code == status
    record = world.store.read("mine")
    assert record is not None and record.state == ("cancelled" if status == 303 else "running")


def test_no_key_of_a_customer_opens_the_page(world: World) -> None:
    world.done("mine", state="failed", cause="the run failed")
    for headers in (world.key(), {}):
        for answer in (
            world.api.get("/extracts/", headers=headers),
            world.api.get("/extracts/mine", headers=headers),
            world.api.post("/extracts/mine/retry", headers={**headers, "Sec-Fetch-Site": "same-origin"}),
        ):
            assert answer.status_code == 401
            assert "the run failed" not in answer.text


@pytest.mark.parametrize("query", [{"state": "lost"}, {"customer_id": "' OR 1=1"}, {"state": "done", "cursor": "x"}])
def test_a_choice_that_is_none_is_refused_on_a_page(world: World, query: dict[str, str]) -> None:
    answer = world.api.get("/extracts/", headers=STAFF, params=query)
    assert answer.status_code in (400, 422)
    assert "OR 1=1" not in answer.text and answer.headers["Content-Type"].startswith("text/html")
