"""CREATE TABLE AS and INSERT on Hive tables: buckets, limits, values that do not fit, and what a failure leaves."""

from __future__ import annotations

from typing import Any

import pytest


def java_hash(text: str) -> int:
    """What Hive buckets a string by."""
    value = 0
    for byte in text.encode():
        value = (value * 31 + (byte - 256 if byte > 127 else byte)) & 0xFFFFFFFF
    return value & 0x7FFFFFFF


def test_rows_of_a_bucketed_table_lie_in_the_file_of_their_hash(cloud: Any, database: str) -> None:
    cloud.run(
        "create table b with (format = 'PARQUET', bucketed_by = ARRAY['name'], bucket_count = 4) as"
        " select * from (values ('abc', 1), ('höß', 2), ('', 3), ('zebra', 4)) t (name, id)",
        database,
    )
    for name, path in cloud.run('select name, "$path" from b', database).rows:
        assert path.rsplit("/", 1)[-1].startswith(f"{java_hash(name) % 4:06d}_0_")
    storage = cloud.glue.get_table(DatabaseName=database, Name="b")["Table"]["StorageDescriptor"]
    assert (storage["NumberOfBuckets"], storage["BucketColumns"]) == (4, ["name"])
    assert "bucketed tables" in cloud.failure("insert into b values ('x', 5)", database)


@pytest.mark.parametrize("properties", ["bucket_count = 4", "bucketed_by = ARRAY['x'], bucket_count = 4"])
def test_buckets_that_make_no_sense_are_refused(cloud: Any, database: str, properties: str) -> None:
    reason = cloud.failure(f"create table b with ({properties}) as select 1 as id", database)
    assert reason.startswith("INVALID_TABLE_PROPERTY")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ("300, 'a', 1.0", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("1, 'abcd', 1.0", "INVALID_CAST_ARGUMENT: Cannot truncate non-space characters"),
        ("1, 'a', 'x'", "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types"),
    ],
)
def test_a_value_that_does_not_fit_is_not_inserted(cloud: Any, database: str, values: str, reason: str) -> None:
    location = f"{cloud.lake}/{database}/fit/"
    cloud.run(
        "create external table fit (small tinyint, code varchar(3), amount decimal(9,2)) stored as parquet"
        f" location '{location}'",
        database,
    )
    cloud.run("insert into fit values (decimal '7', 'abc', 1)", database)
    assert cloud.failure(f"insert into fit values ({values})", database).startswith(reason)
    assert cloud.run("select * from fit", database).rows == [["7", "abc", "1.00"]]


def test_a_failed_write_leaves_no_file(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/failed/"
    cloud.failure(
        f"create table failed with (external_location = '{location}', partitioned_by = ARRAY['p']) as"
        " select 10 / (n - 5000) as x, n % 3 as p from unnest(sequence(1, 10000)) t (n)",
        database,
    )
    assert cloud.objects(location) == {}
    assert "TABLE_NOT_FOUND" in cloud.failure("select * from failed", database)


def test_more_than_a_hundred_partitions_of_a_hive_table_are_refused(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/many/"
    reason = cloud.failure(
        f"create table many with (external_location = '{location}', partitioned_by = ARRAY['p']) as"
        " select 1 as x, n as p from unnest(sequence(1, 101)) t (n)",
        database,
    )
    assert reason.startswith("HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers")
    assert cloud.objects(location) == {}


def test_a_place_that_is_taken_is_refused(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/taken/"
    cloud.run(f"create table one with (external_location = '{location}') as select 1 as id", database)
    reason = cloud.failure(f"create table two with (external_location = '{location}') as select 1 as id", database)
    assert reason.startswith("HIVE_PATH_ALREADY_EXISTS: Target directory for table")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("current_timestamp", "NOT_SUPPORTED: Unsupported Hive type: timestamp(3) with time zone"),
        ("timestamp '2026-11-01 10:00:00.123456'", "NOT_SUPPORTED: Incorrect timestamp precision for timestamp(6)"),
        ("cast('x' as json)", "NOT_SUPPORTED: Unsupported Hive type: json"),
    ],
)
def test_a_type_that_hive_has_not_is_refused(cloud: Any, database: str, value: str, reason: str) -> None:
    assert cloud.failure(f"create table h as select {value} as x", database).startswith(reason)


def test_a_partition_of_null_is_read_as_null(cloud: Any, database: str) -> None:
    cloud.run(
        f"create table parts with (format = 'PARQUET', external_location = 's3://athena-tests-lake/{database}/parts/',"
        " partitioned_by = ARRAY['id']) as select * from (values ('a', 1), ('b', null)) t (name, id)",
        database,
    )
    assert cloud.run("select name, id from parts order by name", database).rows == [["a", "1"], ["b", None]]
    assert cloud.run("select name from parts where id is null", database).rows == [["b"]]
    assert cloud.run("select count(*) from parts", database).rows == [["2"]]
