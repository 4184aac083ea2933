"""Hostile inputs sent over HTTP: their canaries come back to their sender at most, and are kept nowhere else."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from landfall.contracts.extract_product import load_products
from landfall.extract.door.form import form_schema

from tests.hostile.corpus import Hostile, corpus
from tests.unit.api.conftest import stand_in
from tests.unit.api.world import World

FIELDS = list(form_schema(load_products()))
GOOD: dict[str, Any] = {"product": "orders", "format": "csv"}
KEYS = 20


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """An API without Airflow and AWS."""
    return stand_in(monkeypatch)


def _requests(entry: Hostile, number: int) -> Iterator[tuple[str, str, dict[str, str], Any]]:
    """Yield method, path, headers and body: the input in a field, and as a text at each other place in turn."""
    yield "POST", "/v1/extracts", {}, {**GOOD, FIELDS[number % len(FIELDS)]: entry.value}
    if not isinstance(entry.value, str):
        return
    word = quote(entry.value.encode(errors="surrogatepass"), safe="")[:2_000]
    cursor = base64.urlsafe_b64encode(json.dumps(["2026-11-01T00:00:00Z", entry.value]).encode()).decode()
    others: list[tuple[str, str, dict[str, str], Any]] = [
        ("GET", f"/v1/extracts/{word}", {}, None),
        ("GET", f"/v1/extracts?cursor={word}", {}, None),
        ("GET", f"/v1/extracts?cursor={cursor[:480]}&state={word}", {}, None),
        ("POST", "/v1/extracts", {}, {**GOOD, entry.value: "x"}),
        ("GET", f"/v1/products/{word}", {}, None),
    ]
    if entry.value.isascii() and entry.value.isprintable() and entry.value.strip() == entry.value:
        others.append(("POST", "/v1/extracts", {"Idempotency-Key": entry.value[:300]}, GOOD))
        others.append(("GET", "/v1/extracts", {"Authorization": f"Bearer lfk_{entry.value[:300]}"}, None))
    yield others[number % len(others)]


async def _send_all(world: World, keys: list[dict[str, str]]) -> Counter[int]:
    answered: Counter[int] = Counter()
    transport = httpx.ASGITransport(app=world.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        for number, entry in enumerate(corpus()):
            for method, path, headers, body in _requests(entry, number):
                sent = {**keys[number % KEYS], **headers}
                content = None if body is None else json.dumps(body)
                answer = await client.request(method, path, headers=sent, content=content)
                answered[answer.status_code] += 1
    return answered


def test_no_canary_is_kept_as_it_came(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answered = asyncio.run(_send_all(world, [world.key() for _ in range(KEYS)]))
    assert answered.total() > 4_000 and max(answered) < 500, answered
    canaries = {entry.canary for entry in corpus() if entry.canary}

    def told(where: str, texts: Any) -> list[str]:
        return [f"{where}: {canary}" for text in texts for canary in canaries if canary in text]

    items = world.extracts.items
    places = {
        "log": ["\n".join(record.getMessage() for record in caplog.records if record.name.startswith("landfall"))],
        "key of an object": [key for _, key in world.buckets],
        "extract": [f"{item}" for item in items.values()],
        "run": [*world.runs.confs, json.dumps(list(world.runs.confs.values()), default=str)],
        "address of a file": [str(item.get("run_id")) for item in items.values()],
    }
    found = [each for where, texts in places.items() for each in told(where, texts)]
    # A plain word could be the id of an extract, which `since` takes; the run looks whether there is one.
    words = [e.canary for e in corpus() if isinstance(e.value, str) and re.fullmatch(r"[A-Za-z0-9_-]+", e.value)]
    assert set(found) <= {f"{where}: {word}" for where in ("extract", "run") for word in words}
    # The audit log says what was asked for in vain, an extract's id or a field that there is not: in one line of JSON.
    for body in world.buckets.values():
        event = json.loads(body)
        assert body.count(b"\n") == 1 and body.isascii()
        assert event["action"] in ("asked", "listed", "not_found", "refused")
        in_vain = set(told("audit log", [body.decode()])) - {f"audit log: {word}" for word in words}
        if in_vain:
            details = json.loads(event["details"])
            field = details.get("field")
            assert event["action"] == "not_found" or re.fullmatch(r"[A-Za-z0-9_-]{1,60}", field), details
            assert all(len(value) <= 60 for value in details.values())
