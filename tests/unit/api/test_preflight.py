"""What a request would give: rows, bytes and cost of the version that is published now, and which limit forbids it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

import pytest
from landfall.aws.athena import AthenaResult
from landfall.aws.iceberg import Pointer
from landfall.contracts.extract_product import load_products
from landfall.errors import EngineError, RequestError
from landfall.extract.door import preflight
from landfall.extract.door.pinning import PinnedDataset
from landfall.extract.door.request import parse_request
from landfall.settings import Settings

from tests.unit.api.world import BODY, EXPECTED, World

PRODUCTS = load_products()
REQUEST = parse_request({**BODY, "customer_id": "cus_000042", "columns": None}, run_id="r", products=PRODUCTS)
SETTINGS = Settings(**{name: name for name in Settings.__dataclass_fields__})
PINNED = PinnedDataset(
    group="lake", version=7, table="p.t", snapshot_id=1, gate="g", contract_versions={}, published_at="2026-11-21"
)
METADATA = {
    "current-snapshot-id": 2,
    "snapshots": [
        {"snapshot-id": 1, "summary": {"total-files-size": "9", "total-records": "9"}},
        {"snapshot-id": 2, "summary": {"total-files-size": "40000000", "total-records": "1000000"}},
    ],
}


def counted(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Let the engine count `rows`, having scanned 20 MB, in a table of 40 bytes a row."""

    class Engine:
        def __init__(self, *, settings: Settings) -> None:
            pass

        def run(self, statement: Any, *, fetch: bool) -> AthenaResult:
            return AthenaResult("id", ((str(rows),),), 20_000_000, 5)

    monkeypatch.setattr(preflight, "Athena", Engine)
    monkeypatch.setattr(preflight, "pin", lambda product, *, settings: PINNED)
    monkeypatch.setattr(preflight.IcebergCatalog, "pointer", lambda self, table: Pointer("s3://m", "1"))
    monkeypatch.setattr(preflight, "metadata_document", lambda location: METADATA)


def test_it_counts_the_rows_and_estimates_bytes_and_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    counted(monkeypatch, 5000)
    found = preflight.expect(REQUEST, settings=SETTINGS)
    assert (found.version, found.rows, found.bytes_estimate, found.refusal) == (7, 5000, 200_000, None)
    assert found.scanned_bytes_estimate == 60_000_000
    assert found.cost_usd_estimate == pytest.approx(0.0003)


def test_more_rows_than_the_product_allows_are_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    counted(monkeypatch, PRODUCTS["orders"].max_rows + 1)
    refusal = preflight.expect(REQUEST, settings=SETTINGS).refusal
    assert refusal is not None
    assert "narrow from_date" in refusal


def test_a_preflight_starts_nothing_and_says_whether_it_is_allowed(world: World) -> None:
    world.expect = lambda _request: replace(EXPECTED, refusal="too many")
    answer = world.api.post("/v1/extracts/preflight", headers=world.key(), json=BODY)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["allowed"], found["refusal"], found["rows"], found["max_rows"]) == (False, "too many", 16, 100)
    assert (world.runs.started, world.extracts.items) == ([], {})
    assert [event["action"] for event in world.audited()] == ["preflight"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(RequestError("product: 'orders' has no version; run it first"), 409), (EngineError("x"), 503)],
)
def test_what_cannot_be_counted_is_refused(world: World, error: Exception, status: int) -> None:
    def fail(_request: object) -> NoReturn:
        raise error

    world.expect = fail
    answer = world.api.post("/v1/extracts/preflight", headers=world.key(), json=BODY)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
