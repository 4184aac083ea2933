"""A seeded history of raw rows, cut into loads that arrive in another order than things happened."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 10, 29, tzinfo=UTC)
CUSTOMERS = ("cus_000001", "cus_000002", "cus_000003")
STATUSES = ("placed", "paid", "shipped", "cancelled", "refunded")

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "orders": {
        "order_id": "string",
        "line_number": "bigint",
        "version": "bigint",
        "customer_id": "string",
        "shopper_id": "string",
        "status": "string",
        "sku": "string",
        "quantity": "bigint",
        "unit_price_cents": "bigint",
        "currency": "string",
        "note": "string",
        "occurred_at": "timestamp",
    },
    "payments": {
        "payment_event_id": "string",
        "payment_id": "string",
        "order_id": "string",
        "customer_id": "string",
        "shopper_id": "string",
        "kind": "string",
        "amount_cents": "bigint",
        "currency": "string",
        "method": "string",
        "occurred_at": "timestamp",
    },
    "page_views": {
        "page_view_id": "string",
        "shopper_id": "string",
        "customer_id": "string",
        "url": "string",
        "referrer": "string",
        "device": "string",
        "occurred_at": "timestamp",
    },
    "customers": {
        "customer_id": "string",
        "version": "bigint",
        "name": "string",
        "plan": "string",
        "country": "string",
        "email": "string",
        "is_active": "boolean",
        "occurred_at": "timestamp",
    },
}
"""Stream -> column -> Hive type of raw; every table has `_loaded_at` besides."""


@dataclass(frozen=True)
class Load:
    """Rows that one load brings, by stream, and when it says that it began."""

    loaded_at: datetime
    rows: Mapping[str, Sequence[Mapping[str, object]]]


def loads(seed: int, *, count: int = 4) -> tuple[Load, ...]:
    """Return a history of `count` loads 12 hours apart, the last of which began before the one it follows.

    Each row is in one load at random, so versions overtake each other, lines move to earlier days, sessions merge and
    a day may lose its last line.
    """
    chance = random.Random(seed)
    events = {
        "orders": list(_orders(chance)),
        "payments": list(_payments(chance)),
        "page_views": list(_page_views(chance)),
        "customers": list(_customers(chance)),
    }
    parts: list[dict[str, list[Mapping[str, object]]]] = [{stream: [] for stream in events} for _ in range(count)]
    for stream, rows in events.items():
        for row in rows:
            parts[chance.randrange(count)][stream].append(row)
    begun = [START + timedelta(days=40, hours=12 * number) for number in range(count)]
    begun[-1] = begun[-2] - timedelta(hours=3)
    return tuple(Load(loaded_at=moment, rows=rows) for moment, rows in zip(begun, parts, strict=True))


def _moment(chance: random.Random, *, days: int = 6) -> datetime:
    return START + timedelta(milliseconds=chance.randrange(days * 86_400_000))


def _orders(chance: random.Random) -> Iterator[dict[str, object]]:
    for order in range(30):
        customer, placed = chance.choice(CUSTOMERS), _moment(chance)
        for line in range(1, chance.randint(1, 2) + 1):
            price = chance.randrange(0, 100_000)
            for version in range(1, chance.randint(1, 4) + 1):
                yield {
                    "order_id": f"ord_{order:012x}",
                    "line_number": line,
                    "version": version,
                    "customer_id": customer,
                    "shopper_id": f"shp_{order % 7:08d}",
                    "status": STATUSES[0] if version == 1 else chance.choice(STATUSES[1:]),
                    "sku": f"sku-{line}",
                    "quantity": chance.randint(1, 5),
                    "unit_price_cents": price,
                    # A correction may change what looks immutable.
                    "currency": "USD" if version == 3 and chance.random() < 0.3 else "EUR",
                    "note": 'it\'s "quoted", später' if chance.random() < 0.3 else None,
                    "occurred_at": placed + timedelta(hours=20 * (version - 1)),
                }


def _payments(chance: random.Random) -> Iterator[dict[str, object]]:
    for payment in range(40):
        yield {
            "payment_event_id": f"pev_{payment:012x}",
            "payment_id": f"pay_{payment // 2:012x}",
            "order_id": f"ord_{payment % 30:012x}",
            "customer_id": chance.choice(CUSTOMERS),
            "shopper_id": f"shp_{payment % 7:08d}",
            "kind": chance.choice(("authorisation", "capture", "refund", "chargeback")),
            "amount_cents": chance.randrange(0, 10**12),
            "currency": "EUR",
            "method": chance.choice(("card", "wallet", "bank_transfer")),
            "occurred_at": _moment(chance),
        }


def _page_views(chance: random.Random) -> Iterator[dict[str, object]]:
    for visit in range(25):
        customer, shopper, moment = chance.choice(CUSTOMERS), f"shp_{visit % 5:08d}", _moment(chance, days=4)
        for view in range(chance.randint(1, 6)):
            # Gaps round 30 minutes, so that one late view joins or splits sessions.
            moment += timedelta(minutes=chance.choice((5, 20, 29, 30, 31)))
            yield {
                "page_view_id": f"pgv_{visit:06x}{view:06x}",
                "shopper_id": shopper,
                "customer_id": customer,
                "url": f"https://shop.example/{view}",
                "referrer": None,
                "device": chance.choice(("desktop", "mobile", "tablet")),
                "occurred_at": moment,
            }


def _customers(chance: random.Random) -> Iterator[dict[str, object]]:
    for customer in CUSTOMERS:
        moment = START
        for version in range(1, chance.randint(3, 6)):
            moment += timedelta(hours=chance.randint(-5, 60))
            yield {
                "customer_id": customer,
                "version": version,
                "name": f"Merchant {customer}",
                "plan": chance.choice(("free", "growth", "enterprise")),
                "country": "DE",
                "email": "someone@merchant.example",
                "is_active": version % 3 != 0,
                "occurred_at": moment,
            }
