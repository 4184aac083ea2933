"""PyAthena's DB API 2.0 cursors as its documentation and its own integration tests use them."""

from __future__ import annotations

import json
import threading
import time
import uuid

import boto3
import pytest
from pyathena.async_cursor import AsyncCursor, AsyncDictCursor
from pyathena.cursor import Cursor, DictCursor
from pyathena.error import DatabaseError, NotSupportedError, OperationalError, ProgrammingError
from pyathena.model import AthenaQueryExecution

from tests.conformance.clients.lake import MANY, Lake

LONG_QUERY = "SELECT count(*) FROM many_rows a CROSS JOIN many_rows b CROSS JOIN many_rows c WHERE rand() > 2"


def test_a_cursor_tells_everything_about_its_query(cursor: Cursor, lake: Lake) -> None:
    cursor.execute("SELECT * FROM one_row")
    assert (cursor.rowcount, cursor.rownumber) == (-1, 0)
    assert cursor.fetchone() == (1,)
    assert cursor.fetchone() is None
    assert uuid.UUID(cursor.query_id).version == 4
    assert cursor.output_location == f"{lake.staging}{cursor.query_id}.csv"
    assert (cursor.database, cursor.catalog, cursor.work_group) == (lake.database, "awsdatacatalog", "primary")
    assert cursor.statement_type == AthenaQueryExecution.STATEMENT_TYPE_DML
    assert (cursor.state, cursor.state_change_reason) == (AthenaQueryExecution.STATE_SUCCEEDED, None)
    assert cursor.submission_date_time <= cursor.completion_date_time
    assert cursor.data_scanned_in_bytes == len("1\n")
    assert cursor.engine_execution_time_in_millis
    assert cursor.query_queue_time_in_millis
    assert cursor.total_execution_time_in_millis
    assert cursor.data_manifest_location is None
    assert cursor.effective_engine_version == "Athena engine version 3"


def test_rows_come_in_pages_and_in_order(cursor: Cursor) -> None:
    cursor.execute("SELECT a FROM many_rows ORDER BY a")
    assert cursor.fetchmany(10) == [(number,) for number in range(10)]
    assert cursor.fetchall() == [(number,) for number in range(10, MANY)]


def test_fetching_before_a_query_is_a_programming_error(cursor: Cursor) -> None:
    for fetch in (cursor.fetchone, cursor.fetchmany, cursor.fetchall, cursor.cancel):
        with pytest.raises(ProgrammingError):
            fetch()


def test_a_dict_cursor_names_the_columns(lake: Lake) -> None:
    with lake.connect(cursor_class=DictCursor) as connection, connection.cursor() as cursor:
        assert cursor.execute("SELECT * FROM one_row").fetchall() == [{"number_of_rows": 1}]


def test_a_change_of_an_iceberg_table_tells_how_many_rows(cursor: Cursor, lake: Lake) -> None:
    name = f"rows_{uuid.uuid4().hex[:8]}"
    cursor.execute(
        f"CREATE TABLE {name} (id int, word string) LOCATION '{lake.location(name)}'"
        " TBLPROPERTIES ('table_type'='ICEBERG')"
    )
    counts = []
    for statement in (
        f"INSERT INTO {name} VALUES (1, 'one'), (2, 'two')",
        f"UPDATE {name} SET word = 'uno' WHERE id = 1",
        f"MERGE INTO {name} AS t USING (SELECT 1 AS id, 'eins' AS word) AS s ON t.id = s.id"
        " WHEN MATCHED THEN UPDATE SET word = s.word",
        f"DELETE FROM {name} WHERE id = 2",
    ):
        cursor.execute(statement)
        counts.append(cursor.rowcount)
    assert counts == [2, 1, 1, 1]
    assert cursor.execute(f"SELECT * FROM {name}").fetchall() == [(1, "eins")]


def test_errors_have_the_classes_of_the_db_api(cursor: Cursor) -> None:
    with pytest.raises(OperationalError, match="TABLE_NOT_FOUND"):
        cursor.execute("SELECT * FROM this_does_not_exist")
    with pytest.raises(OperationalError, match="COLUMN_NOT_FOUND"):
        cursor.execute("SELECT nothing FROM one_row")
    with pytest.raises(DatabaseError, match="mismatched input"):
        cursor.execute("blah_blah")
    assert cursor.description is None
    for empty in (None, ""):
        with pytest.raises(ProgrammingError):
            cursor.execute(empty)


def test_results_are_reused_when_the_cursor_asks_for_it(lake: Lake) -> None:
    options = {"result_reuse_enable": True, "result_reuse_minutes": 5}
    with lake.connect(**options) as connection, connection.cursor() as cursor:
        query = f"SELECT number_of_rows, '{uuid.uuid4()}' FROM one_row"
        reused = []
        for _ in range(2):
            cursor.execute(query)
            reused.append(bool(cursor.reused_previous_result))
        assert reused == [False, True]
        assert (cursor.result_reuse_enabled, cursor.result_reuse_minutes) == (True, 5)


def test_the_clients_own_cache_finds_an_earlier_query(cursor: Cursor) -> None:
    query = f"SELECT * FROM one_row -- {uuid.uuid4()}"
    first = cursor.execute(query).query_id
    assert cursor.execute(query).query_id != first
    assert cursor.execute(query, cache_size=100, cache_expiration_time=3600).query_id in (first, cursor.query_id)
    latest = cursor.query_id
    assert cursor.execute(query, cache_size=100).query_id == latest


def test_a_running_query_can_be_cancelled(lake: Lake) -> None:
    with lake.connect(poll_interval=0.1) as connection, connection.cursor() as cursor:
        threading.Timer(1, cursor.cancel).start()
        started = time.monotonic()
        with pytest.raises(OperationalError):
            cursor.execute(LONG_QUERY)
        assert time.monotonic() - started < 10
        assert boto3.client("athena").get_query_execution(QueryExecutionId=cursor.query_id)["QueryExecution"]["Status"][
            "State"
        ] == "CANCELLED"  # fmt: skip


def test_an_interrupt_kills_the_query(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    with lake.connect(kill_on_interrupt=True) as connection, connection.cursor() as cursor:
        polls = iter([KeyboardInterrupt()])

        def interrupted(*_: object) -> None:
            for interrupt in polls:
                raise interrupt

        monkeypatch.setattr(time, "sleep", interrupted)
        with pytest.raises(OperationalError, match=r"(?i)cancel"):
            cursor.execute(LONG_QUERY)


def test_transactions_are_no_part_of_athena(lake: Lake) -> None:
    with lake.connect() as connection:
        connection.commit()
        with pytest.raises(NotSupportedError):
            connection.rollback()


def test_asynchronous_cursors_give_futures(lake: Lake) -> None:
    with lake.connect(cursor_class=AsyncCursor) as connection, connection.cursor(max_workers=2) as cursor:
        started = [cursor.execute(f"SELECT {number}, number_of_rows FROM one_row") for number in range(4)]
        assert [future.result().fetchall() for _, future in started] == [[(number, 1)] for number in range(4)]
        query_id, future = cursor.execute("SELECT * FROM one_row")
        future.result()
        assert cursor.poll(query_id).result().state == AthenaQueryExecution.STATE_SUCCEEDED
        assert cursor.query_execution(query_id).result().query == "SELECT * FROM one_row"
        assert cursor.description(query_id).result()[0][:2] == ("number_of_rows", "integer")
    with lake.connect(cursor_class=AsyncDictCursor) as connection, connection.cursor() as cursor:
        assert cursor.execute("SELECT * FROM one_row")[1].result().fetchone() == {"number_of_rows": 1}


def test_an_asynchronous_query_is_cancelled_by_its_id(lake: Lake) -> None:
    with lake.connect(cursor_class=AsyncCursor, poll_interval=0.1) as connection, connection.cursor() as cursor:
        query_id, future = cursor.execute(LONG_QUERY)
        time.sleep(0.5)
        cursor.cancel(query_id).result()
        assert future.result().state == AthenaQueryExecution.STATE_CANCELLED


def test_partitions_and_ddl_are_shown_as_lines(cursor: Cursor, lake: Lake) -> None:
    name = f"parts_{uuid.uuid4().hex[:8]}"
    cursor.execute(
        f"CREATE EXTERNAL TABLE {name} (a string) PARTITIONED BY (b int) STORED AS PARQUET"
        f" LOCATION '{lake.location(name)}'"
    )
    for number in range(3):
        cursor.execute(
            f"ALTER TABLE {name} ADD PARTITION (b=%(b)d) LOCATION %(location)s",
            {"b": number, "location": lake.location(name)},
        )
    assert sorted(cursor.execute(f"SHOW PARTITIONS {name}").fetchall()) == [("b=0",), ("b=1",), ("b=2",)]
    assert (name,) in cursor.execute("SHOW TABLES").fetchall()
    shown = "\n".join(row[0] for row in cursor.execute(f"SHOW CREATE TABLE {name}").fetchall())
    assert shown.startswith(f"CREATE EXTERNAL TABLE `{name}`(")
    assert cursor.execute("DESCRIBE one_row").fetchall()[0][0].split()[0] == "number_of_rows"


def test_a_spark_session_is_refused_in_plain_words(lake: Lake) -> None:
    from pyathena.spark.cursor import SparkCursor

    with lake.connect(cursor_class=SparkCursor) as connection, pytest.raises(Exception, match=r"(?i)not supported"):
        connection.cursor()


def test_metadata_of_the_catalogue_is_listed(cursor: Cursor, lake: Lake) -> None:
    assert {"one_row", "many_rows", "every_type"} <= {
        entry.name for entry in cursor.list_table_metadata(catalog_name="awsdatacatalog", schema_name=lake.database)
    }
    entry = cursor.get_table_metadata("one_row", catalog_name="awsdatacatalog", schema_name=lake.database)
    assert [(column.name, column.type, column.comment) for column in entry.columns] == [
        ("number_of_rows", "int", "some comment")
    ]
    assert lake.database in {database.name for database in cursor.list_databases("awsdatacatalog")}
    assert json.dumps(entry.parameters)
