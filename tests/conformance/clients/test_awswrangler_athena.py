"""AWS SDK for pandas on Athena, Glue and S3, as its tutorials use it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import awswrangler as wr
import pandas as pd
import pytest

from tests.conformance.clients.lake import MANY, Lake

FRAME = pd.DataFrame(
    {
        "id": [1, 2, 3],
        "word": ["a", None, "c"],
        "price": [1.5, 2.5, None],
        "at": pd.to_datetime(["2024-01-01 00:00:00", "2024-01-02 00:00:00", "2024-01-03 12:34:56"]),
        "day": ["mon", "mon", "tue"],
    }
)


@pytest.fixture
def options(lake: Lake) -> dict[str, Any]:
    return {"database": lake.database, "s3_output": lake.staging, "workgroup": lake.work_group}


@pytest.fixture
def dataset(lake: Lake) -> str:
    """The name of a Parquet dataset with partitions, written by the client and registered in Glue."""
    name = f"wr_{uuid.uuid4().hex[:8]}"
    wr.s3.to_parquet(
        FRAME,
        path=lake.location(name),
        dataset=True,
        database=lake.database,
        table=name,
        partition_cols=["day"],
        mode="overwrite",
        glue_table_settings={"description": "words", "columns_comments": {"id": "key"}},
    )
    return name


@pytest.mark.parametrize(
    "mode", [{"ctas_approach": True}, {"ctas_approach": False}, {"ctas_approach": False, "unload_approach": True}],
    ids=["ctas", "plain", "unload"],
)  # fmt: skip
def test_a_query_gives_a_frame_in_each_mode(
    dataset: str, lake: Lake, options: Mapping[str, Any], mode: dict[str, Any]
) -> None:
    if mode.get("unload_approach"):
        mode = mode | {"s3_output": f"{lake.staging}{uuid.uuid4()}/"}
    frame = wr.athena.read_sql_query(f"SELECT * FROM {dataset} ORDER BY id", **{**options, **mode})
    frame = frame.sort_values("id").reset_index(drop=True)
    assert frame["id"].tolist() == [1, 2, 3]
    assert [word if isinstance(word, str) else None for word in frame["word"]] == ["a", None, "c"]
    assert frame["at"].tolist() == FRAME["at"].tolist()


@pytest.mark.parametrize("ctas", [True, False])
def test_a_query_is_read_in_chunks(options: Mapping[str, Any], ctas: bool) -> None:
    chunks = wr.athena.read_sql_query("SELECT a FROM many_rows", chunksize=1000, ctas_approach=ctas, **options)
    assert sum(len(chunk) for chunk in chunks) == MANY


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        ("SELECT word FROM {} WHERE id = :id AND word = :word", {"params": {"id": 3, "word": "c"}}),
        ("SELECT word FROM {} WHERE id = ? AND word = ?", {"params": ["3", "'c'"], "paramstyle": "qmark"}),
    ],
    ids=["named", "qmark"],
)
def test_parameters_reach_the_query(dataset: str, options: Mapping[str, Any], sql: str, params: dict[str, Any]) -> None:
    frame = wr.athena.read_sql_query(sql.format(dataset), ctas_approach=False, **params, **options)
    assert frame["word"].tolist() == ["c"]


def test_an_earlier_result_is_found_again(dataset: str, options: Mapping[str, Any]) -> None:
    query = f"SELECT count(*) AS n FROM {dataset}"
    cache = {"max_cache_seconds": 900}
    first, second = (
        wr.athena.read_sql_query(query, ctas_approach=False, athena_cache_settings=cache, **options) for _ in range(2)
    )
    assert first["n"].tolist() == second["n"].tolist() == [3]
    started = wr.athena.list_query_executions(workgroup=options["workgroup"])
    assert sum(query == wr.athena.get_query_execution(found)["Query"] for found in started[:20]) == 1


def test_a_query_is_started_watched_and_stopped(options: Mapping[str, Any]) -> None:
    query = wr.athena.start_query_execution("SELECT 1 AS one", wait=False, **options)
    assert wr.athena.wait_query(query)["Status"]["State"] == "SUCCEEDED"
    assert wr.athena.get_query_execution(query)["Query"] == "SELECT 1 AS one"
    assert wr.athena.get_query_results(query)["one"].tolist() == [1]
    long = wr.athena.start_query_execution(
        "SELECT count(*) FROM many_rows a CROSS JOIN many_rows b CROSS JOIN many_rows c WHERE rand() > 2", **options
    )
    wr.athena.stop_query_execution(long)
    with pytest.raises(wr.exceptions.QueryCancelled):
        wr.athena.wait_query(long)
    with pytest.raises(wr.exceptions.QueryFailed, match="TABLE_NOT_FOUND"):
        wr.athena.read_sql_query("SELECT * FROM nothing", ctas_approach=False, **options)


def test_a_table_made_from_a_query_is_read_whole(lake: Lake, options: Mapping[str, Any]) -> None:
    name = f"ctas_{uuid.uuid4().hex[:8]}"
    made = wr.athena.create_ctas_table(
        "SELECT a, a % 2 AS odd FROM many_rows WHERE a < 10",
        database=lake.database,
        ctas_table=name,
        s3_output=lake.location(name),
        partitioning_info=["odd"],
        storage_format="parquet",
        write_compression="snappy",
        wait=True,
    )
    assert made["ctas_table"] == name
    assert len(wr.athena.read_sql_table(name, **options)) == 10


def test_a_query_is_unloaded_to_files(lake: Lake) -> None:
    path = f"{lake.staging}unloaded/{uuid.uuid4()}/"
    done = wr.athena.unload(
        "SELECT a FROM many_rows WHERE a < 10", path=path, database=lake.database, file_format="parquet"
    )
    files = wr.s3.read_csv(done.manifest_location, header=None)[0].tolist()
    assert sorted(wr.s3.read_parquet(files)["a"]) == list(range(10))


def test_ddl_shows_what_glue_holds(dataset: str, lake: Lake, options: Mapping[str, Any]) -> None:
    place = {"table": dataset, "database": lake.database, "s3_output": lake.staging}
    assert wr.athena.repair_table(**place) == "SUCCEEDED"
    described = wr.athena.describe_table(**place)
    assert described.to_dict() == wr.catalog.table(database=lake.database, table=dataset).to_dict()
    shown = wr.athena.show_create_table(**place)
    assert shown.split("LOCATION")[0].startswith(
        f"CREATE EXTERNAL TABLE `{dataset}`( `id` bigint COMMENT 'key', `word` string, `price` double, `at` timestamp) "
        "PARTITIONED BY ( `day` string) ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'"
    )


def test_the_catalogue_is_read_and_changed(dataset: str, lake: Lake) -> None:
    assert lake.database in wr.catalog.databases()["Database"].tolist()
    assert dataset in wr.catalog.tables(database=lake.database)["Table"].tolist()
    assert wr.catalog.does_table_exist(database=lake.database, table=dataset)
    assert wr.catalog.get_table_types(database=lake.database, table=dataset) == {
        "id": "bigint", "word": "string", "price": "double", "at": "timestamp", "day": "string",
    }  # fmt: skip
    assert wr.catalog.get_columns_comments(database=lake.database, table=dataset)["id"] == "key"
    assert wr.catalog.get_table_description(database=lake.database, table=dataset) == "words"
    assert sorted(wr.catalog.get_parquet_partitions(database=lake.database, table=dataset).values()) == [
        ["mon"],
        ["tue"],
    ]
    assert len(wr.catalog.get_partitions(database=lake.database, table=dataset, expression="day = 'mon'")) == 1
    wr.catalog.add_column(
        database=lake.database, table=dataset, column_name="extra", column_type="int", column_comment="new"
    )
    wr.catalog.upsert_table_parameters({"owner_team": "words"}, lake.database, dataset)
    assert wr.catalog.get_table_parameters(lake.database, dataset)["owner_team"] == "words"
    wr.catalog.delete_partitions(table=dataset, database=lake.database, partitions_values=[["tue"]])
    frame = wr.athena.read_sql_query(
        f"SELECT count(*) AS n, count(extra) AS e FROM {dataset}",
        lake.database,
        ctas_approach=False,
        s3_output=lake.staging,
    )
    assert frame.to_dict("records") == [{"n": 2, "e": 0}]
    assert wr.catalog.delete_table_if_exists(database=lake.database, table=dataset)


def test_tables_are_declared_over_files_that_are_there(lake: Lake) -> None:
    name = f"declared_{uuid.uuid4().hex[:8]}"
    path = lake.location(name)
    wr.s3.to_parquet(FRAME[["id"]], f"{path}day=mon/part.parquet")
    wr.s3.to_csv(FRAME[["id", "word"]], f"{lake.location(name)[:-1]}_csv/part.csv", index=False, header=False)
    wr.catalog.create_parquet_table(
        database=lake.database,
        table=name,
        path=path,
        columns_types={"id": "bigint"},
        partitions_types={"day": "string"},
    )
    wr.catalog.add_parquet_partitions(
        database=lake.database, table=name, partitions_values={f"{path}day=mon/": ["mon"]}
    )
    wr.catalog.create_csv_table(
        database=lake.database,
        table=f"{name}_csv",
        path=f"{path[:-1]}_csv/",
        columns_types={"id": "bigint", "word": "string"},
    )
    options: dict[str, Any] = {"database": lake.database, "ctas_approach": False, "s3_output": lake.staging}
    assert wr.athena.read_sql_query(f"SELECT sum(id) AS s FROM {name} WHERE day = 'mon'", **options)["s"].tolist() == [
        6
    ]
    assert wr.athena.read_sql_query(f"SELECT count(*) AS n FROM {name}_csv", **options)["n"].tolist() == [3]


@pytest.mark.parametrize(("mode", "rows"), [("append", 6), ("overwrite", 3), ("overwrite_partitions", 4)])
def test_a_dataset_is_written_again(dataset: str, lake: Lake, mode: Any, rows: int) -> None:
    frame = FRAME[FRAME["day"] == "mon"] if mode == "overwrite_partitions" else FRAME
    if mode == "overwrite_partitions":
        frame = pd.concat([frame, frame.tail(1)])
    wr.s3.to_parquet(
        frame,
        path=lake.location(dataset),
        dataset=True,
        database=lake.database,
        table=dataset,
        partition_cols=["day"],
        mode=mode,
    )
    assert len(wr.s3.read_parquet_table(database=lake.database, table=dataset)) == rows
    read = wr.athena.read_sql_query(
        f"SELECT count(*) AS n FROM {dataset}", lake.database, ctas_approach=False, s3_output=lake.staging
    )
    assert read["n"].tolist() == [rows]


def test_an_iceberg_table_takes_frames(lake: Lake, options: Mapping[str, Any]) -> None:
    name = f"ice_{uuid.uuid4().hex[:8]}"
    target: dict[str, Any] = {
        "database": lake.database, "table": name, "temp_path": f"{lake.staging}temp/{name}/", "s3_output": lake.staging,
        "keep_files": False,
    }  # fmt: skip

    def rows() -> list[tuple[Any, ...]]:
        query = f"SELECT id, word FROM {name} ORDER BY id"
        frame = wr.athena.read_sql_query(query, ctas_approach=False, **options)
        return list(frame.itertuples(index=False, name=None))

    first = pd.DataFrame({"id": [1, 2], "word": ["a", "b"]})
    wr.athena.to_iceberg(first, table_location=lake.location(name), partition_cols=["id"], **target)
    assert rows() == [(1, "a"), (2, "b")]
    wr.athena.to_iceberg(pd.DataFrame({"id": [3], "word": ["c"]}), mode="append", **target)
    assert rows() == [(1, "a"), (2, "b"), (3, "c")]
    wr.athena.to_iceberg(pd.DataFrame({"id": [2, 4], "word": ["B", "d"]}), merge_cols=["id"], **target)
    assert rows() == [(1, "a"), (2, "B"), (3, "c"), (4, "d")]
    wr.athena.delete_from_iceberg_table(pd.DataFrame({"id": [1, 4]}), merge_cols=["id"], **target)
    assert rows() == [(2, "B"), (3, "c")]
    wr.athena.to_iceberg(
        pd.DataFrame({"id": [9], "word": ["z"], "more": [1.5]}), mode="append", schema_evolution=True, **target
    )
    assert "more" in wr.catalog.get_table_types(lake.database, name)
    wr.athena.to_iceberg(pd.DataFrame({"id": [7], "word": ["x"], "more": [0.5]}), mode="overwrite", **target)
    assert rows() == [(7, "x")]


def test_prepared_statements_are_kept_in_the_work_group(dataset: str, options: Mapping[str, Any]) -> None:
    wr.athena.create_prepared_statement(f"SELECT word FROM {dataset} WHERE id = ?", "by_id", workgroup="primary")
    assert "by_id" in [entry["StatementName"] for entry in wr.athena.list_prepared_statements(workgroup="primary")]
    frame = wr.athena.read_sql_query('EXECUTE "by_id" USING 1', ctas_approach=False, **options)
    assert frame["word"].tolist() == ["a"]
    wr.athena.delete_prepared_statement("by_id", workgroup="primary")
