"""Iceberg tables: create, insert, MERGE, UPDATE, DELETE, versions, evolution, pruning and conflicts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest


@pytest.fixture
def orders(cloud: Any, database: str) -> str:
    """A table of three orders on three days; returns its location."""
    location = f"{cloud.lake}/{database}/orders"
    cloud.run(
        "create table orders with (table_type = 'ICEBERG', is_external = false, format = 'PARQUET',"
        f" location = '{location}/', partitioning = ARRAY['day(placed_at)']) as"
        " select id, name, cast(placed_at as timestamp(6)) as placed_at, amount from (values"
        " (1, 'one', timestamp '2026-11-01 10:00:00', decimal '1.25'),"
        " (2, null, timestamp '2026-11-02 11:30:00', decimal '2.50'),"
        " (3, 'it''s', timestamp '2026-11-03 23:59:59.999999', decimal '3.75')) t (id, name, placed_at, amount)",
        database,
    )
    return location


def snapshots(cloud: Any, database: str, table: str = "orders") -> list[str]:
    rows = cloud.run(f'select snapshot_id from "{table}$snapshots" order by committed_at', database).rows
    return [row[0] for row in rows]


def test_a_table_made_by_a_query_has_its_types_and_rows(cloud: Any, database: str, orders: str) -> None:
    result = cloud.run("select * from orders order by id", database)
    assert result.types == ["integer", "varchar", "timestamp", "decimal"]
    assert [column["Precision"] for column in result.columns][2:] == [6, 3]
    assert result.rows == [
        ["1", "one", "2026-11-01 10:00:00.000000", "1.25"],
        ["2", None, "2026-11-02 11:30:00.000000", "2.50"],
        ["3", "it's", "2026-11-03 23:59:59.999999", "3.75"],
    ]


def test_a_view_is_made_without_a_look_at_the_files(cloud: Any, database: str, orders: str) -> None:
    metadata = cloud.glue.get_table(DatabaseName=database, Name="orders")["Table"]["Parameters"]["metadata_location"]
    bucket = metadata.removeprefix("s3://").partition("/")[0]
    for key in cloud.objects(orders):
        if not metadata.endswith(key):
            cloud.s3.delete_object(Bucket=bucket, Key=key)
    cloud.run('create view v as select *, "$path" as place from orders where amount > 1', database)
    columns = cloud.glue.get_table(DatabaseName=database, Name="v")["Table"]["StorageDescriptor"]["Columns"]
    types = ["int", "string", "timestamp", "decimal(3,2)", "string"]
    assert [column["Type"] for column in columns] == types
    assert cloud.run("explain (type validate) select * from v", database).rows[-1] == ["true"]
    assert cloud.failure("select * from v", database)


def test_a_file_that_several_threads_read_is_one_file_in_the_order_it_was_written(cloud: Any, database: str) -> None:
    numbers = "unnest(sequence(0, 399)) as t (a) cross join unnest(sequence(0, 999)) as u (b)"
    cloud.run(
        "create table many with (table_type = 'ICEBERG', is_external = false,"
        f" location = '{cloud.lake}/{database}/many/') as select a * 1000 + b as n from {numbers} order by 1",
        database,
    )
    counted = 'select count(*), count(distinct n), count(distinct "$path"), count("$path") from many'
    assert cloud.run(counted, database).rows == [["400000", "400000", "1", "400000"]]
    disordered = "select count(*) from (select n, row_number() over () as place from many) where n + 1 <> place"
    assert cloud.run(disordered, database).rows == [["0"]]
    cloud.run("delete from many where n % 2 = 1", database)
    assert cloud.run(counted, database).rows == [["200000", "200000", "1", "200000"]]


def test_merge_updates_deletes_and_inserts_in_one_snapshot(cloud: Any, database: str, orders: str) -> None:
    cloud.run(
        "merge into orders as target using (values (1, 'ONE'), (2, 'gone'), (9, 'nine')) as source (id, name)"
        " on target.id = source.id when matched and source.name = 'gone' then delete"
        " when matched then update set name = source.name, amount = target.amount * 2"
        " when not matched then insert (id, name) values (source.id, source.name)",
        database,
    )
    assert cloud.run("select id, name, amount from orders order by id", database).rows == [
        ["1", "ONE", "2.50"],
        ["3", "it's", "3.75"],
        ["9", "nine", None],
    ]
    assert len(snapshots(cloud, database)) == 2


def test_a_merge_that_changes_nothing_commits_nothing(cloud: Any, database: str, orders: str) -> None:
    before = snapshots(cloud, database)
    cloud.run(
        "merge into orders t using (select 1 as id, 'one' as name) s on t.id = s.id"
        " when matched and t.name is distinct from s.name then update set name = s.name"
        " when not matched then insert (id) values (s.id)",
        database,
    )
    cloud.run("delete from orders where id > 100", database)
    assert snapshots(cloud, database) == before


def test_a_target_row_may_match_one_source_row_only(cloud: Any, database: str, orders: str) -> None:
    reason = cloud.failure(
        "merge into orders t using (values 1, 1) s (id) on t.id = s.id when matched then delete", database
    )
    assert reason == "MERGE_TARGET_ROW_MULTIPLE_MATCHES: One MERGE target table row matched more than one source row"
    assert cloud.run("select count(*) from orders", database).rows == [["3"]]


def test_update_and_delete_rewrite_only_the_touched_files(cloud: Any, database: str, orders: str) -> None:
    files = {row[0] for row in cloud.run('select file_path from "orders$files"', database).rows}
    cloud.run("update orders set name = upper(name) where placed_at < timestamp '2026-11-02 00:00:00'", database)
    after = {row[0] for row in cloud.run('select file_path from "orders$files"', database).rows}
    assert len(files & after) == 2
    cloud.run("delete from orders where id = 3", database)
    assert cloud.run("select id, name from orders order by id", database).rows == [["1", "ONE"], ["2", None]]


def test_a_past_version_is_read_by_id_time_and_pinned_metadata(cloud: Any, database: str, orders: str) -> None:
    pinned = cloud.glue.get_table(DatabaseName=database, Name="orders")["Table"]["Parameters"]["metadata_location"]
    first = snapshots(cloud, database)[0]
    cloud.run("alter table orders add columns (note string)", database)
    cloud.run("insert into orders (id, note) values (4, 'new')", database)
    assert cloud.run(f"select count(*) from orders for version as of {first}", database).rows == [["3"]]
    assert "note" not in [
        c["Name"] for c in cloud.run(f"select * from orders for version as of {first}", database).columns
    ]
    assert cloud.run("select count(*) from orders for timestamp as of current_timestamp", database).rows == [["4"]]
    cloud.glue.create_table(
        DatabaseName=database,
        TableInput={
            "Name": "orders__v1",
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"table_type": "ICEBERG", "metadata_location": pinned},
            "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "int"}], "Location": orders},
        },
    )
    assert cloud.run("select count(*), max(name) from orders__v1", database).rows == [["3", "one"]]


def test_columns_added_and_dropped_are_found_by_field_id(cloud: Any, database: str, orders: str) -> None:
    cloud.run("alter table orders add columns (note string comment 'free text', n bigint)", database)
    cloud.run("alter table orders drop column name", database)
    cloud.run("alter table orders add columns (name string)", database)
    cloud.run("insert into orders (id, name) values (4, 'new')", database)
    assert cloud.run("select id, name, note from orders order by id", database).rows == [
        ["1", None, None],
        ["2", None, None],
        ["3", None, None],
        ["4", "new", None],
    ]


def test_bytes_scanned_depend_on_the_days_and_columns_asked_for(cloud: Any, database: str, orders: str) -> None:
    def scanned(sql: str) -> int:
        return int(cloud.run(sql, database).execution["Statistics"]["DataScannedInBytes"])

    everything = scanned("select * from orders")
    one_day = scanned(
        "with o as (select * from orders) select * from o where placed_at >= timestamp '2026-11-03 00:00:00'"
    )
    one_column = scanned("select id from orders")
    assert 0 < one_day < everything / 2
    assert 0 < one_column < everything / 2
    assert scanned("select * from orders where placed_at > timestamp '2030-01-01 00:00:00'") == 0


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select count(*) from orders where id in (1, 3) and placed_at < timestamp '2026-11-03 00:00:00'", "1"),
        (
            "select count(*) from orders a left join orders b"
            " on a.id = b.id and b.placed_at > timestamp '2030-01-01 00:00:00'",
            "3",
        ),
        ("select count(*) from orders a left join orders b on a.id = b.id where b.placed_at is null", "0"),
        ("select count(*) from orders where name is null or placed_at >= timestamp '2026-11-03 00:00:00'", "2"),
        ("select count(*) from orders where not placed_at >= timestamp '2026-11-03 00:00:00'", "2"),
        ("select count(*) from orders where date(placed_at) = date '2026-11-02'", "1"),
        ("select count(*) from orders where placed_at = timestamp '2026-11-03 23:59:59.999999'", "1"),
        ("select count(*) from orders where id < 1.5", "1"),
        ("select count(*) from orders where amount = 2.5", "1"),
        (
            "select count(*) from (select id, max(placed_at) as placed_at from orders group by 1)"
            " where placed_at > date '2026-11-02'",
            "2",
        ),
        (
            "select count(*) from (select id, row_number() over (order by placed_at) as n, placed_at from orders)"
            " where placed_at > timestamp '2026-11-02 00:00:00' and n = 3",
            "1",
        ),
    ],
)  # fmt: skip
def test_pruning_never_loses_rows(cloud: Any, database: str, orders: str, sql: str, expected: str) -> None:
    assert cloud.run(sql, database).rows == [[expected]]


def test_of_concurrent_merges_only_those_that_saw_each_other_commit(cloud: Any, database: str, orders: str) -> None:
    sql = "merge into orders t using (select 50 as id) s on t.id = s.id when not matched then insert (id) values (s.id)"
    with ThreadPoolExecutor(6) as pool:
        ends = list(pool.map(lambda _: cloud.wait(cloud.start_query(sql, database)), range(6)))
    reasons = [end["Status"].get("StateChangeReason", "") for end in ends if end["Status"]["State"] != "SUCCEEDED"]
    assert all(reason.startswith("ICEBERG_COMMIT_ERROR") for reason in reasons)
    assert cloud.run("select count(*) from orders where id = 50", database).rows == [["1"]]


def test_concurrent_inserts_all_arrive(cloud: Any, database: str, orders: str) -> None:
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda n: cloud.run(f"insert into orders (id) values ({100 + n})", database), range(5)))
    assert cloud.run("select count(*) from orders where id >= 100", database).rows == [["5"]]


def test_optimize_packs_small_files_and_keeps_the_rows(cloud: Any, database: str, orders: str) -> None:
    for n in range(4):
        cloud.run(
            f"insert into orders (id, placed_at) values ({10 + n}, timestamp '2026-11-01 00:00:00.000000')", database
        )
    cloud.run("optimize orders rewrite data using bin_pack", database)
    assert cloud.run('select count(*) from "orders$files"', database).rows == [["3"]]
    assert cloud.run("select count(*) from orders", database).rows == [["7"]]


def test_dropping_the_table_deletes_its_files(cloud: Any, database: str, orders: str) -> None:
    assert cloud.objects(orders)
    cloud.run("drop table orders", database)
    assert not cloud.objects(orders)
    assert cloud.failure("select * from orders", database).startswith(
        "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog."
    )


def test_more_than_a_hundred_partitions_are_refused(cloud: Any, database: str) -> None:
    reason = cloud.failure(
        "create table many with (table_type = 'ICEBERG', is_external = false,"
        f" location = '{cloud.lake}/{database}/many/',"
        " partitioning = ARRAY['n']) as select n from unnest(sequence(1, 101)) as t (n)",
        database,
    )
    assert reason.startswith("ICEBERG_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers")
    assert not [key for key in cloud.objects(f"{cloud.lake}/{database}/many/") if key.endswith(".parquet")]


def test_bucket_partitions_are_those_of_the_specification(cloud: Any, database: str) -> None:
    cloud.run(
        f"create table b with (table_type = 'ICEBERG', is_external = false, location = '{cloud.lake}/{database}/b/',"
        " partitioning = ARRAY['bucket(v, 16)']) as select v from (values 'iceberg', 'a', 'b') t (v)",
        database,
    )
    # Iceberg specification, appendix B: the hash of 'iceberg' is 1210000089.
    paths = [row[0] for row in cloud.run("select \"$path\" from b where v = 'iceberg'", database).rows]
    assert f"v_bucket={1210000089 % 16}/" in paths[0]
