"""Customers with keys and finished extracts, all of whose contents are canaries."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from fastapi.testclient import TestClient
from landfall.api.keys import ApiKeyStore

from tests.isolation.attempts import ID_CANARY, Customer

_EXTRACTS: Final = 3
_KEYS: Final = 8

Put = Callable[[str, Customer, str], None]
"""Puts a finished extract of an id, with a manifest and files; the last word is its request as JSON text."""


def furnish(api: TestClient, keys: ApiKeyStore, put: Put, count: int, *, first: int = 700_000) -> list[Customer]:
    """Return `count` customers, and what others have got hold of: ids, ETags, a cursor and an idempotency key.

    `first` is the number of the first one.
    """
    customers = [_customer(keys, put, f"cus_{first + number:06}") for number in range(count)]
    for customer in customers:
        headers = {"Authorization": f"Bearer {customer.tokens[0]}"}
        for rest in ("", "/manifest"):
            answer = api.get(f"/v1/extracts/{customer.extract_ids[0]}{rest}", headers=headers)
            assert answer.status_code == 200 and customer.canary in answer.text
            customer.etags.append(answer.headers["etag"])
        customer.cursor = api.get("/v1/extracts?limit=1", headers=headers).json()["next_cursor"]
        with_key = {**headers, "Idempotency-Key": customer.idempotency_key}
        assert api.post("/v1/extracts", headers=with_key, json=customer.body).status_code == 202
    return customers


def _customer(keys: ApiKeyStore, put: Put, customer_id: str) -> Customer:
    made = [
        keys.create(customer_id=customer_id, name="test", products=(), pii=True, days=1, created_by="cli:test")
        for _ in range(_KEYS)
    ]
    customer = Customer(
        customer_id=customer_id,
        tokens=[token for _, token in made],
        extract_ids=[],
        idempotency_key=f"key-of-{customer_id}",
        body={"product": "orders", "format": "csv", "from_date": "2026-11-01", "customer_id": customer_id},
        key_ids=[made[0][0].key_id],
    )
    request = json.dumps({"customer_id": customer_id, "product": "orders", "note": customer.canary})
    for number in range(_EXTRACTS):
        extract_id = f"ext_{ID_CANARY.format(customer.digits)}_{number}"
        put(extract_id, customer, request)
        customer.extract_ids.append(extract_id)
    return customer
