"""CREATE, ALTER, DROP and INSERT of external tables, their pseudocolumns and the views that list them."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pytest
from cloud import Cloud
from pgclient import PgClient, PgError
from pyarrow import parquet

BUCKET, DATABASE = "external-tables", "external_tables"
PLACE = f"s3://{BUCKET}"


@pytest.fixture(scope="module")
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def pg(s3: Any, pg: PgClient) -> PgClient:
    pg.query(
        f"create external schema if not exists ext from data catalog database '{DATABASE}' iam_role default"
        " create external database if not exists"
    )
    return pg


def failure(pg: PgClient, sql: str) -> PgError:
    with pytest.raises(PgError) as caught:
        pg.query(sql)
    return caught.value


def put(s3: Any, key: str, body: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)


@pytest.mark.parametrize(
    ("row_format", "body"),
    [
        ("row format delimited fields terminated by '|' lines terminated by '\\n' stored as textfile", b"1|a b\n2|\n"),
        ("row format delimited fields terminated by '\\007' stored as textfile", b"1\x07a b\n2\x07\n"),
        ("stored as textfile", b"1\x01a b\n2\x01\n"),
        (
            "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' with serdeproperties ('separatorChar' = ',',"
            " 'quoteChar' = '\"') stored as textfile",
            b'"1","a b"\n"2",""\n',
        ),
        (
            "row format serde 'org.openx.data.jsonserde.JsonSerDe' stored as textfile",
            b'{"id": 1, "v": "a b"}\n{"id": 2, "v": ""}\n',
        ),
        (
            "row format serde 'org.apache.hadoop.hive.serde2.RegexSerDe' with serdeproperties ('input.regex' ="
            " '(\\\\d+);(.*)') stored as textfile",
            b"1;a b\n2;\n",
        ),
    ],
)
def test_every_row_format_is_read(s3: Any, pg: PgClient, row_format: str, body: bytes) -> None:
    put(s3, f"formats/{abs(hash(row_format))}/x", body)
    pg.query("drop table if exists ext.formats")
    pg.query(
        f"create external table ext.formats (id int, v varchar(10)) {row_format}"
        f" location '{PLACE}/formats/{abs(hash(row_format))}/' table properties ('numRows'='2')"
    )
    assert pg.query("select * from ext.formats order by id").rows == [("1", "a b"), ("2", "")]


def test_texts_are_cut_to_their_columns_bytes_without_an_error(s3: Any, pg: PgClient) -> None:
    put(s3, "cut/x", "ääb|ääb\n".encode())
    pg.query(
        "create external table ext.cut (v varchar(4), c char(3)) row format delimited fields terminated by '|'"
        f" stored as textfile location '{PLACE}/cut/'"
    )
    assert pg.query("select v, octet_length(v), c from ext.cut").rows == [("ää", "4", "ä ")]


def test_pseudocolumns_are_given_by_name_and_never_by_a_star(s3: Any, pg: PgClient) -> None:
    put(s3, "pseudo/a", b"1\n2\n")
    put(s3, "pseudo/b", b"3\n")
    pg.query(f"create external table ext.pseudo (id int) stored as textfile location '{PLACE}/pseudo/'")
    assert pg.query("select * from ext.pseudo order by id").rows == [("1",), ("2",), ("3",)]
    assert pg.query('select *, "$path", "$size" from ext.pseudo where "$path" like \'%/b\'').rows == [
        ("3", f"{PLACE}/pseudo/b", "2")
    ]
    joined = pg.query('select distinct p."$size", o.* from ext.pseudo p join (select 1 as one) o on true order by 1')
    assert joined.rows == [("2", "1"), ("4", "1")]
    assert failure(pg, 'select "$spectrum_oid" from ext.pseudo').sqlstate == "0A000"
    pg.query("set spectrum_enable_pseudo_columns to false")
    assert failure(pg, 'select "$path" from ext.pseudo').sqlstate == "42703"


def test_the_system_views_list_what_was_made(pg: PgClient) -> None:
    pg.query(
        "create external table ext.listed (id int, price decimal(10,2), name struct<first:varchar(20),"
        f" more:array<int>>) partitioned by (day date, hour smallint) stored as parquet location '{PLACE}/listed/'"
    )
    pg.query(f"alter table ext.listed add partition (hour=7, day='2024-01-01') location '{PLACE}/listed/x/'")
    assert pg.query(
        "select columnname, external_type, part_key from svv_external_columns where tablename = 'listed'"
        " order by columnnum"
    ).rows == [
        ("id", "int", "0"),
        ("price", "decimal(10,2)", "0"),
        ("name", "struct<first:varchar(20),more:array<int>>", "0"),
        ("day", "date", "1"),
        ("hour", "smallint", "2"),
    ]
    assert pg.query(
        "select schemaname, location, compressed from svv_external_tables where tablename = 'listed'"
    ).rows == [("ext", f"{PLACE}/listed/", "0")]
    assert pg.query("select \"values\", location from svv_external_partitions where tablename = 'listed'").rows == [
        ('["2024-01-01","7"]', f"{PLACE}/listed/x/")
    ]
    assert pg.query("select databasename from svv_external_schemas where schemaname = 'ext'").rows == [(DATABASE,)]


def test_alter_table_changes_the_entry_and_the_next_query_follows(s3: Any, pg: PgClient) -> None:
    put(s3, "moved/old/x", b"1\n")
    put(s3, "moved/new/x", b"2|b\n")
    pg.query(
        "create external table ext.moved (id int) row format delimited fields terminated by '|' stored as textfile"
        f" location '{PLACE}/moved/old/'"
    )
    pg.query(f"alter table ext.moved set location '{PLACE}/moved/new/'")
    pg.query("alter table ext.moved add column v varchar(5)")
    assert pg.query("select * from ext.moved").rows == [("2", "b")]
    pg.query("alter table ext.moved drop column v")
    pg.query("alter table ext.moved set table properties ('numRows'='170000')")
    assert pg.query("select * from ext.moved").rows == [("2",)]
    pg.query("alter table ext.moved set file format parquet")
    assert "parquet" in str(
        pg.query("select serialization_lib from svv_external_tables where tablename = 'moved'").rows[0][0]
    )


def test_an_insert_appends_files_registers_partitions_and_counts_rows(s3: Any, pg: PgClient) -> None:
    pg.query(
        "create external table ext.grown partitioned by (part) stored as parquet"
        f" location '{PLACE}/grown/' as select 1 as id, 'a'::varchar(3) as part"
    )
    assert pg.query("insert into ext.grown select 2, null union all select 3, 'a'").tags == ["INSERT 0 2"]
    assert pg.query("select part, count(*) from ext.grown group by 1 order by 1").rows == [("a", "2"), (None, "1")]
    parameters = pg.query("select parameters from svv_external_tables where tablename = 'grown'").rows[0][0]
    assert '"numRows": "3"' in str(parameters)


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("create external table t.local (id int) stored as parquet location 's3://external-tables/no/'", "42809"),
        ("create external table lone (id int) stored as parquet location 's3://external-tables/no/'", "42601"),
        ("create external table ext.x (id int) stored as parquet location 'nowhere'", "42601"),
        ("create external table ext.x (id super) stored as parquet location 's3://external-tables/no/'", "0A000"),
        ("create external table ext.x (id int) stored as rcfile location 's3://external-tables/no/'", "0A000"),
        ("create external table ext.x (id int, id int) stored as orc location 's3://external-tables/no/'", "42701"),
        ("create external table ext.x stored as orc location 's3://external-tables/no/' as select 1 as id", "0A000"),
        (
            "create external table ext.x stored as parquet location 's3://external-tables/no/' as select 1 as id"
            " limit 1",
            "0A000",
        ),
        ("create external table ext.x stored as parquet location 's3://external-tables/full/' as select 1", "XX000"),
        ("insert into ext.refusing values (1, 'a')", "0A000"),
        ("insert into ext.refusing select 1", "42601"),
        ("insert into ext.refusing select 'a', 'b'", "22P02"),
        ("insert into ext.refusing select current_date, 'b'", "42804"),
        ("insert into ext.refusing select 1, 'too long'", "22001"),
        ("insert into ext.refusing select 1, 'a' limit 1", "0A000"),
        ("alter table ext.refusing add partition (day='x') location 's3://external-tables/full/'", "42601"),
        ("drop table ext.missing", "42P01"),
        ("select * from ext.missing", "42P01"),
        ("update ext.refusing set id = 1", "0A000"),
        ("delete from ext.refusing", "0A000"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(s3: Any, pg: PgClient, sql: str, sqlstate: str) -> None:
    put(s3, "full/x", b"")
    pg.query("drop table if exists ext.refusing")
    pg.query(
        f"create external table ext.refusing (id int, v varchar(3)) stored as parquet location '{PLACE}/refusing/'"
    )
    assert failure(pg, sql).sqlstate == sqlstate
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix="no/")["KeyCount"] == 0
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix="refusing/")["KeyCount"] == 0


@pytest.mark.parametrize(
    "sql",
    [
        f"create external table ext.tx (id int) stored as parquet location '{PLACE}/tx/'",
        "insert into ext.kept select 1",
        "alter table ext.kept add column v int",
        "drop table ext.kept",
    ],
)
def test_a_transaction_block_refuses_what_it_could_not_roll_back(pg: PgClient, sql: str) -> None:
    pg.query("drop table if exists ext.kept")
    pg.query(f"create external table ext.kept (id int) stored as parquet location '{PLACE}/kept/'")
    pg.query("begin")
    assert failure(pg, sql).sqlstate == "25001"
    pg.query("rollback")
    assert pg.query("select count(*) from ext.kept").rows == [("0",)]


def test_only_the_schemas_owner_makes_tables_and_usage_lets_others_read_and_insert(cloud: Cloud, pg: PgClient) -> None:
    pg.query(f"create external table ext.shared (id int) stored as parquet location '{PLACE}/shared/'")
    pg.query("create user ext_reader password 'Passw0rd'")
    reader = PgClient(cloud.wire_port, "ext_reader", "Passw0rd", "shop")
    try:
        assert failure(reader, "insert into ext.shared select 1").sqlstate == "42501"
        pg.query("grant usage on schema ext to ext_reader")
        reader.query("insert into ext.shared select 1")
        assert reader.query("select id from ext.shared").rows == [("1",)]
        assert failure(reader, "drop table ext.shared").sqlstate == "42501"
    finally:
        reader.close()


def test_an_error_about_an_unreadable_file_names_no_file_of_this_machine(cloud: Cloud, s3: Any, pg: PgClient) -> None:
    body = io.BytesIO()
    parquet.write_table(pa.table({"id": [1]}), body)
    put(s3, "broken/x.parquet", body.getvalue())
    pg.query(f"create external table ext.broken (id bigint) stored as parquet location '{PLACE}/broken/'")
    assert pg.query("select id from ext.broken").rows == [("1",)]
    (kept,) = (file for file in cloud.state_dir.parent.rglob("broken/x.parquet") if file.is_file())
    kept.write_bytes(bytes(len(body.getvalue())))
    told = str(failure(pg, "select id from ext.broken").fields)
    assert f"{PLACE}/broken/x.parquet" in told
    assert str(cloud.state_dir.parent) not in told


@pytest.mark.parametrize("condition", ["", "where v = 'a'", "where id = 1"])
@pytest.mark.parametrize("marked", [True, False])
def test_a_parquet_text_that_is_no_utf8_fails_in_redshifts_words(
    s3: Any, pg: PgClient, condition: str, marked: bool
) -> None:
    bytes_ = pa.array([b"a", b"\xff\xfe"], type=pa.binary())
    texts = pa.Array.from_buffers(pa.string(), len(bytes_), bytes_.buffers()) if marked else bytes_
    body = io.BytesIO()
    parquet.write_table(pa.table({"id": pa.array([1, 2], pa.int32()), "v": texts}), body)
    put(s3, f"no-utf8-{marked}/x", body.getvalue())
    pg.query("drop table if exists ext.no_utf8")
    pg.query(
        f"create external table ext.no_utf8 (id int, v varchar(10)) stored as parquet"
        f" location '{PLACE}/no-utf8-{marked}/'"
    )
    caught = failure(pg, f"select v from ext.no_utf8 {condition}")
    assert (caught.sqlstate, caught.fields["M"]) == (
        "XX000",
        "String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: ff",
    )
