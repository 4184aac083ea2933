"""Break a good event in exactly one way, so that it can be quarantined for one reason only."""

from __future__ import annotations

import json
from random import Random
from typing import Final

from localcloud.demo.model import Body, Event, Json

_REQUIRED: Final = {
    "orders": ("customer_id", "status", "quantity", "occurred_at"),
    "payments": ("order_id", "amount_cents", "currency"),
    "page_views": ("shopper_id", "url", "device"),
    "customers": ("name", "plan", "is_active"),
}
_WRONG_TYPE: Final[dict[str, tuple[tuple[str, Json], ...]]] = {
    "orders": (
        ("quantity", "three"),
        ("unit_price_cents", "1299"),
        ("unit_price_cents", 12.99),
        ("occurred_at", "yesterday"),
    ),
    "payments": (("amount_cents", "12.50 EUR"), ("amount_cents", True), ("occurred_at", "2026-13-45T99:00:00.000Z")),
    "page_views": (("occurred_at", "just now"), ("occurred_at", False)),
    "customers": (("is_active", "yes"), ("version", "latest"), ("is_active", 1)),
}
_NOT_ALLOWED: Final[dict[str, tuple[tuple[str, Json], ...]]] = {
    "orders": (("status", "teleported"), ("status", "PLACED"), ("currency", "euro"), ("quantity", 0)),
    "payments": (("kind", "gift"), ("method", "barter"), ("amount_cents", -500)),
    "page_views": (("device", "toaster"), ("shopper_id", "anonymous")),
    "customers": (("plan", "platinum"), ("country", "Wonderland")),
}


def break_event(rng: Random, event: Event, reason: str) -> str:
    """Return the text of `event` made unacceptable for `reason` (one of REASONS); it holds no line break."""
    if reason == "not_json":
        return _not_json(rng, event.body)
    body = dict(event.body)
    if reason == "missing_field":
        field = rng.choice(_REQUIRED[event.stream])
        if rng.random() < 0.3:
            body[field] = None
        else:
            del body[field]
    else:
        field, value = rng.choice((_WRONG_TYPE if reason == "wrong_type" else _NOT_ALLOWED)[event.stream])
        body[field] = value
    return json.dumps(body, ensure_ascii=False)


def _not_json(rng: Random, body: Body) -> str:
    text = json.dumps(body, ensure_ascii=False)
    return rng.choice(
        (
            text[: len(text) // 2],
            "<html>502 Bad Gateway</html>",
            text.replace('"', "'"),
            json.dumps([body["occurred_at"]]),
            text + text[:20],
        )
    )
