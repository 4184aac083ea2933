"""Shoppers looking around: page views in sessions, some of which end in an order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from localcloud.demo.merchants import Merchant
from localcloud.demo.model import Event, iso
from localcloud.demo.selling import Basket

_DEVICES: Final = ("mobile", "mobile", "mobile", "desktop", "desktop", "tablet")
_REFERRERS: Final = (
    "https://search.example/?q=gift%20ideas",
    "https://social.example/p/öl",
    "https://news.example/",
    None,
    None,
)
_PAGES: Final = (
    "/",
    "/search?q=caf%C3%A9",
    "/sale",
    "/product/SKU-{sku:04d}",
    "/product/SKU-{sku:04d}",
    "/product/SKU-{sku:04d}",
    "/cart",
)


def views(
    *,
    rng: Random,
    count: int,
    baskets: Sequence[Basket],
    merchants: Sequence[Merchant],
    shoppers: int,
    start: datetime,
    until: datetime,
) -> list[Event]:
    """Return `count` page views: first the sessions that led to `baskets`, then sessions of people who only looked."""
    events: list[Event] = []
    weights = [merchant.weight for merchant in merchants]
    for basket in baskets:
        if len(events) >= count // 2:
            break
        begins_at = basket.placed_at - timedelta(minutes=rng.uniform(3, 25))
        events.extend(_session(rng, basket.shopper_id, basket.customer_id, begins_at, basket.placed_at))
    while len(events) < count:
        shopper_id = f"shp_{int(shoppers * rng.random() ** 2):08d}"
        merchant = rng.choices(merchants, weights=weights)[0]
        begins_at = start + (until - start) * rng.random()
        events.extend(_session(rng, shopper_id, merchant.customer_id, begins_at, until))
    return events[:count]


def _session(rng: Random, shopper_id: str, customer_id: str, begins_at: datetime, until: datetime) -> Iterator[Event]:
    device = rng.choice(_DEVICES)
    referrer = rng.choice(_REFERRERS)
    shop = f"https://{customer_id.replace('_', '-')}.shop.example"
    at = begins_at
    for _ in range(rng.randint(1, 11)):
        url = shop + rng.choice(_PAGES).format(sku=rng.randrange(1, 400))
        body: dict[str, str | int | float | bool | None] = {
            "page_view_id": f"pgv_{rng.getrandbits(48):012x}",
            "shopper_id": shopper_id,
            "customer_id": customer_id,
            "url": url,
            "device": device,
            "occurred_at": iso(at),
        }
        if referrer:
            body["referrer"] = referrer
        yield Event("page_views", at, body)
        referrer = url
        at += timedelta(seconds=rng.expovariate(1 / 50))
        if at > until:
            return
