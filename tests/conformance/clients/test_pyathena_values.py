"""Values and parameters through PyAthena's cursors: types, text forms, and how statements get their values."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import boto3
import pytest
from pyathena import BINARY, BOOLEAN, DATE, DATETIME, JSON, NUMBER, STRING, TIME
from pyathena.cursor import Cursor
from pyathena.error import ProgrammingError

from tests.conformance.clients.lake import Lake


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
