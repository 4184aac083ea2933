"""The tables of extracts and keys on DynamoDB itself: conditions, pages, counts, and one run of many requests."""

from __future__ import annotations

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest
from landfall.api import callers
from landfall.api.app import Doors, create_app
from landfall.api.keys import ApiKeyStore
from landfall.aws import s3
from landfall.extract.records.audit import PREFIX
from landfall.extract.records.store import ExtractStore
from landfall.settings import Settings

from tests.unit.api.world import BODY, MemoryRuns

REQUESTS = 100


@pytest.fixture
def customer() -> str:
    """A customer of this test alone."""
    return f"cus_{uuid.uuid4().int % 1_000_000:06d}"


def _headers(settings: Settings, customer: str) -> dict[str, str]:
    _, token = ApiKeyStore.of(settings).create(
        customer_id=customer, name="test", products=(), pii=False, days=1, created_by="cli:test"
    )
    return {"Authorization": f"Bearer {token}"}


def test_many_requests_at_once_with_one_key_are_one_record_and_one_run(
    settings: Settings, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "REQUESTS", REQUESTS)
    monkeypatch.setattr(callers, "WINDOW_SECONDS", 1_000_000_000)  # none ends while they are counted
    runs = MemoryRuns()
    app = create_app(Doors(runs=runs))
    headers = {**_headers(settings, customer), "Idempotency-Key": "k"}

    async def all_at_once() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
            return await asyncio.gather(
                *(client.post("/v1/extracts", headers=headers, json=BODY) for _ in range(REQUESTS + 1))
            )

    answers = asyncio.run(all_at_once())

    # Each was counted, whichever thread it came by: exactly one is one too many.
    assert sorted(answer.status_code for answer in answers) == [202] * REQUESTS + [429]
    assert len({answer.json()["extract_id"] for answer in answers if answer.is_success}) == 1
    # On a busy machine a start may seem lost and be sent again: Airflow makes a run of one id once.
    assert len(runs.runs) == 1
    (record,) = ExtractStore.of(settings).of_customer(customer)
    assert record in ExtractStore.of(settings).in_state("queued")
    assert record not in ExtractStore.of(settings).in_state("running")


def test_pages_of_a_customers_extracts_have_each_once(settings: Settings, customer: str) -> None:
    app = create_app(Doors(runs=MemoryRuns()))
    headers = _headers(settings, customer)

    async def pages() -> tuple[list[str], list[str]]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://test", headers=headers
        ) as client:
            made = [(await client.post("/v1/extracts", json=BODY)).json()["extract_id"] for _ in range(5)]
            seen, query = [], {"limit": "2"}
            while True:
                page = (await client.get("/v1/extracts", params=query)).json()
                seen += [extract["extract_id"] for extract in page["extracts"]]
                if page["next_cursor"] is None:
                    return made, seen
                query["cursor"] = page["next_cursor"]

    made, seen = asyncio.run(pages())
    assert seen == made[::-1]


def test_of_many_who_claim_a_key_at_once_one_is_first(settings: Settings) -> None:
    store, key_hash, now = ExtractStore.of(settings), uuid.uuid4().hex, datetime.now(UTC)
    with ThreadPoolExecutor(16) as pool:
        claims = list(
            pool.map(lambda n: store.claim(key_hash, extract_id=f"ext_{n}", request_digest="d", now=now), range(16))
        )
    assert len({claim.extract_id for claim in claims}) == 1


def test_an_event_of_the_audit_log_is_never_written_over(settings: Settings) -> None:
    key = f"{PREFIX}/dt=2026-11-21/{uuid.uuid4().hex}.json"
    bucket = settings.ops_bucket
    assert s3.write_new_object(bucket=bucket, key=key, body=b"first")
    assert not s3.write_new_object(bucket=bucket, key=key, body=b"second")
    assert s3.read_object(bucket=bucket, key=key) == b"first"
