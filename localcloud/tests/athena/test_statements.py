"""Hive tables by query, views, UNLOAD, DDL and the order of statements that dbt-athena sends."""

from __future__ import annotations

import gzip
from typing import Any

import pytest


def read(cloud: Any, uri: str) -> list[bytes]:
    bucket = uri.removeprefix("s3://").partition("/")[0]
    return [cloud.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in sorted(cloud.objects(uri))]


def test_hive_tables_by_query_have_partitions_and_take_inserts(cloud: Any, database: str) -> None:
    cloud.run(
        f"create table h with (format = 'PARQUET', external_location = '{cloud.lake}/{database}/h/',"
        " partitioned_by = ARRAY['p'])"
        " as select 1 as id, 'x' as p union all select 2, 'y'",
        database,
    )
    cloud.run("insert into h values (3, 'z')", database)
    assert cloud.run("select id, p from h where p <> 'y' order by id", database).rows == [["1", "x"], ["3", "z"]]
    assert cloud.run("show partitions h", database).rows == [["p=x"], ["p=y"], ["p=z"]]


def test_text_tables_by_query_are_readable_again(cloud: Any, database: str) -> None:
    location = f"{cloud.lake}/{database}/text/"
    cloud.run(
        f"create table x with (format = 'TEXTFILE', field_delimiter = ',', external_location = '{location}') as"
        " select 1 as id, 'q\"uote' as s, cast(null as varchar) as n",
        database,
    )
    assert gzip.decompress(read(cloud, location)[0]) == b'1,q"uote,\\N\n'
    assert cloud.run("select * from x", database).rows == [["1", 'q"uote', None]]


def test_unload_writes_files_and_a_manifest_and_needs_an_empty_place(cloud: Any, database: str) -> None:
    target = f"{cloud.lake}/{database}/out/"
    statement = f"unload (select 1 as id, 'a' as name) to '{target}' with (format = 'PARQUET', compression = 'SNAPPY')"
    result = cloud.run(statement, database)
    manifest = result.execution["Statistics"]["DataManifestLocation"]
    files = read(cloud, manifest)[0].decode().split()
    assert [f"s3://{target.split('/')[2]}/{key}" for key in cloud.objects(target)] == files
    assert cloud.failure(statement, database).startswith("HIVE_PATH_ALREADY_EXISTS")
    text = f"{cloud.lake}/{database}/json/"
    cloud.run(f"unload (select 1 as id, 'é' as s) to '{text}' with (format = 'JSON', compression = 'NONE')", database)
    assert read(cloud, text) == ['{"id":1,"s":"é"}\n'.encode()]


def test_views_keep_their_query_and_types_in_glue(cloud: Any, database: str) -> None:
    cloud.run(
        f'-- a comment first\ncreate or replace view "awsdatacatalog"."{database}"."v" as'
        " select cast(1 as bigint) as id, timestamp '2026-01-01 00:00:00.123456' as at",
        database,
    )
    entry = cloud.glue.get_table(DatabaseName=database, Name="v")["Table"]
    assert entry["TableType"] == "VIRTUAL_VIEW"
    assert entry["ViewOriginalText"].startswith("/* Presto View: ")
    assert [column["Type"] for column in entry["StorageDescriptor"]["Columns"]] == ["bigint", "timestamp"]
    cloud.run("create or replace view w as select * from v where id = 1", database)
    assert cloud.run("select * from w", database).rows == [["1", "2026-01-01 00:00:00.123456"]]
    assert cloud.run("show views", database).rows == [["v"], ["w"]]
    cloud.run("drop view w", database)
    assert cloud.failure("select * from w", database).startswith("TABLE_NOT_FOUND")


@pytest.mark.parametrize(
    ("columns", "error"),
    [
        ("1 as a, null as b", "COLUMN_TYPE_UNKNOWN: line 1:1: Column type is unknown at position 2"),
        ("1", "MISSING_COLUMN_NAME: line 1:1: Column name not specified at position 1"),
        ("1 as a, 2 as a", "DUPLICATE_COLUMN_NAME: line 1:1: Column name 'a' specified more than once"),
    ],
)
def test_a_view_wants_a_name_and_a_type_for_each_column(cloud: Any, database: str, columns: str, error: str) -> None:
    assert cloud.failure(f"create view unnamed as select {columns}", database) == error


def test_the_statements_of_a_dbt_incremental_model(cloud: Any, database: str) -> None:
    comment = '-- /* {"app": "dbt", "node_id": "model.shop.fct"} */\n'

    def table(name: str, query: str) -> str:
        return (
            f'{comment}\n    create table "awsdatacatalog"."{database}"."{name}"\n    with (\n'
            "      table_type='iceberg',"
            f"\n      is_external=false,location='{cloud.lake}/{database}/{name}',\n      format='parquet'\n    )"
            f"\n    as\n      {query}"
        )

    cloud.run(
        table("fct", "select 1 as id, date '2026-01-01' as d, 10 as n union all select 2, date '2026-01-02', 20"),
        database,
    )
    cloud.run(
        table("fct__dbt_tmp", "select 2 as id, date '2026-01-02' as d, 25 as n union all select 3, null, 30"), database
    )
    cloud.run(f"{comment}alter table `{database}`.`fct` set tblproperties ('classification' = 'parquet')", database)
    cloud.run(
        f'{comment}merge into "awsdatacatalog"."{database}"."fct" as target'
        f' using "awsdatacatalog"."{database}"."fct__dbt_tmp"'
        ' as src on (target.id = src.id) when matched then update set "id" = src."id", "d" = src."d", "n" = src."n"'
        ' when not matched then insert ("id", "d", "n") values (src."id", src."d", src."n")',
        database,
    )
    cloud.run(f"{comment}drop table if exists `{database}`.`fct__dbt_tmp`", database)
    cloud.run(f"alter table `{database}`.`fct` rename to `{database}`.`fct2`", database)
    assert cloud.run("select * from fct2 order by id", database).rows == [
        ["1", "2026-01-01", "10"],
        ["2", "2026-01-02", "25"],
        ["3", None, "30"],
    ]
    empty = cloud.run("select * from (select * from fct2) as __dbt_sbq where false limit 0", database)
    assert empty.types == ["integer", "date", "integer"]
    assert empty.rows == []


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select nope from (values 1) t (x)", "COLUMN_NOT_FOUND: line 1:1: Column 'nope' cannot be resolved"),
        ("select * from absent.t", "SCHEMA_NOT_FOUND: line 1:15: Schema 'absent' does not exist"),
        ("select 1 / 0", "DIVISION_BY_ZERO: Division by zero"),
        ("select cast('x' as bigint)", "INVALID_CAST_ARGUMENT: Cannot cast 'x' to BIGINT"),
        ("select no_such_function(1)", "FUNCTION_NOT_FOUND: line 1:1: Function 'no_such_function' not registered"),
        ("select xxhash64(to_utf8('a'))", "not supported by the local cloud"),
        ("grant select on x to role y", "not supported by the local cloud"),
        ("create table x (a int) location 's3://b/x/'", "only external tables and Iceberg tables"),
        ("create table x as select 1", "MISSING_COLUMN_NAME"),
    ],
)
def test_wrong_and_unsupported_statements_are_refused_in_athenas_words(
    cloud: Any, database: str, sql: str, reason: str
) -> None:
    assert reason in cloud.failure(sql, database)


def test_information_schema_and_show(cloud: Any, database: str) -> None:
    cloud.run(
        f"create table t (id bigint, at timestamp) location '{cloud.lake}/{database}/t/'"
        " tblproperties ('table_type' = 'iceberg')",
        database,
    )
    rows = cloud.run(
        f"select column_name, data_type from information_schema.columns where table_schema = '{database}'"
        " order by ordinal_position",
        database,
    ).rows
    assert [row[0] for row in rows] == ["id", "at"]
    assert cloud.run("show tables 't*'", database).rows == [["t"]]
    described = cloud.run("describe t", database).rows
    assert described[2:4] == [["id\tbigint\t"], ["at\ttimestamp\t"]]
    cloud.run("drop database if exists none_such", database)


@pytest.mark.parametrize("source", ["unnest(array['10', '9']) as t (v)", "(values '10', '9') as t (v)"])
def test_order_by_casts_an_output_by_the_name_it_is_given(cloud: Any, source: str) -> None:
    assert cloud.run(f"select v as x from {source} order by cast(x as integer)").rows == [["9"], ["10"]]
