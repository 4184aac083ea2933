"""A wave of traffic: the same records for the same seed, number, volume, span and past."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from localcloud.demo import browsing, merchants, selling
from localcloud.demo.delivery import deliver
from localcloud.demo.model import STREAMS, Body, Event, Record

DEFAULT_EVENTS: Final = 34_000
DEFAULT_DAYS: Final = 5
DEFAULT_SEED: Final = 20261120

_ORDERS_SHARE: Final = 0.07
_PAGE_VIEWS_SHARE: Final = 0.54
_MERCHANTS_SHARE: Final = 0.004
_SHOPPERS_SHARE: Final = 0.08
_FEWEST_MERCHANTS: Final = 12
_CONTINUED_ORDERS: Final = 200


@dataclass(frozen=True)
class Past:
    """What earlier waves left: each merchant's last event, and the last events of each open order's lines."""

    customers: dict[str, Body] = field(default_factory=dict)
    open_orders: dict[str, list[Body]] = field(default_factory=dict)


def wave(*, seed: int, number: int, events: int, days: int, until: datetime, past: Past) -> dict[str, list[Record]]:
    """Return about `events` events of the `days` before `until` (UTC), by stream in order of arrival.

    Wave `number` (1, 2, ...) has ids of its own, new versions of the merchants in `past` and moves its open orders on.
    """
    start = until - timedelta(days=days)
    scope = f"{seed}/{number}"
    shops = merchants.population(max(_FEWEST_MERCHANTS, round(events * _MERCHANTS_SHARE)))
    shoppers = max(50, round(events * _SHOPPERS_SHARE))
    baskets = selling.baskets(
        rng=Random(f"{scope}/baskets"),
        scope=scope,
        count=round(events * _ORDERS_SHARE),
        merchants=shops,
        shoppers=shoppers,
        start=start,
        until=until,
    )
    good: dict[str, list[Event]] = defaultdict(list)
    rng = Random(f"{scope}/lifecycles")
    for basket in baskets:
        _add(good, selling.lifecycle(rng=rng, basket=basket, until=until))
    for order_id in sorted(past.open_orders)[:_CONTINUED_ORDERS]:
        _add(good, selling.progress(rng=rng, lines=past.open_orders[order_id], until=until))
    good["page_views"] = browsing.views(
        rng=Random(f"{scope}/browsing"),
        count=round(events * _PAGE_VIEWS_SHARE),
        baskets=baskets,
        merchants=shops,
        shoppers=shoppers,
        start=start,
        until=until,
    )
    good["customers"] = merchants.changes(
        rng=Random(f"{scope}/merchants"), merchants=shops, last=past.customers, start=start, until=until
    )
    return {stream: deliver(rng=Random(f"{scope}/{stream}"), events=good[stream], until=until) for stream in STREAMS}


def _add(good: dict[str, list[Event]], events: Iterable[Event]) -> None:
    for event in events:
        good[event.stream].append(event)
