"""Amazon's own Python driver for Redshift, as its README and its integration tests use it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import boto3
import numpy as np
import pandas as pd
import pytest
import redshift_connector

from tests.conformance.clients.warehouse import Warehouse


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[redshift_connector.Connection]:
    with warehouse.connect() as opened:
        yield opened


@pytest.fixture
def cursor(connection: redshift_connector.Connection) -> redshift_connector.Cursor:
    return connection.cursor()


@pytest.mark.parametrize(
    ("style", "sql", "arguments"),
    [
        ("format", "SELECT %s::int, %s::varchar", (1, 'it\'s 100% "so"')),
        ("qmark", "SELECT ?::int, ?::varchar", (1, 'it\'s 100% "so"')),
        ("numeric", "SELECT :1::int, :2::varchar", (1, 'it\'s 100% "so"')),
        ("named", "SELECT :number::int, :word::varchar", {"number": 1, "word": 'it\'s 100% "so"'}),
        ("pyformat", "SELECT %(number)s::int, %(word)s::varchar", {"number": 1, "word": 'it\'s 100% "so"'}),
    ],
)
def test_each_paramstyle_binds_its_values(
    cursor: redshift_connector.Cursor, style: str, sql: str, arguments: Any
) -> None:
    cursor.paramstyle = style
    cursor.execute(sql, arguments)
    assert cursor.fetchall() == ([1, 'it\'s 100% "so"'],)


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_every_type_goes_in_and_comes_out(warehouse: Warehouse, protocol: int) -> None:
    types = {
        "smallint": -7,
        "int": 2_147_483_647,
        "bigint": -(2**63),
        "decimal(18,4)": Decimal("-12345.6789"),
        "real": 0.5,
        "double precision": 1e300,
        "boolean": True,
        "char(5)": "abc  ",
        "varchar(20)": "žluťoučký",
        "date": date(2024, 2, 29),
        "timestamp": datetime(2024, 2, 29, 12, 34, 56, 789012),
        "timestamptz": datetime(2024, 2, 29, 12, tzinfo=UTC),
        "time": time(12, 34, 56, 789012),
    }
    name = f"types_{uuid.uuid4().hex[:8]}"
    with warehouse.connect(client_protocol_version=protocol) as connection, connection.cursor() as cursor:
        columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(types))
        cursor.execute(f"CREATE TEMP TABLE {name} ({columns})")
        places = ", ".join(["%s"] * len(types))
        cursor.execute(f"INSERT INTO {name} VALUES ({places})", tuple(types.values()))
        cursor.execute(f"INSERT INTO {name} VALUES ({places})", (None,) * len(types))
        cursor.execute(f"SELECT * FROM {name} ORDER BY 1 NULLS LAST")
        assert cursor.fetchall() == ([*types.values()], [None] * len(types))


def test_semi_structured_and_binary_values_come_out_as_text(cursor: redshift_connector.Cursor) -> None:
    cursor.execute("SELECT json_parse('{\"a\": [1, \"b\"]}'), to_varbyte('abc', 'utf8'), '12:00:00+02'::timetz")
    document, binary, moment = cursor.fetchone()
    assert (document, binary) == ('{"a":[1,"b"]}', "abc")
    assert moment == time(10, tzinfo=UTC)


def test_a_description_names_the_types(cursor: redshift_connector.Cursor) -> None:
    cursor.execute("SELECT 1 AS one, 'x'::varchar AS word, 1.5::decimal(5,2) AS price")
    assert [(column[0], column[1]) for column in cursor.description] == [("one", 23), ("word", 1043), ("price", 1700)]


def test_frames_and_arrays_are_read_and_written(cursor: redshift_connector.Cursor) -> None:
    cursor.execute("DROP TABLE IF EXISTS books")
    cursor.execute("CREATE TABLE books (bookname varchar, author varchar, pages int)")
    cursor.write_dataframe(pd.DataFrame({"bookname": ["One", "Two"], "author": ["A", "B"], "pages": [1, 2]}), "books")
    cursor.execute("SELECT * FROM books ORDER BY bookname")
    frame = cursor.fetch_dataframe()
    assert frame.to_dict("list") == {"bookname": ["One", "Two"], "author": ["A", "B"], "pages": [1, 2]}
    cursor.execute("SELECT bookname, author FROM books ORDER BY 1")
    assert np.array_equal(cursor.fetch_numpy_array(), np.array([["One", "A"], ["Two", "B"]]))


def test_many_rows_are_inserted(cursor: redshift_connector.Cursor) -> None:
    cursor.execute("CREATE TEMP TABLE many (id int, name varchar)")
    cursor.executemany("INSERT INTO many VALUES (%s, %s)", [(number, f"n{number}") for number in range(5)])
    cursor.execute("SELECT count(*), min(name), max(id) FROM many")
    assert cursor.fetchone() == [5, "n0", 4]


def test_rows_of_a_file_are_inserted_in_batches(cursor: redshift_connector.Cursor, tmp_path: Any) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("id,name\n1,a\n2,b\n3,c\n")
    cursor.execute("DROP TABLE IF EXISTS bulk")
    cursor.execute("CREATE TABLE bulk (id int, name varchar)")
    cursor.insert_data_bulk(
        filename=str(file),
        table_name="bulk",
        parameter_indices=[0, 1],
        column_names=["id", "name"],
        delimiter=",",
        batch_size=2,
    )
    cursor.execute("SELECT * FROM bulk ORDER BY id")
    assert cursor.fetchall() == ([1, "a"], [2, "b"], [3, "c"])


def test_a_rollback_undoes_and_a_commit_keeps(warehouse: Warehouse) -> None:
    name = f"kept_{uuid.uuid4().hex[:8]}"
    with warehouse.connect() as first, warehouse.connect() as second:
        ours, theirs = first.cursor(), second.cursor()
        ours.execute(f"CREATE TABLE {name} (id int)")
        first.commit()
        ours.execute(f"INSERT INTO {name} VALUES (1)")
        first.rollback()
        ours.execute(f"INSERT INTO {name} VALUES (2)")
        theirs.execute(f"SELECT * FROM {name}")
        assert theirs.fetchall() == ()
        second.rollback()
        first.commit()
        theirs.execute(f"SELECT * FROM {name}")
        assert theirs.fetchall() == ([2],)
        second.rollback()
        first.autocommit = True
        ours.execute(f"DROP TABLE {name}")


def test_metadata_of_the_catalogue(warehouse: Warehouse) -> None:
    name = f"meta_{uuid.uuid4().hex[:8]}"
    with warehouse.connect() as connection:
        cursor = connection.cursor()
        cursor.execute(f"CREATE TABLE {name} (id int NOT NULL PRIMARY KEY, word varchar(20), price decimal(10,2))")
        connection.commit()
        assert any(name in row for row in cursor.get_tables(schema_pattern="public", table_name_pattern=name))
        assert any("public" in row for row in cursor.get_schemas())
        assert any(warehouse.database in row for row in cursor.get_catalogs())
        assert [row[3] for row in cursor.get_primary_keys(schema="public", table=name)] == ["id"]
        cursor.execute(f"DROP TABLE {name}")
        connection.commit()


def test_columns_are_told(warehouse: Warehouse) -> None:
    name = f"columns_{uuid.uuid4().hex[:8]}"
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {name} (id int NOT NULL, word varchar(20), price decimal(10,2))")
        columns = cursor.get_columns(schema_pattern="public", tablename_pattern=name)
        assert [row[3] for row in columns] == ["id", "word", "price"]


def test_errors_carry_redshifts_state(cursor: redshift_connector.Cursor) -> None:
    with pytest.raises(redshift_connector.ProgrammingError) as raised:
        cursor.execute("SELECT * FROM nothing_here")
    assert raised.value.args[0]["C"] == "42P01"


def test_a_wrong_password_is_rejected(warehouse: Warehouse) -> None:
    with pytest.raises(redshift_connector.Error):
        redshift_connector.connect(
            **warehouse.options() | {"password": "wrong"}, database=warehouse.database, ssl=False
        )


def test_a_workgroup_gives_temporary_credentials(warehouse: Warehouse) -> None:
    """By hand, for the driver's own iam=True insists on TLS with a certificate of Amazon's authority."""
    serverless = boto3.client("redshift-serverless")
    given = serverless.get_credentials(workgroupName=warehouse.work_group, dbName=warehouse.database)
    with warehouse.connect(user=given["dbUser"], password=given["dbPassword"]) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == [given["dbUser"]]


def test_tls_is_refused_for_a_certificate_of_another_authority(warehouse: Warehouse) -> None:
    with pytest.raises(redshift_connector.Error):
        warehouse.connect(ssl=True, sslmode="verify-ca")
