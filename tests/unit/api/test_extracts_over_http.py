"""Extracts over HTTP: how they stand, their files by links of minutes, lists, cancelling and deleting."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from landfall.extract.records.record import timestamp

from tests.unit.api.world import BODY, CUSTOMER, OTHER, STAFF, World

ROUTES = [
    ("GET", "/v1/extracts/{id}"),
    ("POST", "/v1/extracts/{id}/cancel"),
    ("GET", "/v1/extracts/{id}/manifest"),
    ("GET", "/v1/extracts/{id}/manifest/signature"),
    ("GET", "/v1/extracts/{id}/files/0"),
    ("DELETE", "/v1/extracts/{id}"),
]


def test_a_done_extract_tells_of_its_files_and_they_are_reached_by_links_of_minutes(world: World) -> None:
    world.done("run-1")
    headers = world.key()
    extract = world.api.get("/v1/extracts/run-1", headers=headers).json()
    assert (extract["state"], extract["rows"]) == ("done", 3)

    answer = world.api.get(extract["files"][0]["url"], headers=headers)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(
        "https://extracts_bucket.example/cus_000042/run-1/attempt-1/orders_000.csv.gz?seconds=300"
    )
    assert answer.headers["cache-control"] == "no-store"
    manifest = world.api.get(extract["manifest"]["url"], headers=headers)
    assert manifest.content == world.buckets["extracts_bucket", "cus_000042/run-1/manifest.json"]
    assert [event["action"] for event in world.audited()] == ["file_linked", "manifest_read"]


def test_an_answer_that_the_caller_has_is_not_sent_again(world: World) -> None:
    world.done("run-1")
    headers = world.key()
    for path in ("/v1/extracts/run-1", "/v1/extracts/run-1/manifest", "/v1/products", "/v1/products/orders"):
        etag = world.api.get(path, headers=headers).headers["etag"]
        again = world.api.get(path, headers={**headers, "If-None-Match": f'"x", W/{etag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert world.api.get(path, headers={**headers, "If-None-Match": '"x"'}).status_code == 200


def test_an_extract_under_way_says_how_far_it_is_and_when_to_look_again(world: World) -> None:
    headers = world.key()
    extract_id = world.ask(headers).json()["extract_id"]
    assert world.api.get(f"/v1/extracts/{extract_id}", headers=headers).headers["x-progress"] == "queued"
    world.store.move(extract_id, "running", step="step 1 of 2: the engine writes the files")

    answer = world.api.get(f"/v1/extracts/{extract_id}", headers=headers)
    assert answer.headers["x-progress"] == "running; step 1 of 2: the engine writes the files"
    assert answer.headers["retry-after"] == "2"
    early = world.api.get(f"/v1/extracts/{extract_id}/manifest", headers=headers)
    assert (early.status_code, early.headers["retry-after"]) == (409, "2")


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"expires_at": "2020-01-01T00:00:00.000Z"}, "the extract expired at 2020-01-01T00:00:00.000Z"),
        ({"state": "deleted", "cause": "the caller deleted it"}, "the caller deleted it"),
    ],
)
def test_an_extract_that_is_gone_says_why(world: World, changes: dict[str, Any], cause: str) -> None:
    world.done("run-1", **changes)
    answer = world.api.get("/v1/extracts/run-1", headers=world.key())
    assert (answer.status_code, answer.json()["detail"]) == (410, f"{cause}; ask for a new one")
    assert world.api.get("/v1/extracts/run-1/files/0", headers=world.key()).status_code == 410


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_anothers_extract_answers_exactly_as_an_unknown_one(world: World, method: str, path: str) -> None:
    world.done("run-1", customer_id=OTHER)
    world.done("run-2", pii=True)
    world.done("run-3", product="payments")
    headers = world.key(products=("orders",))
    answers = []
    for extract_id in ("run-1", "run-2", "run-3", "run-9"):
        before = world.extracts.reads
        answer = world.api.request(method, path.format(id=extract_id), headers=headers)
        answers.append((answer.status_code, answer.text.replace(extract_id, "?"), world.extracts.reads - before))
        assert world.audited()[-1]["action"] == "not_found"
    assert len(set(answers)) == 1
    assert answers[0][0] == 404
    assert world.store.read("run-1").state == "done"  # type: ignore[union-attr]
    assert len(world.buckets.keys_below("extracts_bucket", OTHER)) == 2


def test_a_page_shows_a_customers_own_extracts_the_newest_first(world: World) -> None:
    began = datetime.now(UTC)
    for number in range(5):
        world.done(f"run-{number}", requested_at=timestamp(began + timedelta(seconds=number)))
    world.done("foreign", customer_id=OTHER)
    world.done("late", requested_at=timestamp(began - timedelta(days=9)), expires_at="2020-01-01T00:00:00.000Z")
    headers = world.key()

    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = world.api.get("/v1/extracts", headers=headers, params=query).json()
        seen += [extract["extract_id"] for extract in page["extracts"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == ["run-4", "run-3", "run-2", "run-1", "run-0", "late"]
    found = world.api.get("/v1/extracts", headers=headers, params={"state": "expired"}).json()["extracts"]
    assert [extract["extract_id"] for extract in found] == ["late"]


def test_staff_list_one_customers_extracts_and_keys_their_own(world: World) -> None:
    world.done("run-1")
    assert world.api.get("/v1/extracts", headers=STAFF).json()["field"] == "customer_id"
    listed = world.api.get("/v1/extracts", headers=STAFF, params={"customer_id": CUSTOMER}).json()
    assert len(listed["extracts"]) == 1
    answer = world.api.get("/v1/extracts", headers=world.key(OTHER), params={"customer_id": CUSTOMER})
    assert answer.status_code == 403


@pytest.mark.parametrize("cursor", ["x", "e30", "W10", "WyJhIiwgImIiXQ", "%00", "a" * 400, "W1tdLCB7fV0"])
def test_a_cursor_that_was_made_up_is_refused(world: World, cursor: str) -> None:
    answer = world.api.get(f"/v1/extracts?cursor={cursor}", headers=world.key())
    assert (answer.status_code, answer.json()["field"]) == (400, "cursor")


def test_cancelling_stops_the_run_and_removes_what_was_written(world: World) -> None:
    headers = world.key()
    extract_id = world.ask(headers).json()["extract_id"]
    world.buckets["extracts_bucket", f"{CUSTOMER}/{extract_id}/attempt-1/part"] = b"rows"

    answers = [world.api.post(f"/v1/extracts/{extract_id}/cancel", headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["state"] == "cancelled"
    assert world.runs.runs[extract_id] == "failed"
    assert world.buckets.keys_below("extracts_bucket", CUSTOMER) == []
    assert world.store.move(extract_id, "running")[0] is False


def test_a_run_that_cannot_be_told_of_the_cancelling_is_cancelled_all_the_same(world: World) -> None:
    headers = world.key()
    extract_id = world.ask(headers).json()["extract_id"]
    world.runs.failing = 1
    assert world.api.post(f"/v1/extracts/{extract_id}/cancel", headers=headers).json()["state"] == "cancelled"


def test_deleting_removes_the_files_and_keeps_the_record(world: World) -> None:
    world.done("run-1")
    headers = world.key()

    answers = [world.api.delete("/v1/extracts/run-1", headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert world.buckets.keys_below("extracts_bucket", CUSTOMER) == []
    gone = world.api.get("/v1/extracts/run-1", headers=headers)
    assert gone.status_code == 410
    assert "deleted" in gone.json()["detail"]
    assert world.store.read("run-1").rows == 3  # type: ignore[union-attr]


@pytest.mark.parametrize(("method", "path", "state"), [("DELETE", "", "queued"), ("POST", "/cancel", "done")])
def test_what_does_not_fit_the_state_is_refused(world: World, method: str, path: str, state: str) -> None:
    world.done("run-1", state=state)
    answer = world.api.request(method, f"/v1/extracts/run-1{path}", headers=world.key())
    assert answer.status_code == 409
    assert answer.json()["remedy"]


def test_the_audit_log_has_neither_keys_nor_links_nor_rows(world: World) -> None:
    headers = world.key()
    world.done("run-1")
    world.ask(headers, {**BODY, "product": "x" * 3000})
    world.ask(headers, **{"Idempotency-Key": "canary-key"})
    world.api.get("/v1/extracts/run-1/files/0", headers=headers)
    world.api.get("/v1/extracts/unknown", headers=headers)
    text = json.dumps(world.audited())
    secret = headers["Authorization"].rpartition("_")[2]
    assert not [word for word in (secret, "canary-key", "X-Amz-Signature", "x" * 100) if word in text]
    assert {event["action"] for event in world.audited()} == {"refused", "asked", "file_linked", "not_found"}
