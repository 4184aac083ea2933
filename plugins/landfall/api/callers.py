"""Who calls: a customer's system by its API key, or staff by the surrounding server's own login."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from landfall.api.keys import ApiKey, ApiKeyStore
from landfall.extract.records.record import ExtractRecord
from landfall.settings import Settings

REQUESTS: Final = 300
WINDOW_SECONDS: Final = 60
"""Requests a key has in a window."""

_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="landfall"'}
_UNKNOWN: Final = "send a valid API key as `Authorization: Bearer lfk_...`; ask your contact for one"

StaffDoor = Callable[[Request], Awaitable[str]]
"""Returns the name of the staff member who calls; raises HTTPException 401 or 403 for anybody else."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls and what they may: `customer_id` None for staff, who act for any customer."""

    who: str
    """As records and the audit log name them: `key:<key id>` or `staff:<user>`."""

    idempotency_scope: str
    """Of which callers an idempotency key means the same: a rotated key and its successors are one."""

    address: str | None
    customer_id: str | None = None
    products: tuple[str, ...] = ()
    pii: bool = False
    limits: Mapping[str, str] = field(default_factory=dict)

    def may_have(self, product: str) -> bool:
        """Tell whether `product` is in the caller's scope."""
        return not self.products or product in self.products

    def may_see(self, record: ExtractRecord) -> bool:
        """Tell whether an extract is the caller's to know of: of its customer, its products, its scope for PII."""
        if self.customer_id is None:
            return True
        return record.customer_id == self.customer_id and self.may_have(record.product) and self.pii >= record.pii


async def find_caller(request: Request) -> Caller:
    """Return who calls; without a door for staff only API keys open. Raises HTTPException 401, 403 or 429."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.startswith("lfk_"):
        return await run_in_threadpool(_by_key, token, _address(request))
    return await find_staff(request)


async def find_staff(request: Request) -> Caller:
    """Return the member of staff who calls; no API key opens. Raises HTTPException 401 or 403."""
    staff: StaffDoor | None = request.app.state.doors.staff
    if staff is None:
        raise HTTPException(401, _UNKNOWN, headers=_CHALLENGE)
    name = await staff(request)
    return Caller(who=f"staff:{name}", idempotency_scope=f"staff:{name}", address=_address(request), pii=True)


CallerDep = Annotated[Caller, Depends(find_caller)]
StaffDep = Annotated[Caller, Depends(find_staff)]


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None


def _by_key(token: str, address: str | None) -> Caller:
    store = ApiKeyStore.of(Settings.from_environment())
    now = datetime.now(UTC)
    key = store.authenticate(token, now=now)
    if key is None:
        raise HTTPException(401, _UNKNOWN, headers=_CHALLENGE)
    return Caller(
        who=f"key:{key.key_id}",
        idempotency_scope=f"key:{key.family}",
        address=address,
        customer_id=key.customer_id,
        products=key.products,
        pii=key.pii,
        limits=_count(store, key, now),
    )


def _count(store: ApiKeyStore, key: ApiKey, now: datetime) -> dict[str, str]:
    """Return the fields of draft-ietf-httpapi-ratelimit-headers-10; raises 429 when the window's requests are used."""
    elapsed = time.time()
    window = int(elapsed // WINDOW_SECONDS)
    used = store.count_use(key, window=window, now=now)
    seconds = max(1, int((window + 1) * WINDOW_SECONDS - elapsed))
    fields = {
        "RateLimit-Policy": f'"default";q={REQUESTS};w={WINDOW_SECONDS}',
        "RateLimit": f'"default";r={max(0, REQUESTS - used)};t={seconds}',
    }
    if used > REQUESTS:
        words = f"{REQUESTS} requests a key in {WINDOW_SECONDS} s are taken; wait {seconds} s"
        raise HTTPException(429, words, headers={**fields, "Retry-After": str(seconds)})
    return fields
