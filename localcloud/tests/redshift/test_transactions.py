"""Transactions: isolation, rollback of data and definitions, conflicts, and what survives a kill."""

from __future__ import annotations

import pytest
from cloud import DATABASE, PASSWORD, USER, Cloud
from pgclient import PgClient, PgError


def test_rollback_takes_back_rows_tables_and_catalogue(pg: PgClient) -> None:
    pg.query("create table kept (a int)")
    pg.query("begin")
    pg.query("insert into kept values (1)")
    pg.query("create table gone (a int) diststyle all")
    pg.query("alter table kept rename to renamed")
    pg.query("rollback")
    assert pg.query("select count(*) from kept").rows == [("0",)]
    assert pg.query("select tablename from pg_tables where schemaname = 't'").rows == [("kept",)]


def test_a_transaction_sees_its_snapshot_and_others_see_only_what_is_committed(pg: PgClient, other: PgClient) -> None:
    pg.query("create table a (x int)")
    other.query("begin")
    assert other.query("select count(*) from t.a").rows == [("0",)]
    pg.query("insert into a values (1)")
    assert other.query("select count(*) from t.a").rows == [("0",)]
    other.query("commit")
    assert other.query("select count(*) from t.a").rows == [("1",)]


def test_a_failed_transaction_refuses_statements_until_it_is_ended(pg: PgClient) -> None:
    pg.query("create table a (x int)")
    pg.query("begin")
    pg.query("insert into a values (1)")
    with pytest.raises(PgError):
        pg.query("select 1/0")
    with pytest.raises(PgError) as caught:
        pg.query("select 1")
    assert caught.value.sqlstate == "25P02"
    assert pg.query("commit").tags == ["ROLLBACK"]
    assert pg.query("select count(*) from a").rows == [("0",)]


def test_renaming_into_place_inside_a_transaction_is_one_step(pg: PgClient, other: PgClient) -> None:
    pg.query("create table target as select 1 as x")
    pg.query("begin")
    pg.query("create table target__tmp as select 2 as x")
    pg.query("alter table target rename to target__backup")
    pg.query("alter table target__tmp rename to target")
    assert other.query("select x from t.target").rows == [("1",)]
    pg.query("commit")
    pg.query("drop table if exists target__backup cascade")
    assert other.query("select x from t.target").rows == [("2",)]


def test_truncate_commits_the_transaction_as_in_redshift(pg: PgClient) -> None:
    pg.query("create table a as select 1 as x")
    pg.query("begin")
    assert pg.query("truncate a").status == "I"
    pg.query("rollback")
    assert pg.query("select count(*) from a").rows == [("0",)]


def test_what_was_committed_survives_a_kill_and_what_was_not_is_gone(cloud: Cloud, pg: PgClient) -> None:
    pg.query("drop schema if exists durable cascade; create schema durable")
    pg.query("create table durable.a (x int) sortkey(x)")
    pg.query("insert into durable.a values (1)")
    pg.query("begin")
    pg.query("insert into durable.a values (2)")
    cloud.restart_redshift(kill=True)
    after = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE)
    assert after.query("select x from durable.a").rows == [("1",)]
    assert after.query("select sortkey1 from svv_table_info where \"schema\" = 'durable'").rows == [("x",)]
    after.close()
    cloud.restart_redshift()
    assert cloud.client("redshift-serverless").list_workgroups()["workgroups"][0]["status"] == "AVAILABLE"
