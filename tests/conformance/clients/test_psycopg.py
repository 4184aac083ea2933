"""psycopg 2 and 3 on the local Redshift: PostgreSQL's drivers over the same wire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import psycopg
import psycopg2
import psycopg2.extras
import pytest

from tests.conformance.clients.warehouse import Warehouse


@pytest.fixture
def modern(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    options = warehouse.options() | {"dbname": warehouse.database, "sslmode": "disable", "client_encoding": "utf8"}
    with psycopg.connect(**options) as connection:
        yield connection


@pytest.fixture
def classic(warehouse: Warehouse) -> Iterator[psycopg2.extensions.connection]:
    connection = psycopg2.connect(**warehouse.options(), dbname=warehouse.database, sslmode="disable")
    yield connection
    connection.close()


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_psycopg_3_reads_typed_values(modern: psycopg.Connection, binary: bool) -> None:
    with modern.cursor(binary=binary) as cursor:
        cursor.execute("SELECT 1::int, 2::bigint, 1.50::decimal(5,2), 'x'::varchar, true, date '2024-02-29', NULL::int")
        assert cursor.fetchone() == (1, 2, Decimal("1.50"), "x", True, date(2024, 2, 29), None)


def test_psycopg_3_binds_and_prepares(modern: psycopg.Connection) -> None:
    for prepare in (False, True):
        row = modern.execute("SELECT %s::int + 1, %s::varchar", (41, "it's"), prepare=prepare).fetchone()
        assert row == (42, "it's")
    modern.execute("CREATE TEMP TABLE t (n int, word varchar)")
    modern.cursor().executemany("INSERT INTO t VALUES (%s, %s)", [(1, "a"), (2, "b"), (3, None)])
    assert modern.execute("SELECT * FROM t ORDER BY n").fetchall() == [(1, "a"), (2, "b"), (3, None)]


def test_psycopg_3_pipelines_statements(modern: psycopg.Connection) -> None:
    with modern.pipeline(), modern.cursor() as first, modern.cursor() as second:
        first.execute("SELECT 1")
        second.execute("SELECT 2")
        assert (first.fetchone(), second.fetchone()) == ((1,), (2,))


def test_a_named_cursor_fetches_in_parts(modern: psycopg.Connection, classic: psycopg2.extensions.connection) -> None:
    with modern.cursor("parts") as cursor:
        cursor.execute("SELECT generate_series(1, 10)")
        assert [row[0] for row in cursor.fetchmany(4)] == [1, 2, 3, 4]
        assert [row[0] for row in cursor.fetchall()] == [5, 6, 7, 8, 9, 10]
    with classic.cursor("parts") as cursor:
        cursor.itersize = 3
        cursor.execute("SELECT generate_series(1, 10)")
        assert [row[0] for row in cursor] == list(range(1, 11))


def test_psycopg_2_binds_many_rows_at_once(classic: psycopg2.extensions.connection) -> None:
    with classic, classic.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE t2 (n int, word varchar)")
        psycopg2.extras.execute_values(cursor, "INSERT INTO t2 VALUES %s", [(1, "it's"), (2, None)])
        cursor.execute("SELECT * FROM t2 WHERE n = ANY(ARRAY[1, 2]) ORDER BY n")
        assert cursor.fetchall() == [(1, "it's"), (2, None)]


def test_errors_have_the_drivers_classes(modern: psycopg.Connection, classic: psycopg2.extensions.connection) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        modern.execute("SELECT * FROM nothing_here")
    modern.rollback()
    with pytest.raises(psycopg2.errors.UndefinedTable):
        classic.cursor().execute("SELECT * FROM nothing_here")
    classic.rollback()


def test_copy_from_the_client_is_refused_in_plain_words(modern: psycopg.Connection) -> None:
    modern.execute("CREATE TEMP TABLE t3 (n int)")
    with pytest.raises(psycopg.Error), modern.cursor().copy("COPY t3 FROM STDIN") as copy:
        copy.write_row((1,))
