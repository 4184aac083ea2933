"""Asking for extracts: one run a request or a key, refusals that say what would be right, nothing lost on the way."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from landfall.api.asking import LARGEST_BODY_BYTES, Asking, read_body
from landfall.api.callers import Caller
from landfall.extract.records.record import timestamp

from tests.unit.api.world import BODY, CUSTOMER, OTHER, STAFF, World

KEY = {"Idempotency-Key": "order-7"}


def later(world: World, extract_id: str, seconds: int) -> None:
    """Let a record have said nothing for so long."""
    world.extracts.items[extract_id]["changed_at"] = timestamp(datetime.now(UTC) - timedelta(seconds=seconds))


def test_an_extract_is_accepted_and_its_run_gets_the_whole_form(world: World) -> None:
    answer = world.ask(world.key())

    assert answer.status_code == 202
    extract = answer.json()
    assert (extract["state"], extract["customer_id"]) == ("queued", CUSTOMER)
    assert answer.headers["location"] == answer.headers["content-location"] == extract["url"]
    assert extract["url"] == f"/v1/extracts/{extract['extract_id']}"
    assert answer.headers["retry-after"] == "1"
    assert world.runs.started == [extract["extract_id"]]
    conf = world.runs.confs[extract["extract_id"]]
    assert conf | BODY | {"customer_id": CUSTOMER} == conf
    assert conf["to_date"] is None


def test_the_same_key_and_body_is_the_same_extract(world: World) -> None:
    headers = world.key()
    first, again = world.ask(headers, **KEY), world.ask(headers, **KEY)

    assert again.status_code == 202
    assert again.json() == first.json()
    assert len(world.runs.started) == 1


def test_the_same_key_for_another_body_is_refused(world: World) -> None:
    headers = world.key()
    world.ask(headers, **KEY)
    answer = world.ask(headers, {**BODY, "from_date": "2026-11-02"}, **KEY)

    assert answer.status_code == 422
    assert answer.json()["field"] == "Idempotency-Key"
    assert len(world.runs.started) == 1


def test_the_same_key_of_another_caller_is_another_extract(world: World) -> None:
    ids = {world.ask(world.key(customer), **KEY).json()["extract_id"] for customer in (CUSTOMER, OTHER)}
    assert len(ids) == 2


def test_a_key_stands_for_its_extract_a_day_long(world: World) -> None:
    clock = [datetime(2026, 11, 21, 23, 59, tzinfo=UTC)]
    asking = Asking(world.store, world.runs, now=lambda: clock[0])
    caller = Caller(who="key:a", idempotency_scope="key:a", address=None, customer_id=CUSTOMER)
    asked = read_body(b'{"product": "orders"}', caller)

    first, _ = asking.ask(asked, caller, idempotency_key="k")
    clock[0] += timedelta(hours=23, minutes=59)
    within, _ = asking.ask(asked, caller, idempotency_key="k")
    clock[0] += timedelta(minutes=2)
    after, _ = asking.ask(asked, caller, idempotency_key="k")

    assert within.extract_id == first.extract_id
    assert after.extract_id != first.extract_id


def test_a_thousand_requests_at_once_with_one_key_are_one_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landfall.api.callers.REQUESTS", 10_000)
    headers = {**world.key(), **KEY}

    async def all_at_once() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=world.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await asyncio.gather(*(client.post("/v1/extracts", headers=headers, json=BODY) for _ in range(1000)))

    answers = asyncio.run(all_at_once())

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["extract_id"] for answer in answers}) == 1
    assert len(world.runs.started) == len(world.runs.runs) == 1
    assert len([event for event in world.audited() if event["action"] == "asked"]) == 1


def test_who_dies_between_claim_and_record_leaves_nothing_half_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = world.key()
    with monkeypatch.context() as patch:
        patch.setattr("landfall.extract.records.store.ExtractStore.create", lambda *_: (_ for _ in ()).throw(OSError))
        assert world.ask(headers, **KEY).status_code == 500
    answer = world.ask(headers, **KEY)

    assert answer.status_code == 202
    assert world.runs.started == [answer.json()["extract_id"]]


def test_when_airflow_does_not_answer_the_next_request_or_look_starts_the_run(world: World) -> None:
    headers = world.key()
    world.runs.failing = 1
    answer = world.ask(headers, **KEY)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    (extract_id,) = (name for name in world.extracts.items if name.startswith("ext_"))
    assert world.runs.started == []

    later(world, extract_id, 6)
    assert world.api.get(f"/v1/extracts/{extract_id}", headers=headers).status_code == 200
    assert world.runs.started == [extract_id]
    assert world.ask(headers, **KEY).json()["extract_id"] == extract_id
    assert world.runs.started == [extract_id]


def test_a_run_that_ended_without_a_word_ends_its_extract(world: World) -> None:
    headers = world.key()
    extract_id = world.ask(headers).json()["extract_id"]
    world.runs.runs[extract_id] = "failed"
    assert world.api.get(f"/v1/extracts/{extract_id}", headers=headers).json()["state"] == "queued"

    later(world, extract_id, 11)
    found = world.api.get(f"/v1/extracts/{extract_id}", headers=headers).json()
    assert (found["state"], found["cause"]) == ("failed", "the run ended and did not say why; staff find it in Airflow")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({**BODY, "from_date": "yesterday"}, 400, "from_date"),
        ({**BODY, "form": 1}, 400, "form"),
        ({**BODY, "format": ["csv"]}, 400, "format"),
        ({**BODY, "columns": ["order_id; drop table x"]}, 400, "columns"),
        ({**BODY, "min_amount_cents": True}, 400, "min_amount_cents"),
        ({"format": "csv"}, 400, "product"),
        ({**BODY, "product": "nothing"}, 400, "product"),
        ({**BODY, "customer_id": OTHER}, 403, "customer_id"),
        ({**BODY, "product": "sessions", "from_date": None}, 403, "product"),
    ],
)
def test_a_refusal_names_the_field_the_value_and_the_remedy(
    world: World, body: dict[str, Any], status: int, field: str
) -> None:
    answer = world.ask(world.key(products=("orders",)), body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["field"]) == (status, field)
    assert problem["remedy"]
    assert field not in body or problem["value"] == ascii(body[field])[:60]
    assert world.runs.started == []
    assert not [name for name in world.extracts.items if not name.startswith("claim")]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b"\xff", b'{"product": NaN}', b'{"product": "a", "product": "b"}', b"[" * 10_000],
)
def test_what_is_no_json_object_is_refused(world: World, body: bytes) -> None:
    answer = world.api.post("/v1/extracts", headers=world.key(), content=body)
    assert answer.status_code == 400
    assert answer.json()["remedy"]


def test_a_body_that_is_too_large_is_refused(world: World) -> None:
    answer = world.api.post("/v1/extracts", headers=world.key(), content=b" " * (LARGEST_BODY_BYTES + 1))
    assert answer.status_code == 413


@pytest.mark.parametrize("key", ["", "a" * 256, "ä", "a b"])
def test_what_is_no_idempotency_key_is_refused(world: World, key: str) -> None:
    answer = world.api.post(
        "/v1/extracts", headers={**world.key(), "Idempotency-Key": key.encode("latin-1")}, json=BODY
    )
    assert (answer.status_code, answer.json()["field"]) == (400, "Idempotency-Key")


def test_staff_name_the_customer_and_the_log_names_them(world: World) -> None:
    assert world.ask(STAFF).json()["field"] == "customer_id"
    answer = world.ask(STAFF, {**BODY, "customer_id": OTHER})

    assert answer.status_code == 202
    assert answer.json()["requested_by"] == "staff"
    event = world.audited()[-1]
    assert (event["action"], event["caller"], event["customer_id"]) == ("asked", "staff:ada", OTHER)
    assert event["address"] == "testclient"


def test_a_destination_is_the_customers_own_or_refused_in_one_and_the_same_words(world: World) -> None:
    for customer, name in ((CUSTOMER, "own"), (OTHER, "theirs")):
        made = {"created_at": "2026-11-22", "created_by": "cli:ada", "kms_key_arn": "arn:aws:kms:x:1:key/y"}
        world.destinations.items[customer, name] = {"customer_id": customer, "name": name, **made}
    key = world.key()
    assert world.ask(key, {**BODY, "destination": "own"}).status_code == 202
    answers = [world.ask(key, {**BODY, "destination": name}).json() for name in ("theirs", "nobodys")]
    assert [(each["status"], each["field"]) for each in answers] == [(400, "destination")] * 2
    assert answers[0]["detail"].replace("theirs", "?") == answers[1]["detail"].replace("nobodys", "?")
    assert len(world.runs.started) == 1


def test_the_destination_is_part_of_what_an_idempotency_key_stands_for(world: World) -> None:
    made = {"created_at": "2026-11-22", "created_by": "cli:ada", "kms_key_arn": "arn:aws:kms:x:1:key/y"}
    world.destinations.items[CUSTOMER, "own"] = {"customer_id": CUSTOMER, "name": "own", **made}
    key, once = world.key(), {"Idempotency-Key": "k"}
    assert world.ask(key, {**BODY, "destination": "own"}, **once).status_code == 202
    assert world.ask(key, {**BODY, "destination": "own"}, **once).status_code == 202
    assert world.ask(key, BODY, **once).status_code == 422
    assert len(world.runs.started) == 1
