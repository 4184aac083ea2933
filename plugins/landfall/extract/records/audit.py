"""The audit log of extracts: who asked for what, when, from where, and what came of it. Objects are only ever added.

audit/extracts/dt=<day>/<time>-<random>.json, a line of JSON an event: rows of `ops.extract_audit`. No event holds a
secret, a link or a row. No role of the pipeline may read, replace or delete them, and a key is written only once.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from landfall.aws import s3
from landfall.settings import Settings

PREFIX: Final = "audit/extracts"

Action = Literal[
    "admitted",
    "asked",
    "cancelled",
    "deleted",
    "delivered",
    "destination_added",
    "destination_removed",
    "destination_tested",
    "file_linked",
    "key_created",
    "key_revoked",
    "key_rotated",
    "listed",
    "manifest_read",
    "not_found",
    "preflight",
    "refused",
    "retried",
]


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """One thing that was asked for. `caller`: `key:<key id>`, `staff:<user>` or `cli:<user>`; `address`: where from."""

    action: Action
    caller: str
    outcome: str
    customer_id: str | None = None
    extract_id: str | None = None
    address: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class AuditLog:
    """The events of one deployment."""

    def __init__(self, settings: Settings) -> None:
        self._bucket = settings.ops_bucket

    def append(self, event: AuditEvent) -> None:
        """Add `event` with the present time; what fails here fails the request, for nothing is done unseen."""
        now = datetime.now(UTC)
        row = {
            "at": f"{now:%Y-%m-%d %H:%M:%S.%f}"[:-3],
            "action": event.action,
            "caller": event.caller,
            "address": event.address,
            "customer_id": event.customer_id,
            "extract_id": event.extract_id,
            "outcome": event.outcome,
            "details": json.dumps(event.details, sort_keys=True, default=str),
        }
        body, written = f"{json.dumps(row)}\n".encode(), False
        while not written:
            key = f"{PREFIX}/dt={now:%Y-%m-%d}/{now:%H%M%S%f}-{uuid.uuid4().hex}.json"
            written = s3.write_new_object(bucket=self._bucket, key=key, body=body, content_type="application/json")
