"""The extract API over tables, buckets and runs in memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import HTTPException, Request
from fastapi.testclient import TestClient
from landfall.api.app import Doors, create_app
from landfall.api.keys import ApiKeyStore
from landfall.errors import RunsUnavailableError
from landfall.extract.door.preflight import Expected
from landfall.extract.door.request import ExtractRequest
from landfall.extract.records.record import ExtractRecord, RunState, timestamp
from landfall.extract.records.store import ExtractStore

from tests.unit.extract.memory import MemoryBuckets, MemoryItems, MemoryRegister

CUSTOMER, OTHER = "cus_000042", "cus_000043"
BODY = {"product": "orders", "format": "csv", "from_date": "2026-11-01"}

EXPECTED = Expected(
    version=7,
    rows=16,
    max_rows=100,
    bytes_estimate=800,
    scanned_bytes_estimate=2000,
    cost_usd_estimate=0.0001,
    refusal=None,
)


class MemoryRuns:
    """Runs by id; the next `failing` calls fail, those of `losing` after they have done their work."""

    def __init__(self) -> None:
        self.runs: dict[str, RunState] = {}
        self.confs: dict[str, Mapping[str, Any]] = {}
        self.started: list[str] = []
        self.failing = 0
        self._lock = threading.Lock()

    def start(self, run_id: str, conf: Mapping[str, Any], *, who: str) -> None:
        self._fail()
        with self._lock:
            self.started.append(run_id)
            self.runs.setdefault(run_id, "queued")
            self.confs[run_id] = conf

    def state(self, run_id: str) -> RunState:
        self._fail()
        return self.runs.get(run_id, "unknown")

    def again(self, run_id: str) -> None:
        self._fail()
        self.runs[run_id] = "queued"

    def stop(self, run_id: str) -> None:
        self._fail()
        self.runs[run_id] = "failed"

    def _fail(self) -> None:
        if self.failing:
            self.failing -= 1
            raise RunsUnavailableError("no answer")


@dataclass
class World:
    """The API and what it stands on."""

    extracts: MemoryItems = field(default_factory=MemoryItems)
    keys: MemoryItems = field(default_factory=MemoryItems)
    destinations: MemoryRegister = field(default_factory=MemoryRegister)
    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    expect: Callable[[ExtractRequest], Expected] = lambda _request: EXPECTED
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.app = create_app(Doors(runs=self.runs, staff=staff_door))
        self.api = TestClient(self.app, raise_server_exceptions=False, follow_redirects=False)

    @property
    def store(self) -> ExtractStore:
        return ExtractStore(self.extracts)

    def key(
        self, customer_id: str = CUSTOMER, *, products: tuple[str, ...] = (), pii: bool = False, days: int = 30
    ) -> dict[str, str]:
        """Return the headers of a new key."""
        _, token = ApiKeyStore(self.keys).create(
            customer_id=customer_id, name="test", products=products, pii=pii, days=days, created_by="cli:test"
        )
        return {"Authorization": f"Bearer {token}"}

    def done(self, extract_id: str, *, customer_id: str = CUSTOMER, **changes: Any) -> ExtractRecord:
        """Put a finished extract with a manifest and a file."""
        now = datetime.now(UTC)
        record = ExtractRecord(
            **{
                "extract_id": extract_id,
                "customer_id": customer_id,
                "product": "orders",
                "request": json.dumps({"customer_id": customer_id, "product": "orders"}),
                "requested_by": "key:abc",
                "requested_at": timestamp(now),
                "changed_at": timestamp(now),
                "state": "done",
                "run_id": extract_id,
                "pii": False,
                "rows": 3,
                "bytes": 9,
                "files": 1,
                "expires_at": timestamp(now + timedelta(days=1)),
                **changes,
            }
        )
        assert self.store.create(record)
        file = {"path": "attempt-1/orders_000.csv.gz", "rows": 3, "bytes": 9, "sha256": "ab"}
        manifest = {"extract_id": extract_id, "customer_id": customer_id, "files": [file]}
        folder = f"{customer_id}/{extract_id}"
        self.buckets["extracts_bucket", f"{folder}/manifest.json"] = json.dumps(manifest).encode()
        self.buckets["extracts_bucket", f"{folder}/attempt-1/orders_000.csv.gz"] = b"rows"
        return record

    def ask(self, headers: Mapping[str, str], body: Mapping[str, Any] = BODY, **more: str) -> Any:
        """POST a request."""
        return self.api.post("/v1/extracts", headers={**headers, **more}, json=dict(body))

    def audited(self) -> list[dict[str, Any]]:
        """Return the audit log's events."""
        keys = self.buckets.keys_below("ops_bucket", "audit/extracts/")
        return [json.loads(self.buckets["ops_bucket", key]) for key in keys]


async def staff_door(request: Request) -> str:
    """A login that knows one user."""
    if request.headers.get("Authorization") != "Bearer staff":
        raise HTTPException(401, "Not authenticated")
    return "ada"


STAFF = {"Authorization": "Bearer staff"}
