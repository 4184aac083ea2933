"""Which notifications announce a landed object."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from landfall.ingest.batch import LandedObject
from landfall.ingest.discover import landed_object

KEY = "orders/dt=2026-11-20/hr=01/a b+ü.gz"


def event(**changes: Any) -> dict[str, Any]:
    detail = {"bucket": {"name": "landing"}, "object": {"key": KEY, "size": 12, "etag": "x"}}
    return {"detail-type": "Object Created", "time": "2026-11-20T01:02:03Z", "detail": detail} | changes


def test_an_event_becomes_the_object_it_tells_of() -> None:
    expected = LandedObject(key=KEY, bytes=12, landed_at=datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC))
    assert landed_object(json.dumps(event()), stream="orders", bucket="landing") == expected


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[]",
        "{}",
        json.dumps(event(detail=None)),
        json.dumps(event(time="yesterday")),
        json.dumps(event(**{"detail-type": "Object Deleted"})),
        json.dumps(event(detail={"bucket": {"name": "other"}, "object": {"key": KEY, "size": 1}})),
        json.dumps(event(detail={"bucket": {"name": "landing"}, "object": {"key": "payments/x", "size": 1}})),
    ],
)
def test_any_other_message_announces_nothing(body: str) -> None:
    assert landed_object(body, stream="orders", bucket="landing") is None
