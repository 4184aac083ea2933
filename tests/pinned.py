"""The published version that tests of extracts are pinned to."""

from __future__ import annotations

from landfall.extract.door.pinning import PinnedDataset

PINNED = PinnedDataset(
    group="lake",
    version=7,
    table="published.ext_orders__v7",
    snapshot_id=1,
    gate="passed",
    contract_versions={},
    published_at="2026-11-20T00:00:00+00:00",
)
