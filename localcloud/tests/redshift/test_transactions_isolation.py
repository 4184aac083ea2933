"""Concurrent transactions: who waits for whom, and which conflicts are errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cloud import Cloud
from pgclient import PgClient, PgError


@pytest.fixture
def serializable(pg: PgClient) -> Iterator[PgClient]:
    """A database with ISOLATION LEVEL SERIALIZABLE for one test."""
    pg.query("alter database shop isolation level serializable")
    yield pg
    pg.query("rollback")
    pg.query("alter database shop isolation level snapshot")


@contextmanager
def meanwhile(client: PgClient, sql: str) -> Iterator[list[object]]:
    """Run `sql` on another connection while the block runs; what it gave or raised is in the list afterwards."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(client.query(sql))
        except PgError as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.3)
    yield outcome
    thread.join(20)
    assert not thread.is_alive(), f"still waiting: {sql}"


def test_a_second_writer_waits_and_then_sees_what_the_first_one_wrote(pg: PgClient, other: PgClient) -> None:
    pg.query("create table a (x int); insert into a values (1)")
    pg.query("begin")
    pg.query("update a set x = x + 1")
    with meanwhile(other, "update t.a set x = x * 10") as outcome:
        assert outcome == []
        pg.query("commit")
    assert pg.query("select x from a").rows == [("20",)]


def test_readers_do_not_wait_for_writers(pg: PgClient, other: PgClient) -> None:
    pg.query("create table a (x int); insert into a values (1)")
    pg.query("begin")
    pg.query("update a set x = 2")
    assert other.query("select x from t.a").rows == [("1",)]
    pg.query("rollback")


def test_an_update_of_a_row_that_changed_after_the_snapshot_is_a_conflict(pg: PgClient, other: PgClient) -> None:
    pg.query("create table a (x int); insert into a values (1)")
    other.query("begin")
    other.query("select * from t.a")
    pg.query("update a set x = 2")
    with pytest.raises(PgError) as caught:
        other.query("update t.a set x = 3")
    assert caught.value.sqlstate == "40001"
    assert "conflict with concurrent transaction" in caught.value.fields["M"]
    other.query("rollback")
    assert pg.query("select x from a").rows == [("2",)]


def test_snapshot_isolation_is_the_default_and_allows_write_skew(pg: PgClient, other: PgClient) -> None:
    pg.query("create table a (x int); create table b (x int)")
    _cross(pg, other)
    pg.query("commit")
    other.query("commit")


def test_a_cycle_of_reads_and_writes_is_error_1023_when_serializable(serializable: PgClient, other: PgClient) -> None:
    serializable.query("create table a (x int); create table b (x int)")
    with pytest.raises(PgError) as caught:
        _cross(serializable, other)
    assert caught.value.sqlstate == "XX000"
    assert caught.value.fields["M"] == "1023"
    assert "Serializable isolation violation on table" in caught.value.fields["D"]
    assert "transactions forming the cycle are" in caught.value.fields["D"]
    with pytest.raises(PgError) as caught:
        other.query("select 1")
    assert caught.value.sqlstate == "25P02"
    other.query("rollback")
    assert serializable.query("commit").tags == ["COMMIT"]


def _cross(one: PgClient, two: PgClient) -> None:
    one.query("begin")
    two.query("begin")
    one.query("select * from t.a")
    two.query("select * from t.b")
    one.query("insert into t.b values (1)")
    two.query("insert into t.a values (1)")


def test_a_view_counts_as_reading_its_table(serializable: PgClient, other: PgClient) -> None:
    serializable.query("create table a (x int); create table b (x int); create view v as select * from b")
    serializable.query("begin")
    other.query("begin")
    serializable.query("select * from t.a")
    other.query("select * from t.v")
    serializable.query("insert into t.b values (1)")
    with pytest.raises(PgError) as caught:
        other.query("insert into t.a values (1)")
    assert caught.value.fields["M"] == "1023"
    other.query("rollback")


def test_concurrent_inserts_into_one_table_are_serializable(serializable: PgClient, other: PgClient) -> None:
    serializable.query("create table a (x int)")
    serializable.query("begin")
    serializable.query("insert into a values (1)")
    other.query("begin")
    with meanwhile(other, "insert into t.a values (2)"):
        serializable.query("commit")
    other.query("commit")
    assert serializable.query("select count(*) from a").rows == [("2",)]


def test_locking_tables_first_prevents_the_violation(serializable: PgClient, other: PgClient) -> None:
    serializable.query("create table a (x int); create table b (x int)")
    serializable.query("begin")
    serializable.query("lock a, b")
    serializable.query("select * from a")
    other.query("begin")
    with meanwhile(other, "lock t.a, t.b"):
        serializable.query("insert into b values (1)")
        serializable.query("commit")
    assert other.query("select count(*) from t.b").rows == [("1",)]
    other.query("insert into t.a values (1)")
    other.query("commit")


def test_a_deadlock_is_found(pg: PgClient, other: PgClient) -> None:
    pg.query("create table a (x int); create table b (x int)")
    pg.query("begin")
    other.query("begin")
    pg.query("lock t.a")
    other.query("lock t.b")
    with meanwhile(other, "lock t.a") as outcome:
        with pytest.raises(PgError) as caught:
            pg.query("lock t.b")
        assert caught.value.sqlstate == "40P01"
        pg.query("rollback")
    assert not isinstance(outcome[0], PgError)
    other.query("rollback")


def test_waiting_for_a_lock_is_cancelled_and_timed_out(pg: PgClient, other: PgClient) -> None:
    pg.query("create table a (x int)")
    pg.query("begin")
    pg.query("lock a")
    other.query("set statement_timeout to 300")
    with pytest.raises(PgError) as caught:
        other.query("insert into t.a values (1)")
    assert caught.value.sqlstate == "57014"
    other.query("set statement_timeout to 0")
    with meanwhile(other, "insert into t.a values (1)") as outcome:
        other.cancel()
    assert isinstance(outcome[0], PgError)
    assert outcome[0].sqlstate == "57014"
    pg.query("rollback")


def test_a_connection_that_ends_releases_its_locks(cloud: Cloud, pg: PgClient, other: PgClient) -> None:
    pg.query("create table a (x int)")
    other.query("begin")
    other.query("lock t.a")
    other.close()
    pg.query("insert into a values (1)")
    assert pg.query("select count(*) from a").rows == [("1",)]


@pytest.mark.parametrize("sql", ["vacuum", "create database inside_a_transaction", "drop database nowhere"])
def test_what_cannot_be_rolled_back_is_refused_inside_a_transaction(pg: PgClient, sql: str) -> None:
    pg.query("begin")
    with pytest.raises(PgError) as caught:
        pg.query(sql)
    assert caught.value.sqlstate == "25001"
    pg.query("rollback")
