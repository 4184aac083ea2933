"""Customers at each other's extracts, over the local cloud's tables and buckets, and with their own links to files."""

from __future__ import annotations

import asyncio
import json
import secrets
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest
from fastapi.testclient import TestClient
from landfall.api.app import Doors, create_app
from landfall.api.keys import ApiKeyStore
from landfall.aws import s3
from landfall.extract.records.record import ExtractRecord, timestamp
from landfall.extract.records.store import ExtractStore
from landfall.settings import Settings

from tests.isolation.attempts import Customer, manifest_of
from tests.isolation.customers import furnish
from tests.isolation.stage import foreign_canaries, try_all
from tests.unit.api.world import MemoryRuns


def _rows_of(customer: Customer) -> bytes:
    return f"rows of {customer.canary}".encode()


@pytest.fixture(scope="module")
def api(settings: Settings) -> TestClient:
    """The API as it is served alone."""
    return TestClient(create_app(Doors(runs=MemoryRuns())), follow_redirects=False)


@pytest.fixture(scope="module")
def customers(api: TestClient, settings: Settings) -> list[Customer]:
    """A few customers with finished extracts."""

    def put(extract_id: str, customer: Customer, request: str) -> None:
        now = datetime.now(UTC)
        record = ExtractRecord(
            extract_id=extract_id,
            customer_id=customer.customer_id,
            product="orders",
            request=request,
            requested_by="staff:test",
            requested_at=timestamp(now),
            changed_at=timestamp(now),
            state="done",
            run_id=extract_id,
            pii=True,
            expires_at=timestamp(now + timedelta(days=1)),
        )
        ExtractStore.of(settings).create(record)
        manifest = manifest_of(extract_id, customer)
        folder = f"{customer.customer_id}/{extract_id}"
        s3.write_object(bucket=settings.extracts_bucket, key=f"{folder}/manifest.json", body=manifest)
        path = json.loads(manifest)["files"][0]["path"]
        s3.write_object(bucket=settings.extracts_bucket, key=f"{folder}/{path}", body=_rows_of(customer))

    # A stack that is kept remembers those of the last session.
    return furnish(api, ApiKeyStore.of(settings), put, 4, first=100_000 + secrets.randbelow(800_000))


def test_nobody_sees_a_byte_of_anothers_extract_in_the_cloud(
    api: TestClient, customers: list[Customer], tmp_path: Path
) -> None:
    found = asyncio.run(try_all(api.app, customers, most=300, seed=5, folder=tmp_path))  # type: ignore[arg-type]
    assert found.made.total() >= 300
    assert [*found.wrongs, *foreign_canaries(tmp_path)] == []


def _read(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - of this machine
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_link_opens_its_file_and_no_other(api: TestClient, customers: list[Customer], settings: Settings) -> None:
    one, other = customers[:2]
    headers = {"Authorization": f"Bearer {one.tokens[0]}"}
    link = api.get(f"/v1/extracts/{one.extract_ids[0]}/files/0", headers=headers).headers["location"]
    assert _read(link) == (200, _rows_of(one))

    parts = urlsplit(link)
    signed = dict(parse_qsl(parts.query))
    foreign = parts.path.replace(one.customer_id, other.customer_id).replace(one.digits, other.digits)
    paths = [
        foreign,
        f"{parts.path}/../../../../{foreign.partition('/')[2]}",
        foreign.replace(other.customer_id, f"%63us_{other.digits}"),
        f"/{settings.extracts_bucket}/",
        f"/{settings.lake_bucket}/",
        f"/{settings.extracts_bucket}/{other.customer_id}/{other.extract_ids[0]}/manifest.json",
    ]
    queries = [
        signed,
        {**signed, "X-Amz-Expires": "604800"},
        {**signed, "prefix": f"{other.customer_id}/", "list-type": "2"},
        {**signed, "X-Amz-Signature": "0" * 64},
        {**signed, "X-Amz-SignedHeaders": ""},
    ]
    for path in paths:
        for query in queries:
            status, body = _read(urlunsplit(parts._replace(path=path, query=urlencode(query))))
            assert status in (400, 403, 404), (status, path, sorted(query))
            assert _rows_of(other) not in body  # the path that was asked for may be repeated
