"""Order lifecycles and the payments that fit them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from localcloud.demo.merchants import Merchant
from localcloud.demo.model import Body, Event, identifier, iso

_NOTES: Final = (
    "Please ring twice",
    "Geschenk 🎁, bitte ohne Rechnung",
    'Say "hello" at the desk, then leave it',
    "Leave at the door\nThank you",
    "お願いします",
    "50% now; 50% later",
    '=HYPERLINK("http://example.com","refund")',
    "=1+1",
    "+1 555 0100 call first",
    "-10% promised by phone",
    "@reception",
)
"""Free text as customers write it; the last five would be run as formulas by a spreadsheet."""

_LIFECYCLES: Final = (
    (("placed", "paid", "shipped"), 62),
    (("placed", "paid"), 12),
    (("placed", "cancelled"), 10),
    (("placed", "paid", "shipped", "refunded"), 9),
    (("placed", "paid", "cancelled"), 4),
    (("placed",), 3),
)
_NEXT: Final = {"placed": "paid", "paid": "shipped", "shipped": "refunded"}
_METHODS: Final = ("card", "card", "card", "wallet", "wallet", "bank_transfer")


@dataclass(frozen=True, slots=True)
class Basket:
    """An order as it was placed; `lines` holds one body a line without version, status and time."""

    order_id: str
    customer_id: str
    shopper_id: str
    placed_at: datetime
    lines: tuple[Body, ...]

    @property
    def total_cents(self) -> int:
        """What the whole order costs."""
        return sum(int(str(line["quantity"])) * int(str(line["unit_price_cents"])) for line in self.lines)


def baskets(
    *,
    rng: Random,
    scope: str,
    count: int,
    merchants: Sequence[Merchant],
    shoppers: int,
    start: datetime,
    until: datetime,
) -> list[Basket]:
    """Return `count` orders placed between two times, most of them with the merchants of high weight."""
    weights = [merchant.weight for merchant in merchants]
    chosen = rng.choices(merchants, weights=weights, k=count)
    return [
        _basket(rng, f"{scope}/{number}", merchant, shoppers, start, until) for number, merchant in enumerate(chosen)
    ]


def _basket(rng: Random, scope: str, merchant: Merchant, shoppers: int, start: datetime, until: datetime) -> Basket:
    order_id = identifier("ord_", scope)
    shopper_id = f"shp_{int(shoppers * rng.random() ** 2):08d}"
    lines = []
    for number in range(1, rng.choices((1, 2, 3, 4), weights=(74, 17, 7, 2))[0] + 1):
        line: dict[str, str | int | float | bool | None] = {
            "order_id": order_id,
            "line_number": number,
            "customer_id": merchant.customer_id,
            "shopper_id": shopper_id,
            "sku": f"SKU-{rng.randrange(1, 400):04d}",
            "quantity": rng.choices((1, 2, 3, 10), weights=(80, 13, 5, 2))[0],
            "unit_price_cents": 0 if rng.random() < 0.01 else int(rng.lognormvariate(7.6, 0.9)),
            "currency": merchant.currency,
        }
        if rng.random() < 0.12:
            line["note"] = rng.choice(_NOTES)
        elif rng.random() < 0.05:
            line["note"] = None
        lines.append(line)
    placed_at = start + (until - start) * rng.random()
    return Basket(order_id, merchant.customer_id, shopper_id, placed_at, tuple(lines))


def lifecycle(*, rng: Random, basket: Basket, until: datetime) -> Iterator[Event]:
    """Yield the events of an order and its payments up to `until`: a version a state, an event a line."""
    states = rng.choices([states for states, _ in _LIFECYCLES], weights=[share for _, share in _LIFECYCLES])[0]
    at = basket.placed_at
    for version, status in enumerate(states, start=1):
        if at > until:
            return
        yield from _versions(basket.lines, version, status, at)
        yield from _payments(rng, basket, status, at, until)
        at += timedelta(minutes=rng.uniform(1, 20) if status == "placed" else rng.uniform(300, 3000))


def progress(*, rng: Random, lines: Sequence[Body], until: datetime) -> Iterator[Event]:
    """Yield the next version of an order that an earlier wave left open; `lines` are its last events, one a line."""
    last = datetime.fromisoformat(max(str(line["occurred_at"]) for line in lines))
    at = last + (until - last) * rng.uniform(0.1, 0.9)
    status = _NEXT[str(lines[0]["status"])]
    basket = Basket(
        str(lines[0]["order_id"]), str(lines[0]["customer_id"]), str(lines[0]["shopper_id"]), last, tuple(lines)
    )
    yield from _versions(lines, int(str(lines[0]["version"])) + 1, status, at)
    yield from _payments(rng, basket, status, at, until)


def _versions(lines: Sequence[Body], version: int, status: str, at: datetime) -> Iterator[Event]:
    for line in lines:
        yield Event("orders", at, {**line, "version": version, "status": status, "occurred_at": iso(at)})


def _payments(rng: Random, basket: Basket, status: str, at: datetime, until: datetime) -> Iterator[Event]:
    total = basket.total_cents
    if status == "paid":
        yield from _payment(rng, basket, "authorisation", total, at, until)
        first = total // 2 if rng.random() < 0.25 else total
        for number, cents in enumerate((first, total - first)):
            if cents or number == 0:
                yield from _payment(rng, basket, "capture", cents, at + timedelta(seconds=30 + 60 * number), until)
    elif status == "refunded":
        kind = "chargeback" if rng.random() < 0.15 else "refund"
        yield from _payment(rng, basket, kind, total if rng.random() < 0.7 else total // 3, at, until)
    elif status == "placed" and rng.random() < 0.3:
        yield from _payment(rng, basket, "authorisation", total, at + timedelta(seconds=20), until)


def _payment(rng: Random, basket: Basket, kind: str, cents: int, at: datetime, until: datetime) -> Iterator[Event]:
    if at > until:
        return
    payment_id = identifier("pay_", basket.order_id)
    body: Body = {
        "payment_event_id": f"pev_{rng.getrandbits(48):012x}",
        "payment_id": payment_id,
        "order_id": basket.order_id,
        "customer_id": basket.customer_id,
        "shopper_id": basket.shopper_id,
        "kind": kind,
        "amount_cents": cents,
        "currency": basket.lines[0]["currency"],
        "method": _METHODS[int(payment_id[-2:], 16) % len(_METHODS)],
        "occurred_at": iso(at),
    }
    yield Event("payments", at, body)
