"""SHOW CREATE and DESCRIBE."""

from __future__ import annotations

from typing import Any


def lines(cloud: Any, database: str, sql: str) -> list[str]:
    return ["\t".join(cell or "" for cell in row) for row in cloud.run(sql, database).rows]


def test_a_hive_table_can_be_made_again_from_what_is_shown(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/shown/"
    cloud.run(
        "create external table shown (id int comment 'the key\\'s', pair struct<a:int,b:string>)"
        " partitioned by (day string) row format delimited fields terminated by '|'"
        f" location '{location}' tblproperties ('skip.header.line.count' = '1')",
        database,
    )
    shown = lines(cloud, database, "show create table shown")
    assert shown[:5] == [
        "CREATE EXTERNAL TABLE `shown`(",
        "  `id` int COMMENT 'the key\\'s', ",
        "  `pair` struct<a:int,b:string>)",
        "PARTITIONED BY ( ",
        "  `day` string)",
    ]
    before = cloud.glue.get_table(DatabaseName=database, Name="shown")["Table"]
    cloud.run("drop table shown", database)
    cloud.run("\n".join(shown), database)
    after = cloud.glue.get_table(DatabaseName=database, Name="shown")["Table"]
    for key in ("StorageDescriptor", "PartitionKeys"):
        assert after[key] == before[key]
    assert after["Parameters"]["skip.header.line.count"] == "1"


def test_an_iceberg_table_can_be_made_again_from_what_is_shown(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/ice/"
    cloud.run(
        "create table ice (id bigint, name string comment 'full', at timestamp, extra map<string,string>)"
        f" partitioned by (day(at), bucket(8, id), truncate(3, name)) location '{location}'"
        " tblproperties ('table_type' = 'ICEBERG', 'vacuum_min_snapshots_to_keep' = '3')",
        database,
    )
    shown = lines(cloud, database, "show create table ice")
    assert f"CREATE TABLE {database}.ice (" == shown[0]
    assert "PARTITIONED BY (day(`at`), bucket(8, `id`), truncate(3, `name`))" in shown
    described = lines(cloud, database, "describe ice")
    cloud.run("drop table ice", database)
    cloud.run("\n".join(shown), database)
    assert lines(cloud, database, "show create table ice") == shown
    assert lines(cloud, database, "describe ice") == described
    assert described[:3] == ["# Table schema:\t\t", "# col_name\tdata_type\tcomment", "id\tbigint\t"]
    assert described[-3:] == ["at_day\tday\tat", "id_bucket\tbucket[8]\tid", "name_trunc\ttruncate[3]\tname"]


def test_describe_tells_partition_keys_apart(cloud: Any, database: str) -> None:
    cloud.run("create table d with (partitioned_by = ARRAY['day']) as select 1 as id, 'x' as day", database)
    assert lines(cloud, database, "describe d") == [
        "id                  \tint                 \t                    ",
        "day                 \tstring              \t                    ",
        "\t \t ",
        "# Partition Information\t \t ",
        "# col_name          \tdata_type           \tcomment             ",
        "\t \t ",
        "day                 \tstring              \t                    ",
    ]
    assert "not supported by the local cloud" in cloud.failure("describe formatted d", database)
