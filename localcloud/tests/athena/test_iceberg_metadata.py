"""The metadata tables of Iceberg tables."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def sales(cloud: Any, database: str) -> str:
    """Two days of sales in two snapshots; returns the location."""
    location = f"{cloud.lake}/{database}/sales"
    cloud.run(
        f"create table sales with (table_type = 'ICEBERG', is_external = false, location = '{location}/',"
        " partitioning = ARRAY['day(at)', 'shop']) as select * from (values"
        " (1, timestamp '2026-11-01 10:00:00.000000', 'a'), (2, timestamp '2026-11-02 10:00:00.000000', 'b'))"
        " t (id, at, shop)",
        database,
    )
    cloud.run("insert into sales values (7, timestamp '2026-11-02 11:00:00.000000', 'b')", database)
    return location


def test_files_tell_counts_and_bounds(cloud: Any, database: str, sales: str) -> None:
    result = cloud.run(
        "select content, file_format, record_count, lower_bounds[1], upper_bounds[1], value_counts[1],"
        ' cardinality(column_sizes), key_metadata, equality_ids from "sales$files" order by 4',
        database,
    )
    assert [row[:6] for row in result.rows] == [
        ["0", "PARQUET", "1", "1", "1", "1"],
        ["0", "PARQUET", "1", "2", "2", "1"],
        ["0", "PARQUET", "1", "7", "7", "1"],
    ]
    assert [row[6:] for row in result.rows] == [["3", None, None]] * 3


def test_partitions_tell_what_lies_in_each(cloud: Any, database: str, sales: str) -> None:
    rows = cloud.run(
        "select partition.at_day, partition.shop, record_count, file_count, data.id.min, data.id.max,"
        ' data.at.null_count from "sales$partitions" order by 1',
        database,
    ).rows
    assert rows == [["2026-11-01", "a", "1", "1", "1", "1", "0"], ["2026-11-02", "b", "2", "2", "2", "7", "0"]]


def test_manifests_refs_and_history_tell_the_snapshots(cloud: Any, database: str, sales: str) -> None:
    counts = cloud.run(
        "select sum(added_data_files_count), sum(deleted_rows_count), min(partition_summaries[2].lower_bound)"
        ' from "sales$manifests"',
        database,
    ).rows
    assert counts == [["3", "0", "a"]]
    newest = cloud.run('select snapshot_id from "sales$snapshots" order by committed_at desc limit 1', database).rows
    assert cloud.run('select name, type, snapshot_id from "sales$refs"', database).rows == [
        ["main", "BRANCH", newest[0][0]]
    ]
    assert cloud.run('select count(*) from "sales$history" where is_current_ancestor', database).rows == [["2"]]


def test_other_tables_have_no_metadata_tables(cloud: Any, database: str) -> None:
    cloud.run("create table plain as select 1 as id", database)
    assert "does not exist" in cloud.failure('select * from "plain$files"', database)
