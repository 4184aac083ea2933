"""What is kept of a table: all that a published version reads, whatever the policy."""

from __future__ import annotations

import pytest
from landfall.errors import MaintenanceError
from landfall.maintain.expiry import Pin, retention_for
from landfall.maintain.metadata import Snapshot, TableMetadata, table_metadata
from landfall.maintain.policy import DAY_SECONDS, Policy

NOW = 1_800_000_000.0
POLICY = Policy(keep_seconds=5 * DAY_SECONDS, keep_snapshots=3)


def snapshot(number: int, *, days_ago: float) -> Snapshot:
    committed = int((NOW - days_ago * DAY_SECONDS) * 1000)
    return Snapshot(
        snapshot_id=number, committed_ms=committed, manifest_list=f"s3://lake/t/metadata/snap-{number}.avro"
    )


def table(*snapshots: Snapshot) -> TableMetadata:
    document = {
        "location": "s3://lake/t",
        "table-uuid": "u",
        "current-snapshot-id": snapshots[-1].snapshot_id,
        "current-schema-id": 0,
        "schemas": [{"schema-id": 0, "fields": []}],
        "default-spec-id": 0,
        "partition-specs": [{"spec-id": 0, "fields": []}],
        "snapshots": [
            {"snapshot-id": s.snapshot_id, "timestamp-ms": s.committed_ms, "manifest-list": s.manifest_list}
            for s in snapshots
        ],
        "metadata-log": [{"metadata-file": f"s3://lake/t/metadata/{n}.json"} for n in range(len(snapshots))],
    }
    return table_metadata(document, metadata_location="s3://lake/t/metadata/now.json")


def pin(of: Snapshot, file: str) -> Pin:
    return Pin(table="published.t__v1", metadata_location=f"s3://lake/t/metadata/{file}.json", snapshot=of)


def test_without_a_version_the_policy_says_what_is_kept() -> None:
    kept = retention_for(table(snapshot(1, days_ago=9)), [], now=NOW, policy=POLICY)
    assert (kept.max_age_seconds, kept.min_snapshots, kept.metadata_files) == (5 * DAY_SECONDS, 3, 100)


def test_the_oldest_version_keeps_its_snapshot_its_metadata_file_and_all_since() -> None:
    old, middle, new = (snapshot(n, days_ago=d) for n, d in ((1, 40.5), (2, 20), (3, 0)))
    kept = retention_for(table(old, middle, new), [pin(old, "0"), pin(middle, "1")], now=NOW, policy=POLICY)
    assert kept.max_age_seconds == 42 * DAY_SECONDS
    assert kept.metadata_files == 100 + 4


def test_a_metadata_file_too_old_for_the_log_is_kept_by_its_age() -> None:
    old = snapshot(1, days_ago=3)
    kept = retention_for(table(old, snapshot(2, days_ago=0)), [pin(old, "long-ago")], now=NOW, policy=POLICY)
    assert kept.metadata_files == 100 + 3


def test_nothing_expires_of_a_table_that_lost_what_a_version_reads() -> None:
    with pytest.raises(MaintenanceError, match=r"published\.t__v1 read snapshots that are not in"):
        retention_for(table(snapshot(2, days_ago=0)), [pin(snapshot(1, days_ago=9), "0")], now=NOW, policy=POLICY)


def test_snapshots_expire_by_age_but_never_the_newest_nor_the_current() -> None:
    metadata = table(*(snapshot(n, days_ago=10 - n) for n in range(8)))
    assert metadata.expirable(now=NOW, keep_seconds=5 * DAY_SECONDS, keep_snapshots=1) == 5
    assert metadata.expirable(now=NOW, keep_seconds=5 * DAY_SECONDS, keep_snapshots=6) == 2
    assert metadata.expirable(now=NOW, keep_seconds=0, keep_snapshots=1) == 7


def test_an_empty_table_has_no_current_snapshot() -> None:
    metadata = table(snapshot(-1, days_ago=0))
    assert metadata.current_snapshot_id is None
