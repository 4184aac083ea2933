"""The tenants: a skewed population of merchants and the change feed of their accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final

from localcloud.demo.model import Body, Event, Json, iso

_COUNTRIES: Final = (
    ("US", "USD", 30),
    ("GB", "GBP", 14),
    ("DE", "EUR", 14),
    ("FR", "EUR", 10),
    ("JP", "JPY", 8),
    ("BR", "BRL", 6),
    ("SE", "SEK", 5),
)
_FIRST: Final = (
    "Nordlicht",
    "Café Lindqvist",
    "東京堂",
    "O'Brien & Sons",
    "Açaí",
    "Blue Heron",
    "Łódź Print",
    "Müller",
    "Kestrel",
    "São Bento",
    "Ñandú",
    "Ivory",
)
_SECOND: Final = (
    "Supply",
    "Books",
    "Outfitters, Ltd.",
    "Coffee",
    "Garden",
    "Electronics",
    '"Best" Deals',
    "Cycles",
    "Pottery",
    "Records",
)
_PLANS: Final = ("free", "growth", "enterprise")
_ZIPF_EXPONENT: Final = 1.05


@dataclass(frozen=True, slots=True)
class Merchant:
    """A tenant that sells, with its share of the orders (relative weight)."""

    customer_id: str
    currency: str
    weight: float


def population(size: int) -> list[Merchant]:
    """Return the first `size` merchants: rank r sells in proportion to 1/r^1.05, the same for every wave."""
    rng = Random("merchants")
    picks = rng.choices(_COUNTRIES, weights=[share for *_, share in _COUNTRIES], k=size)
    return [
        Merchant(customer_id=f"cus_{rank:06d}", currency=currency, weight=rank**-_ZIPF_EXPONENT)
        for rank, (_, currency, _) in enumerate(picks, start=1)
    ]


def changes(
    *, rng: Random, merchants: list[Merchant], last: dict[str, Body], start: datetime, until: datetime
) -> list[Event]:
    """Return the change feed between two times: first versions, then new plans, names and states.

    `last` holds each known merchant's last event; versions continue from there.
    """
    events = []
    for merchant in merchants:
        before = last.get(merchant.customer_id)
        at = datetime.fromisoformat(str(before["occurred_at"])) if before else start
        for _ in range(rng.choice((1, 2, 2, 3, 4)) if before is None else rng.choice((0, 0, 1, 1, 2))):
            at += (until - at) * rng.uniform(0.05, 0.5)
            before = _next_version(rng, merchant, before, at)
            events.append(Event("customers", at, before))
    return events


def _next_version(rng: Random, merchant: Merchant, before: Body | None, at: datetime) -> Body:
    if before is None:
        name = f"{rng.choice(_FIRST)} {rng.choice(_SECOND)}"
        country = rng.choice([code for code, currency, _ in _COUNTRIES if currency == merchant.currency])
        state: dict[str, Json] = {"plan": "free", "name": name, "country": country, "is_active": True, "version": 0}
    else:
        state = dict(before)
        change = rng.choice(("plan", "plan", "name", "is_active"))
        if change == "plan":
            state["plan"] = rng.choice([plan for plan in _PLANS if plan != state["plan"]])
        elif change == "name":
            state["name"] = f"{rng.choice(_FIRST)} {rng.choice(_SECOND)}"
        else:
            state["is_active"] = not state["is_active"]
    number = int(str(state["version"])) + 1
    return {
        "customer_id": merchant.customer_id,
        "version": number,
        "name": state["name"],
        "plan": state["plan"],
        "country": state["country"],
        "email": f"billing+{number}@{merchant.customer_id.replace('_', '-')}.example",
        "is_active": state["is_active"],
        "occurred_at": iso(at),
    }
