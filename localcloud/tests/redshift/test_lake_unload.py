"""UNLOAD into partitions, and what it leaves in the system views."""

from __future__ import annotations

import csv
import gzip
import io
from typing import Any

import pyarrow.parquet as pq
import pytest
from cloud import Cloud
from pgclient import PgClient, PgError

BUCKET = "unloads"


@pytest.fixture
def s3(cloud: Cloud, pg: PgClient) -> Any:
    """An S3 client with an empty bucket, and a table of three orders."""
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET)
    for entry in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=entry["Key"])
    pg.query("create table o (id int, region varchar(10), day date)")
    pg.query("insert into o values (1, 'eu', '2026-01-01'), (2, 'us', '2026-01-01'), (3, null, '2026-01-02')")
    return client


def texts(s3: Any) -> dict[str, str]:
    found = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    bodies = {entry["Key"]: s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read() for entry in found}
    return {key: (gzip.decompress(body) if key.endswith(".gz") else body).decode() for key, body in bodies.items()}


def unload(pg: PgClient, options: str) -> None:
    pg.query(f"unload ('select id, region, day from o') to 's3://{BUCKET}/x/' iam_role default {options}")


def test_partitions_get_folders_and_lose_their_columns(pg: PgClient, s3: Any) -> None:
    unload(pg, "csv header partition by (region, day) parallel off gzip")
    assert texts(s3) == {
        "x/region=eu/day=2026-01-01/000.gz": "id\n1\n",
        "x/region=us/day=2026-01-01/000.gz": "id\n2\n",
        "x/region=__HIVE_DEFAULT_PARTITION__/day=2026-01-02/000.gz": "id\n3\n",
    }


def test_include_keeps_the_partition_columns(pg: PgClient, s3: Any) -> None:
    unload(pg, "csv partition by (day) include parallel off")
    assert texts(s3) == {
        "x/day=2026-01-01/000": "1,eu,2026-01-01\n2,us,2026-01-01\n",
        "x/day=2026-01-02/000": "3,,2026-01-02\n",
    }


def test_partitioned_parquet_is_copied_back(pg: PgClient, s3: Any) -> None:
    unload(pg, "format parquet partition by (region) manifest")
    pg.query("create table back (id int, day date)")
    pg.query(f"copy back from 's3://{BUCKET}/x/manifest' iam_role default format parquet manifest")
    assert pg.query("select id from back order by id").rows == [("1",), ("2",), ("3",)]


def test_a_partition_column_must_be_selected(pg: PgClient, s3: Any) -> None:
    with pytest.raises(PgError, match="partition column"):
        unload(pg, "csv partition by (nothing)")


def test_unloaded_files_are_in_the_system_views(pg: PgClient, s3: Any) -> None:
    unload(pg, "csv parallel off")
    asked = f"select file_name, rows_unloaded from sys_unload_detail where file_name like 's3://{BUCKET}/%'"
    assert (f"s3://{BUCKET}/x/000", "3") in pg.query(asked).rows
    assert pg.query("select pg_last_unload_count()").rows == [("3",)]


def test_rowgroupsize_bounds_the_row_groups_of_parquet(pg: PgClient, s3: Any) -> None:
    rows = "select n, md5(n::varchar) || md5((n + 1)::varchar) as a from generate_series(1, 700000) g(n) order by n"
    pg.query(f"unload ('{rows}') to 's3://{BUCKET}/groups/' iam_role default parquet rowgroupsize 32 mb")
    body = s3.get_object(Bucket=BUCKET, Key="groups/0000_part_00.parquet")["Body"].read()
    metadata = pq.ParquetFile(io.BytesIO(body)).metadata
    sizes = [metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)]
    assert metadata.num_rows == 700_000
    assert 25e6 < max(sizes) < 33 * 1024**2
    assert pq.read_table(io.BytesIO(body), columns=["n"])["n"].to_pylist() == list(range(1, 700_001))


def test_parts_of_parquet_are_not_too_large_and_keep_the_order_of_the_rows(pg: PgClient, s3: Any) -> None:
    rows = (
        "select n, md5(n::varchar) || md5((n + 1)::varchar) as a from generate_series(1, 300000) g(n) order by n desc"
    )
    pg.query(f"unload ('{rows}') to 's3://{BUCKET}/parts/' iam_role default parquet parallel off maxfilesize 5 mb")
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix="parts/")["Contents"]
    assert len(found) > 2 and max(entry["Size"] for entry in found) <= 5 * 1024**2
    bodies = [s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read() for entry in found]
    numbers = [n for body in bodies for n in pq.read_table(io.BytesIO(body))["n"].to_pylist()]
    assert numbers == list(range(300_000, 0, -1))


def test_kms_key_id_encrypts_each_file(cloud: Cloud, pg: PgClient, s3: Any) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    unload(pg, f"csv parallel off manifest kms_key_id '{key}' encrypted")
    found = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    heads = [s3.head_object(Bucket=BUCKET, Key=name) for name in found]
    assert len(found) == 2 and {head["SSEKMSKeyId"] for head in heads} == {key}
    with pytest.raises(PgError, match="ENCRYPTED"):
        unload(pg, f"csv allowoverwrite kms_key_id '{key}'")
    kms.disable_key(KeyId=key)
    with pytest.raises(PgError, match=r"Error KMS\.DisabledException"):
        unload(pg, f"csv allowoverwrite kms_key_id '{key}' encrypted")


def test_many_lines_keep_their_order_and_their_bytes(pg: PgClient, s3: Any) -> None:
    rows = "select n, ''ä'' || repeat(''x'', n % 500) as t from (select generate_series(1, 12345) as n) order by n"
    pg.query(f"unload ('{rows}') to 's3://{BUCKET}/x/' iam_role default csv gzip parallel off")
    assert texts(s3) == {"x/000.gz": "".join(f"{n},ä{'x' * (n % 500)}\n" for n in range(1, 12346))}


def test_an_error_after_thousands_of_lines_is_told_as_any_other_and_leaves_no_file(pg: PgClient, s3: Any) -> None:
    rows = "select 1 / (200000 - n) from (select generate_series(1, 300000) as n)"
    with pytest.raises(PgError) as refused:
        pg.query(f"unload ('{rows}') to 's3://{BUCKET}/x/' iam_role default csv parallel off")
    assert refused.value.sqlstate == "22012"
    assert texts(s3) == {}


@pytest.mark.parametrize("parallel", ["on", "off"])
def test_parts_of_csv_hold_whole_rows_and_say_how_many(pg: PgClient, s3: Any, parallel: str) -> None:
    """A newline in a cell ends no row, and a row may be longer than what is written at once."""
    long = "case when n = 7 then repeat(''long '', 150000) else md5(n::varchar) || chr(10) || ''\"a\",'' end"
    rows = f"select n, {long} as t from (select generate_series(1, 250000) as n) order by n"
    pg.query(f"unload ('{rows}') to 's3://{BUCKET}/x/' iam_role default csv parallel {parallel} maxfilesize 5 mb")
    told = pg.query(f"select file_name, rows_unloaded from sys_unload_detail where file_name like 's3://{BUCKET}/x/%'")
    csv.field_size_limit(2**20)
    parts = {key: list(csv.reader(io.StringIO(text, newline=""))) for key, text in texts(s3).items()}
    assert len(parts) > 2
    assert ({key[:6] for key in parts} == {"x/0000", "x/0001"}) == (parallel == "on")  # a slice each
    counted = {f"s3://{BUCKET}/{key}": len(part) for key, part in parts.items()}
    assert counted.items() <= {name: int(count) for name, count in told.rows}.items()
    numbers = [int(n) for _, part in sorted(parts.items()) for n, _ in part]
    assert (numbers if parallel == "off" else sorted(numbers)) == list(range(1, 250_001))
    cells = {n: text for part in parts.values() for n, text in part}
    assert cells["7"] == "long " * 150_000
    assert cells["250000"].endswith('\n"a",')


def test_a_part_that_cannot_be_put_is_why_the_unload_fails(cloud: Cloud, pg: PgClient, s3: Any) -> None:
    """Not the pipe that nobody reads any more."""
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    cloud.client("kms").disable_key(KeyId=key)
    rows = "select md5(n::varchar) from (select generate_series(1, 900000) as n)"
    options = f"csv parallel off maxfilesize 5 mb kms_key_id '{key}' encrypted"
    with pytest.raises(PgError, match=r"Error KMS\.DisabledException"):
        pg.query(f"unload ('{rows}') to 's3://{BUCKET}/x/' iam_role default {options}")
    assert texts(s3) == {}
