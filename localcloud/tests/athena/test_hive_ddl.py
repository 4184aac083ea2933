"""DDL on Hive tables: partitions, columns, properties, locations, and databases."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def events(cloud: Any, database: str) -> str:
    """An external CSV table by day and kind, with three objects in S3 and no partition; returns its location."""
    location = f"{cloud.lake}/{database}/events"
    cloud.run(
        "create external table events (id int, note string) partitioned by (day string, kind string)"
        f" row format delimited fields terminated by ',' location '{location}/'",
        database,
    )
    for key, body in (
        ("day=2026-11-01/kind=a/1.csv", b"1,one\n"),
        ("day=2026-11-01/kind=b%2Fc/1.csv", b"2,two\n"),
        ("day=2026-11-02/kind=a/1.csv", b"3,three\n"),
    ):
        put(cloud, f"{location}/{key}", body)
    return location


def put(cloud: Any, uri: str, body: bytes) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    cloud.s3.put_object(Bucket=bucket, Key=key, Body=body)


def rows(cloud: Any, database: str, sql: str) -> list[list[str | None]]:
    return list(cloud.run(sql, database).rows)


def test_unregistered_partitions_are_invisible_until_msck_finds_them(cloud: Any, database: str, events: str) -> None:
    assert rows(cloud, database, "select * from events") == []
    output = [row[0] for row in rows(cloud, database, "msck repair table events")]
    assert "Repair: Added partition to metastore events:day=2026-11-02/kind=a" in output
    assert rows(cloud, database, "select id, kind from events order by id") == [["1", "a"], ["2", "b/c"], ["3", "a"]]
    assert rows(cloud, database, "msck repair table events") == []


def test_partitions_are_added_renamed_moved_and_dropped(cloud: Any, database: str, events: str) -> None:
    cloud.run(
        f"alter table events add if not exists partition (day='2026-11-01', kind='a') partition (day = '2026-11-02',"
        f" kind = 'a') location '{events}/day=2026-11-02/kind=a/'",
        database,
    )
    assert rows(cloud, database, "select id from events order by id") == [["1"], ["3"]]
    cloud.run(
        "alter table events partition (day='2026-11-02', kind='a') rename to partition (day='2026-11-03', kind='z')",
        database,
    )
    assert rows(cloud, database, "select id, day, kind from events where kind = 'z'") == [["3", "2026-11-03", "z"]]
    cloud.run(
        f"alter table events partition (day='2026-11-03', kind='z') set location '{events}/day=2026-11-01/kind=b%2Fc/'",
        database,
    )
    assert rows(cloud, database, "select id from events where kind = 'z'") == [["2"]]
    cloud.run("alter table events drop partition (day='2026-11-03', kind='z')", database)
    assert rows(cloud, database, "show partitions events") == [["day=2026-11-01/kind=a"]]
    assert "PARTITION_NOT_FOUND" in cloud.failure("alter table events drop partition (day='x', kind='y')", database)
    assert "INVALID_PARTITION" in cloud.failure("alter table events add partition (day='x')", database)


def test_columns_are_added_replaced_and_changed(cloud: Any, database: str, events: str) -> None:
    cloud.run("alter table events add columns (amount decimal(9,2) comment 'in euro')", database)
    assert rows(cloud, database, "show columns in events") == [["id"], ["note"], ["amount"], ["day"], ["kind"]]
    cloud.run("alter table events change column note remark string comment 'free text' first", database)
    cloud.run("alter table events change id id bigint after amount", database)
    columns = cloud.glue.get_table(DatabaseName=database, Name="events")["Table"]["StorageDescriptor"]["Columns"]
    assert [(c["Name"], c["Type"]) for c in columns] == [
        ("remark", "string"),
        ("amount", "decimal(9,2)"),
        ("id", "bigint"),
    ]
    assert columns[0]["Comment"] == "free text"
    cloud.run("alter table events replace columns (id int, note string)", database)
    cloud.run("msck repair table events", database)
    assert rows(cloud, database, "select id, note from events where id = 1") == [["1", "one"]]


def test_properties_and_location_of_a_table_change(cloud: Any, database: str, events: str) -> None:
    cloud.run("alter table events set tblproperties ('owner team' = 'it''s us', 'x' = '1')", database)
    assert rows(cloud, database, "show tblproperties events('owner team')") == [["owner team\tit's us"]]
    cloud.run("alter table events unset tblproperties ('x')", database)
    assert "x" not in [row[0].split("\t")[0] for row in rows(cloud, database, "show tblproperties events")]
    cloud.run(f"alter table events set location '{events}-moved/'", database)
    entry = cloud.glue.get_table(DatabaseName=database, Name="events")["Table"]
    assert entry["StorageDescriptor"]["Location"] == f"{events}-moved/"


def test_a_database_keeps_its_comment_location_and_properties(cloud: Any, database: str) -> None:
    name = f"{database}_more"
    cloud.run(
        f"create database if not exists {name} comment 'it''s new' location 's3://athena-tests-lake/{name}/'"
        " with dbproperties ('a' = '1')"
    )
    cloud.run(f"alter database {name} set dbproperties ('b' = '2')")
    entry = cloud.glue.get_database(Name=name)["Database"]
    assert entry["Description"] == "it's new"
    assert entry["LocationUri"].startswith("s3://athena-tests-lake/")
    assert entry["Parameters"] == {"a": "1", "b": "2"}


def test_a_key_may_not_be_a_column_as_well(cloud: Any, database: str) -> None:
    reason = cloud.failure(
        "create external table twice (id int, day string) partitioned by (day string) location 's3://b/twice/'",
        database,
    )
    assert "Column repeated in partitioning columns: day" in reason
