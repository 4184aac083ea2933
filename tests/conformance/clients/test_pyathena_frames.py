"""PyAthena's cursors that read result files: pandas, Arrow, Polars and S3FS, from CSV and by UNLOAD, and asyncio's."""

from __future__ import annotations

import asyncio
import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import boto3
import pandas as pd
import pyarrow as pa
import pytest
from pyathena import aio_connect
from pyathena.aio.arrow.cursor import AioArrowCursor
from pyathena.aio.cursor import AioDictCursor
from pyathena.aio.pandas.cursor import AioPandasCursor
from pyathena.aio.s3fs.cursor import AioS3FSCursor
from pyathena.arrow.async_cursor import AsyncArrowCursor
from pyathena.arrow.cursor import ArrowCursor
from pyathena.error import OperationalError
from pyathena.pandas.async_cursor import AsyncPandasCursor
from pyathena.pandas.cursor import PandasCursor
from pyathena.pandas.util import as_pandas, to_sql
from pyathena.polars.cursor import PolarsCursor
from pyathena.s3fs.async_cursor import AsyncS3FSCursor
from pyathena.s3fs.cursor import S3FSCursor

from tests.conformance.clients.lake import MANY, Lake

pytestmark = pytest.mark.usefixtures("arrow_endpoint")

UNLOADED = {"unload": True}
POLARS_READS_NO_CSV = (
    "PyAthena 3.34 gives polars 2 a storage option that it rejects: its PolarsCursor reads only UNLOAD"
)
UNLOAD_TYPES = (
    "SELECT c_boolean, c_tinyint, c_smallint, c_integer, c_bigint, c_real, c_double, c_varchar, c_timestamp, c_date,"
    " c_varbinary, c_array, c_map, c_row, c_decimal FROM every_type"
)


@pytest.mark.parametrize("options", [{}, UNLOADED], ids=["csv", "unload"])
@pytest.mark.parametrize("cursor_class", [ArrowCursor, PandasCursor, PolarsCursor, S3FSCursor])
def test_every_row_arrives(lake: Lake, cursor_class: type, options: dict[str, Any]) -> None:
    if cursor_class is PolarsCursor and not options:
        pytest.skip(POLARS_READS_NO_CSV)
    if cursor_class is S3FSCursor and options:
        pytest.skip("S3FSCursor has no unload")
    with lake.connect(cursor_class=cursor_class, cursor_kwargs=options) as connection, connection.cursor() as cursor:
        assert cursor.execute("SELECT * FROM one_row").fetchall() == [(1,)]
        cursor.execute("SELECT a FROM many_rows ORDER BY a")
        assert sorted(cursor.fetchall()) == [(number,) for number in range(MANY)]


def test_an_arrow_table_of_an_unload_has_the_types_of_the_columns(lake: Lake) -> None:
    with lake.connect(cursor_class=ArrowCursor, cursor_kwargs=UNLOADED) as connection, connection.cursor() as cursor:
        table = cursor.execute(UNLOAD_TYPES).as_arrow()
    assert [field.type for field in table.schema if not pa.types.is_nested(field.type)] == [
        pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.string(),
        table.schema.field("c_timestamp").type, pa.date32(), pa.binary(), pa.decimal128(10, 1),
    ]  # fmt: skip
    row = table.to_pylist()[0]
    assert (row["c_timestamp"], row["c_date"], row["c_varbinary"]) == (
        pd.Timestamp(2017, 1, 1),
        date(2017, 1, 2),
        b"123",
    )
    assert (row["c_array"], row["c_map"], row["c_row"]) == ([1, 2], [(1, 2), (3, 4)], {"a": 1, "b": 2})
    assert row["c_decimal"] == Decimal("0.1")


def test_an_arrow_table_of_a_csv_file_has_what_csv_can_tell(lake: Lake) -> None:
    with lake.connect(cursor_class=ArrowCursor) as connection, connection.cursor() as cursor:
        table = cursor.execute(
            "SELECT c_integer, c_timestamp, c_varbinary, c_array, c_row, c_decimal FROM every_type"
        ).as_arrow()
    assert table.to_pylist() == [
        {
            "c_integer": 2147483647,
            "c_timestamp": datetime(2017, 1, 1),
            "c_varbinary": "31 32 33",
            "c_array": "[1, 2]",
            "c_row": "{a=1, b=2}",
            "c_decimal": "0.1",
        }
    ]


@pytest.mark.parametrize("engine", ["auto", "c", "python", "pyarrow"])
def test_each_csv_engine_of_pandas_reads_the_result(lake: Lake, engine: str) -> None:
    with lake.connect(cursor_class=PandasCursor) as connection, connection.cursor() as cursor:
        frame = cursor.execute(
            "SELECT a, CAST(a AS varchar) AS t FROM many_rows WHERE a < 3", engine=engine
        ).as_pandas()
    assert frame["a"].tolist() == [0, 1, 2]


def test_a_frame_can_be_read_in_chunks(lake: Lake) -> None:
    with lake.connect(cursor_class=PandasCursor) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT a FROM many_rows", chunksize=1000)
        assert [len(chunk) for chunk in cursor.as_pandas()] == [1000, 1000, 500]
    with (
        lake.connect(cursor_class=PolarsCursor) as connection,
        connection.cursor(unload=True, chunksize=1000) as cursor,
    ):
        assert sum(len(chunk) for chunk in cursor.execute("SELECT a FROM many_rows").iter_chunks()) == MANY


def test_missing_and_empty_text_are_told_apart(lake: Lake) -> None:
    query = "SELECT * FROM (VALUES (1, 'a'), (2, ''), (3, CAST(NULL AS varchar))) AS t (n, word) ORDER BY n"
    with lake.connect(cursor_class=S3FSCursor) as connection, connection.cursor() as cursor:
        assert [row[1] for row in cursor.execute(query).fetchall()] == ["a", "", None]
        key = str(cursor.output_location).removeprefix(f"s3://{lake.bucket}/")
    written = boto3.client("s3").get_object(Bucket=lake.bucket, Key=key)["Body"].read()
    assert written == b'"n","word"\n"1","a"\n"2",""\n"3",\n'


def test_a_query_that_finds_nothing_gives_an_empty_frame(lake: Lake) -> None:
    for options in ({}, UNLOADED):
        with (
            lake.connect(cursor_class=PandasCursor, cursor_kwargs=options) as connection,
            connection.cursor() as cursor,
        ):
            assert len(cursor.execute("SELECT a FROM many_rows WHERE a < 0").as_pandas()) == 0


def test_unload_refuses_types_that_parquet_lacks(lake: Lake) -> None:
    with lake.connect(cursor_class=ArrowCursor, cursor_kwargs=UNLOADED) as connection, connection.cursor() as cursor:
        for expression in ("CAST(c_timestamp AS time)", "CAST(c_array AS json)"):
            with pytest.raises(OperationalError, match="Unsupported Hive type"):
                cursor.execute(f"SELECT {expression} AS x FROM every_type")


def test_threads_give_frames(lake: Lake) -> None:
    for cursor_class, frame in (
        (AsyncPandasCursor, lambda result: len(result.as_pandas())),
        (AsyncArrowCursor, lambda result: result.as_arrow().num_rows),
        (AsyncS3FSCursor, lambda result: len(result.fetchall())),
    ):
        with lake.connect(cursor_class=cursor_class) as connection, connection.cursor() as cursor:
            _, future = cursor.execute("SELECT a FROM many_rows")
            assert frame(future.result()) == MANY


def test_asyncio_cursors_give_rows_and_frames(lake: Lake) -> None:
    async def rows() -> list[Any]:
        found: list[Any] = []
        async with await aio_connect(s3_staging_dir=lake.staging, schema_name=lake.database) as connection:
            async with connection.cursor() as cursor:
                await cursor.execute("SELECT * FROM one_row")
                found.append(await cursor.fetchone())
            for cursor_class in (AioDictCursor, AioPandasCursor, AioArrowCursor, AioS3FSCursor):
                async with connection.cursor(cursor_class) as cursor:
                    await cursor.execute("SELECT a FROM many_rows WHERE a < 2 ORDER BY a")
                    fetched = cursor.fetchall()
                    found.append(await fetched if asyncio.iscoroutine(fetched) else fetched)
        return found

    assert asyncio.run(rows()) == [(1,), [{"a": 0}, {"a": 1}], *[[(0,), (1,)]] * 3]


def test_a_frame_is_written_to_a_partitioned_table(lake: Lake) -> None:
    name = f"written_{uuid.uuid4().hex[:8]}"
    frame = pd.DataFrame({"n": [1, 2, 3], "word": ["a", "b", "c"], "day": ["mon", "mon", "tue"]})
    with lake.connect() as connection, connection.cursor() as cursor:
        for mode in ("replace", "append"):
            to_sql(
                frame, name, connection, lake.location(name), schema=lake.database, partitions=["day"], if_exists=mode,
                max_workers=1,
            )  # fmt: skip
        read = as_pandas(cursor.execute(f"SELECT day, count(*) AS n FROM {name} GROUP BY day ORDER BY day"))
    assert read.to_dict("records") == [{"day": "mon", "n": 4}, {"day": "tue", "n": 2}]
