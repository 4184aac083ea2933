"""A query that was compiled before is not compiled again, as long as nothing it depends on has changed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from localcloud.athena.run.plans import Plans
from localcloud.athena.sql import macros
from localcloud.athena.sql.compile import Compiler
from localcloud.athena.sql.compiled import Compiled
from localcloud.athena.sql.dialect import parse_query
from localcloud.lake.errors import LakeError
from localcloud.lake.session import Lake, LakeSettings, attach_lake

QUERY = "select n, day from numbers join log on k = n where day < date '2026-11-21' and n <> 7"
LASTING = [
    QUERY,
    "select count(*) from numbers where n > 1 and abs(n) < 10",
    "select * from log where k between 1 and 5 or k is null",
    "with a as (select k from log) select n from numbers where n in (select k from a)",
]
FOR_NOW = [
    "select 1",
    "select n from numbers where day < current_date",
    "select n from numbers where stamp < now() - interval '1' day",
    "select n from numbers where n > random()",
    "select day from parted",
    "select line from texts",
    "select n from shown",
    "select k from log for timestamp as of current_timestamp",
    'select count(*) from "log$snapshots"',
    'select "$file_size" from numbers',
    "select table_name from information_schema.tables",
    "select n from numbers, information_schema.schemata",
]


def put(cloud: Any, key: str, numbers: list[int]) -> None:
    sink, days = io.BytesIO(), [None] * len(numbers)
    rows = {"n": numbers, "day": pa.array(days, pa.date32()), "stamp": pa.array(days, pa.timestamp("us"))}
    pq.write_table(pa.table(rows), sink)
    bucket, _, prefix = cloud.lake.removeprefix("s3://").partition("/")
    cloud.s3.put_object(Bucket=bucket, Key=prefix + key, Body=sink.getvalue())


def create_tables(cloud: Any, database: str) -> str:
    cloud.run(f"create database {database}")
    at = f"{cloud.lake}/{database}"
    put(cloud, f"{database}/numbers/a.parquet", [1, 2])
    for statement in (
        f"create external table numbers (n bigint, day date, stamp timestamp) stored as parquet"
        f" location '{at}/numbers/'",
        f"create external table parted (n bigint) partitioned by (day string) stored as parquet"
        f" location '{at}/parted/'",
        f"create external table texts (line string) location '{at}/texts/'",
        f"create table log (k bigint) location '{at}/log/' tblproperties ('table_type'='ICEBERG')",
        "insert into log values 1, 2",
        "create view shown as select n from numbers",
    ):
        cloud.run(statement, database)
    return database


@pytest.fixture(scope="module")
def tables(cloud: Any) -> str:
    """Tables of several kinds that stay as they are."""
    return create_tables(cloud, "plans")


@pytest.fixture
def own_tables(cloud: Any, request: pytest.FixtureRequest) -> str:
    """Such tables for one test to change."""
    return create_tables(cloud, f"plans_{abs(hash(request.node.name))}")


@pytest.fixture
def lake(cloud: Any, tmp_path: Path) -> Lake:
    return Lake(LakeSettings(aws_endpoint=cloud.s3.meta.endpoint_url, state_dir=tmp_path))


@pytest.fixture
def compile_query(lake: Lake) -> Iterator[Callable[[str, str], Compiled]]:
    with duckdb.connect() as connection:
        attach_lake(connection, lake.settings)
        macros.install(connection)
        yield lambda text, database: Compiler(lake.of_one_statement(), connection.cursor(), database).compile(
            parse_query(text), runs_next=True
        )


@pytest.mark.parametrize("text", LASTING)
def test_a_query_keeps_its_plan(lake: Lake, tables: str, compile_query: Any, text: str) -> None:
    plans, compiled = Plans(), compile_query(text, tables)
    plans.keep(lake, text, tables, compiled)
    assert plans.has(text, tables)
    assert plans.find(lake, text, tables) is compiled
    assert plans.find(lake, text, "default") is None
    assert compile_query(text, tables).sql == compiled.sql


@pytest.mark.parametrize("text", FOR_NOW)
def test_a_query_that_depends_on_more_has_none(lake: Lake, tables: str, compile_query: Any, text: str) -> None:
    plans = Plans()
    plans.keep(lake, text, tables, compile_query(text, tables))
    assert plans.find(lake, text, tables) is None


def _add_an_object(cloud: Any, database: str) -> None:
    put(cloud, f"{database}/numbers/b.parquet", [3])


def _replace_an_object(cloud: Any, database: str) -> None:
    put(cloud, f"{database}/numbers/a.parquet", [1, 3])


def _insert(cloud: Any, database: str) -> None:
    cloud.run("insert into log values 3", database)


def _alter(cloud: Any, database: str) -> None:
    cloud.run("alter table numbers set tblproperties ('serialization.format' = '1')", database)


def _drop(cloud: Any, database: str) -> None:
    cloud.run("drop table numbers", database)


@pytest.mark.parametrize("change", [_add_an_object, _replace_an_object, _insert, _alter, _drop])
def test_a_plan_ends_with_what_it_was_made_of(
    cloud: Any, lake: Lake, own_tables: str, compile_query: Any, change: Callable[[Any, str], None]
) -> None:
    plans = Plans()
    plans.keep(lake, QUERY, own_tables, compile_query(QUERY, own_tables))
    change(cloud, own_tables)
    assert plans.find(lake, QUERY, own_tables) is None


def test_there_is_none_while_a_fault_rule_is_to_be_met(
    lake: Lake, tables: str, compile_query: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = Plans()
    plans.keep(lake, QUERY, tables, compile_query(QUERY, tables))
    monkeypatch.setattr("localcloud.lake.tables_at_once._answer", lambda *_: None)
    assert plans.find(lake, QUERY, tables) is None


def test_the_plans_made_last_are_kept(
    lake: Lake, tables: str, compile_query: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans, first, second = Plans(), LASTING[0], LASTING[1]
    plans.keep(lake, first, tables, compile_query(first, tables))
    monkeypatch.setattr("localcloud.athena.run.plans._MOST_CHARACTERS", plans._size)
    plans.keep(lake, second, tables, compile_query(second, tables))
    assert [plans.has(text, tables) for text in (first, second)] == [False, True]


def test_a_plan_is_held_to_the_scan_limit(lake: Lake, tables: str, compile_query: Any) -> None:
    compiled = compile_query(QUERY, tables)
    with duckdb.connect() as connection:
        compiler = Compiler(lake, connection, tables, limit_bytes=compiled.scanned_bytes - 1)
        with pytest.raises(LakeError, match="Bytes scanned limit"):
            compiler.take(compiled)


def test_a_query_that_is_run_again_reads_and_counts_what_is_there_then(cloud: Any, own_tables: str) -> None:
    text = "select n from numbers where n not in (select k from log where k > 1) order by n"
    first, again = cloud.run(text, own_tables), cloud.run(text, own_tables)
    _add_an_object(cloud, own_tables)
    grown = cloud.run(text, own_tables)
    cloud.run("insert into log values 3", own_tables)
    assert [first.rows, again.rows, grown.rows] == [[["1"]], [["1"]], [["1"], ["3"]]]
    assert cloud.run(text, own_tables).rows == [["1"]]
    scanned = [result.execution["Statistics"]["DataScannedInBytes"] for result in (first, again, grown)]
    assert scanned[0] == scanned[1] < scanned[2]
    cloud.run("drop table numbers", own_tables)
    assert "does not exist" in cloud.failure(text, own_tables)
