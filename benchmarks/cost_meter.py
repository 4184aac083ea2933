"""What a piece of work asks of S3 and DynamoDB: requests of the product and of the engines, and capacity units."""

from __future__ import annotations

import json
import os
import urllib.request
from collections import Counter
from typing import Any

from landfall.aws.clients import client

_FAULTS = "/_localcloud/faults"
_HARDLY_EVER = 1e-12


class CostMeter:
    """Counts from `begin` to `end`, one at a time.

    S3's requests are counted by rules of the local cloud's fault injection, which count what they concern: these strike
    nothing. DynamoDB says itself what it consumed, once asked to; as the local one bills a Query by the request, the
    items that were read are counted too.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        events = client("dynamodb").meta.events
        events.register("provide-client-params.dynamodb.*", self._ask_for_capacity)
        events.register("after-call.dynamodb.*", self._count_capacity)

    def begin(self) -> None:
        """Count from 0."""
        self._counts.clear()
        _faults("DELETE")
        for origin in ("client", "engine"):
            rule = {"kind": "slow", "service": "s3", "origin": origin, "delay_ms": 0, "rate": _HARDLY_EVER}
            _faults("POST", rule)

    def end(self) -> Counter[str]:
        """Return `s3_client`, `s3_engine` (requests), `dynamodb_units` and `dynamodb_items` (read) since `begin`."""
        counts = self._counts.copy()
        counts.update({f"s3_{rule['origin']}": rule["matched"] for rule in _faults("GET")["faults"]})
        _faults("DELETE")
        return counts

    def _ask_for_capacity(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return params | {"ReturnConsumedCapacity": "TOTAL"}

    def _count_capacity(self, parsed: dict[str, Any], **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        for part in consumed if isinstance(consumed, list) else [consumed]:
            self._counts["dynamodb_units"] += part["CapacityUnits"]
        self._counts["dynamodb_items"] += parsed.get("ScannedCount", 1 if "Item" in parsed else 0)


def _faults(method: str, rule: dict[str, Any] | None = None) -> dict[str, Any]:
    body = None if rule is None else json.dumps(rule).encode()
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + _FAULTS, body, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the local cloud's own address
        return dict(json.load(answer))
