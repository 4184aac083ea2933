"""External schemas, UNLOAD and COPY against the S3 and Glue of the local cloud."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cloud import Cloud
from pgclient import PgClient, PgError
from pyiceberg.catalog.glue import GlueCatalog

BUCKET = "lake-of-tests"
HARD_TEXTS = [
    "plain",
    'quote " inside',
    "comma, inside",
    "line\nbreak",
    "return\rhere",
    "",
    None,
    "ünïcode ✓",
    "=1+1",
    "back\\slash",
]


@pytest.fixture(scope="module")
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def prefix(s3: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    yield f"out/{request.node.name}/"


@pytest.fixture(scope="module")
def iceberg(cloud: Cloud, s3: Any) -> tuple[str, str]:
    """Glue database `published` with an Iceberg table of two snapshots; gives both metadata locations."""
    cloud.client("glue").create_database(DatabaseInput={"Name": "published"})
    endpoint = f"http://127.0.0.1:{cloud.aws_port}"
    keys = {"region": "us-east-1", "access-key-id": "test", "secret-access-key": "test", "endpoint": endpoint}
    properties = {f"{service}.{key}": value for service in ("glue", "s3") for key, value in keys.items()}
    catalog = GlueCatalog("glue", **properties)
    rows = pa.table({"id": pa.array([1, 2], pa.int64()), "name": ["a", "b"]})
    table = catalog.create_table(
        ("published", "events"), schema=rows.schema, location=f"s3://{BUCKET}/published/events"
    )
    table.append(rows)
    first = catalog.load_table(("published", "events")).metadata_location
    table.append(rows)
    return first, catalog.load_table(("published", "events")).metadata_location


def keys(s3: Any, prefix: str) -> list[str]:
    return [
        entry["Key"].removeprefix(prefix)
        for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    ]


def body(s3: Any, key: str) -> bytes:
    return bytes(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())


def test_external_tables_are_read_fresh_and_at_the_pinned_metadata(
    cloud: Cloud, pg: PgClient, iceberg: tuple[str, str]
) -> None:
    for _ in range(2):
        pg.query(
            "create external schema if not exists published from data catalog database 'published' iam_role default"
        )
    assert pg.query("select count(*) from published.events").rows == [("4",)]
    glue = cloud.client("glue")
    current = glue.get_table(DatabaseName="published", Name="events")["Table"]
    pinned = {
        "Name": "events__v1",
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": current["StorageDescriptor"],
        "Parameters": {"table_type": "ICEBERG", "metadata_location": iceberg[0]},
    }
    glue.create_table(DatabaseName="published", TableInput=pinned)
    assert pg.query('select count(*) from "shop"."published"."events__v1"').rows == [("2",)]
    pinned["Parameters"] = {"table_type": "ICEBERG", "metadata_location": iceberg[1]}
    glue.update_table(DatabaseName="published", TableInput=pinned)
    assert pg.query("select count(*) from published.events__v1").rows == [("4",)]
    assert pg.query(
        "select columnname, external_type from svv_external_columns where tablename = 'events' order by columnnum"
    ).rows == [("id", "bigint"), ("name", "string")]
    with pytest.raises(PgError) as caught:
        pg.query("insert into published.events values (1, 'x')")
    assert caught.value.sqlstate == "0A000"


def test_a_hive_parquet_table_is_read(cloud: Cloud, s3: Any, iceberg: object, pg: PgClient) -> None:
    pg.query("create external schema if not exists published from data catalog database 'published' iam_role default")
    buffer = io.BytesIO()
    pq.write_table(pa.table({"x": pa.array([1, 2, 3], pa.int32())}), buffer)
    s3.put_object(Bucket=BUCKET, Key="hive/a.parquet", Body=buffer.getvalue())
    storage = {
        "Columns": [{"Name": "x", "Type": "int"}],
        "Location": f"s3://{BUCKET}/hive/",
        "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
    }
    table = {
        "Name": "numbers",
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": storage,
        "Parameters": {"classification": "parquet"},
    }
    cloud.client("glue").create_table(DatabaseName="published", TableInput=table)
    assert pg.query("select sum(x) from published.numbers").rows == [("6",)]


def fill(pg: PgClient) -> None:
    pg.query("create table a (id int, v varchar(100), n numeric(10,2), at timestamp, ok boolean)")
    for number, text in enumerate(HARD_TEXTS):
        pg.prepared(
            "insert into a values ($1, $2, 1.50, '2026-01-02 03:04:05.5', true)",
            [(23, 0, str(number).encode()), (1043, 0, None if text is None else text.encode())],
        )


def test_csv_gzip_round_trip_with_quotes_and_newlines(s3: Any, pg: PgClient, prefix: str) -> None:
    fill(pg)
    pg.query(
        f"unload ('select * from a order by id') to 's3://{BUCKET}/{prefix}part_' iam_role default format as csv header gzip parallel off manifest verbose"  # noqa: E501
    )
    assert keys(s3, prefix) == ["part_000.gz", "part_manifest"]
    rows = list(csv.reader(io.StringIO(gzip.decompress(body(s3, f"{prefix}part_000.gz")).decode(), newline="")))
    assert rows[0] == ["id", "v", "n", "at", "ok"]
    assert [row[1] for row in rows[1:]] == [text or "" for text in HARD_TEXTS]
    assert rows[1][2:] == ["1.50", "2026-01-02 03:04:05.5", "t"]
    manifest = json.loads(body(s3, f"{prefix}part_manifest"))
    assert manifest["meta"]["record_count"] == len(HARD_TEXTS)
    assert manifest["entries"][0]["meta"]["content_length"] == len(body(s3, f"{prefix}part_000.gz"))
    pg.query("create table b (like a)")
    pg.query(f"copy b from 's3://{BUCKET}/{prefix}part_manifest' iam_role default manifest csv gzip ignoreheader 1")
    assert pg.query("select count(*) from (select id, nvl(v, '') from a except select id, nvl(v, '') from b)").rows == [
        ("0",)
    ]
    assert pg.query("select pg_last_copy_count()").rows == [(str(len(HARD_TEXTS)),)]


def test_only_cells_that_need_it_are_quoted(s3: Any, pg: PgClient, prefix: str) -> None:
    fill(pg)
    pg.query(
        f"unload ('select v from a where id in (0, 1, 2, 8) order by id') to 's3://{BUCKET}/{prefix}' iam_role default csv parallel off"  # noqa: E501
    )
    assert body(s3, f"{prefix}000") == b'plain\n"quote "" inside"\n"comma, inside"\n=1+1\n'


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("csv", ["0000_part_00"]),
        ("csv gzip", ["0000_part_00.gz"]),
        ("csv zstd", ["0000_part_00.zst"]),
        ("csv gzip extension 'csv.gz' parallel off", ["000.csv.gz"]),
        ("parquet", ["0000_part_00.parquet"]),
        ("json gzip manifest", ["0000_part_00.gz", "manifest"]),
        ("header delimiter as ';' addquotes", ["0000_part_00"]),
    ],
)
def test_files_are_named_as_redshift_names_them(s3: Any, pg: PgClient, options: str, names: list[str]) -> None:
    prefix = f"names/{abs(hash(options))}/"
    pg.query(f"unload ('select 1 as x') to 's3://{BUCKET}/{prefix}' iam_role default {options}")
    assert keys(s3, prefix) == names


@pytest.mark.parametrize("file_format", ["parquet", "json"])
def test_parquet_and_json_round_trip(s3: Any, pg: PgClient, file_format: str) -> None:
    fill(pg)
    place = f"s3://{BUCKET}/trip/{file_format}/"
    pg.query(f"unload ('select * from a') to '{place}' iam_role default format {file_format}")
    pg.query("create table b (like a)")
    pg.query(
        f"copy b from '{place}' iam_role default format {file_format} {'' if file_format == 'parquet' else 'auto'!r}".replace(  # noqa: E501
            " ''", ""
        )
    )
    assert pg.query("select count(*) from (select * from a except select * from b)").rows == [("0",)]
    assert pg.query("select count(*) from b").rows == [(str(len(HARD_TEXTS)),)]


def test_a_taken_destination_is_refused_unless_told(s3: Any, pg: PgClient, prefix: str) -> None:
    unload = f"unload ('select 1 as x') to 's3://{BUCKET}/{prefix}' iam_role default csv parallel off"
    pg.query(unload)
    with pytest.raises(PgError) as caught:
        pg.query(unload)
    assert "is not empty" in caught.value.fields["M"]
    pg.query(unload + " allowoverwrite")
    s3.put_object(Bucket=BUCKET, Key=f"{prefix}old", Body=b"old")
    pg.query(unload + " cleanpath")
    assert keys(s3, prefix) == ["000"]


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("select 1 limit 1", "csv"),
        ("select 1; select 2", "csv"),
        ("delete from a", "csv"),
        ("select 1 as x", "partition by (x) parquet"),
        ("select 1 as x", "csv nonsense"),
        ("select 1 as x", "parquet gzip"),
    ],
)
def test_what_unload_cannot_do_is_refused_and_writes_nothing(s3: Any, pg: PgClient, query: str, options: str) -> None:
    with pytest.raises(PgError):
        pg.query(f"unload ('{query}') to 's3://{BUCKET}/refused/' iam_role default {options}")
    assert keys(s3, "refused/") == []


def test_max_file_size_splits_the_files(s3: Any, pg: PgClient, prefix: str) -> None:
    pg.query(
        f"unload ('select x, md5(x::varchar) || md5((x+1)::varchar) as y from generate_series(1, 250000) g(x)') to 's3://{BUCKET}/{prefix}'"
        " iam_role default csv parallel off maxfilesize 5 mb"
    )
    names = keys(s3, prefix)
    assert names == ["000", "001", "002", "003"]
    assert sum(body(s3, prefix + name).count(b"\n") for name in names) == 250_000


def test_a_bad_value_fails_the_whole_copy(s3: Any, pg: PgClient, prefix: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"{prefix}a.csv", Body=b"1,a\nx,b\n")
    pg.query("create table a (id int, v varchar(10))")
    with pytest.raises(PgError) as caught:
        pg.query(f"copy a from 's3://{BUCKET}/{prefix}' iam_role default csv")
    assert caught.value.fields["M"].startswith("Load into table 'a' failed.")
    assert pg.query("select count(*) from a").rows == [("0",)]
