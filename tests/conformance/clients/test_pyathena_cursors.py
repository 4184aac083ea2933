"""PyAthena's DB API 2.0 cursors as its documentation and its own integration tests use them."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import boto3
import pytest
from pyathena import BINARY, BOOLEAN, DATE, DATETIME, JSON, NUMBER, STRING, TIME
from pyathena.async_cursor import AsyncCursor, AsyncDictCursor
from pyathena.cursor import Cursor, DictCursor
from pyathena.error import DatabaseError, NotSupportedError, OperationalError, ProgrammingError
from pyathena.model import AthenaQueryExecution

from tests.conformance.clients.lake import MANY, Lake

LONG_QUERY = "SELECT count(*) FROM many_rows a CROSS JOIN many_rows b CROSS JOIN many_rows c WHERE rand() > 2"


@pytest.fixture
def cursor(lake: Lake) -> Iterator[Cursor]:
    with lake.connect() as connection, connection.cursor() as opened:
        yield opened


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


def test_every_type_has_its_description_and_its_python_value(cursor: Cursor) -> None:
    cursor.execute(
        "SELECT c_boolean, c_tinyint, c_smallint, c_integer, c_bigint, c_real, c_double, c_varchar, c_varchar10,"
        " c_timestamp, CAST(c_timestamp AS timestamp with time zone), CAST(c_timestamp AS time), c_date,"
        " c_varbinary, c_array, CAST(c_array AS json), c_map, CAST(c_map AS json), c_row, c_decimal FROM every_type"
    )
    assert [(column[1], column[4], column[5]) for column in cursor.description] == [
        ("boolean", 0, 0),
        ("tinyint", 3, 0),
        ("smallint", 5, 0),
        ("integer", 10, 0),
        ("bigint", 19, 0),
        ("float", 17, 0),
        ("double", 17, 0),
        ("varchar", 2147483647, 0),
        ("varchar", 10, 0),
        ("timestamp", 3, 0),
        ("timestamp with time zone", 3, 0),
        ("time", 3, 0),
        ("date", 0, 0),
        ("varbinary", 1073741824, 0),
        ("array", 0, 0),
        ("json", 0, 0),
        ("map", 0, 0),
        ("json", 0, 0),
        ("row", 0, 0),
        ("decimal", 10, 1),
    ]
    assert [column[1] for column in cursor.description] == [
        BOOLEAN, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, STRING, STRING, DATETIME, DATETIME, TIME, DATE, BINARY,
        STRING, JSON, STRING, JSON, STRING, NUMBER,
    ]  # fmt: skip
    row = cursor.fetchone()
    assert row is not None
    assert row[:10] == (
        True,
        127,
        32767,
        2147483647,
        9223372036854775807,
        0.5,
        0.25,
        "a string",
        "short",
        datetime(2017, 1, 1),
    )
    assert row[10].astimezone(UTC) == datetime(2017, 1, 1, tzinfo=UTC)
    assert row[11:14] == (datetime(2017, 1, 1).time(), date(2017, 1, 2), b"123")
    assert (row[14], row[15], row[17], row[19]) == ([1, 2], [1, 2], {"1": 2, "3": 4}, Decimal("0.1"))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("CAST(ROW('Alice', 25) AS ROW(name VARCHAR, age INTEGER))", "{name=Alice, age=25}"),
        ("ARRAY['apple', 'banana']", "[apple, banana]"),
        ("ARRAY[ARRAY[1, 2], ARRAY[3, NULL]]", "[[1, 2], [3, null]]"),
        ("MAP(ARRAY['name', 'city'], ARRAY['John', 'Tokyo'])", "{name=John, city=Tokyo}"),
        ("CAST(MAP(ARRAY['a'], ARRAY[ARRAY[1, 2]]) AS JSON)", '{"a":[1,2]}'),
    ],
)
def test_nested_values_travel_in_athenas_text_form(cursor: Cursor, expression: str, expected: str) -> None:
    cursor.execute(f"SELECT {expression}")
    page = boto3.client("athena").get_query_results(QueryExecutionId=cursor.query_id)
    assert page["ResultSet"]["Rows"][1]["Data"] == [{"VarCharValue": expected}]


def test_intervals_have_their_text(cursor: Cursor) -> None:
    cursor.execute("SELECT INTERVAL '2' DAY, INTERVAL '3' MONTH")
    assert cursor.fetchone() == ("2 00:00:00.000", "0-3")


def test_named_parameters_are_formatted_by_the_client(cursor: Cursor) -> None:
    awkward = "`~!@#$%^&*()_+-={}[]|\\;:'\",./<>?\n\r\t 王兢"
    cursor.execute(
        "SELECT %(text)s, %(number)d, %(none)s, %(day)s, %(price)s FROM many_rows WHERE a IN %(chosen)s",
        {"text": awkward, "number": 1, "none": None, "day": date(2020, 1, 1), "price": Decimal("0.001"), "chosen": [7]},
    )
    assert cursor.fetchall() == [(awkward, 1, None, date(2020, 1, 1), Decimal("0.001"))]


def test_question_marks_become_execution_parameters(cursor: Cursor) -> None:
    cursor.execute("SELECT a FROM many_rows WHERE a < ? ORDER BY 1", ["3"], paramstyle="qmark")
    assert cursor.fetchall() == [(0,), (1,), (2,)]
    cursor.execute("SELECT c_varchar FROM every_type WHERE c_varchar = ?", ["'a string'"], paramstyle="qmark")
    assert cursor.fetchall() == [("a string",)]


def test_a_prepared_statement_is_executed_with_values(cursor: Cursor) -> None:
    athena, name = boto3.client("athena"), f"below_{uuid.uuid4().hex}"
    athena.create_prepared_statement(
        StatementName=name, WorkGroup="primary", QueryStatement="SELECT count(*) FROM many_rows WHERE a < ?"
    )
    assert cursor.execute(f"EXECUTE {name} USING 5").fetchall() == [(5,)]
    athena.delete_prepared_statement(StatementName=name, WorkGroup="primary")


def test_executemany_writes_each_row_and_forbids_fetching(cursor: Cursor, lake: Lake) -> None:
    lake.run(f"CREATE EXTERNAL TABLE execute_many (a int, b string) LOCATION '{lake.location(uuid.uuid4().hex)}'")
    rows = [(1, "foo"), (2, "bar"), (3, "jim o'rourke")]
    cursor.executemany(
        "INSERT INTO execute_many (a, b) VALUES (%(a)d, %(b)s)", [{"a": number, "b": text} for number, text in rows]
    )
    assert cursor.rowcount == -1
    with pytest.raises(ProgrammingError):
        cursor.fetchall()
    assert sorted(cursor.execute("SELECT * FROM execute_many").fetchall()) == rows


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
