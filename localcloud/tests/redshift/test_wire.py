"""The wire protocol: log-in, simple and extended queries, errors, cancelling, TLS."""

from __future__ import annotations

import struct
import threading
import time

import pytest
from cloud import DATABASE, PASSWORD, USER, Cloud
from pgclient import PgClient, PgError

SLOW = "select count(*) from generate_series(1, 100000) a(x), generate_series(1, 1000000) b(y) where x * y % 7 = 3"


def test_a_query_gives_typed_columns_and_text_rows(pg: PgClient) -> None:
    answer = pg.query("select 1 as a, 'x' as b, 1.50::numeric(5,2) as c, true as d, null::date as e, 2.5::float8 as f")
    assert answer.columns == [("a", 23), ("b", 1043), ("c", 1700), ("d", 16), ("e", 1082), ("f", 701)]
    assert answer.rows == [("1", "x", "1.50", "t", None, "2.5")]
    assert answer.tags == ["SELECT 1"]


def test_server_version_is_redshifts(pg: PgClient) -> None:
    assert pg.parameters["server_version"] == "8.0.2"
    assert pg.parameters["server_protocol_version"] == "0"


def test_a_wrong_password_is_refused_with_28000(cloud: Cloud) -> None:
    with pytest.raises(PgError) as caught:
        PgClient(cloud.wire_port, USER, "wrong", DATABASE)
    assert caught.value.sqlstate == "28000"
    assert caught.value.fields["S"] == "FATAL"


def test_an_unknown_database_is_refused_with_3d000(cloud: Cloud) -> None:
    with pytest.raises(PgError) as caught:
        PgClient(cloud.wire_port, USER, PASSWORD, "nowhere")
    assert caught.value.sqlstate == "3D000"


def test_tls_works_on_the_same_port(cloud: Cloud) -> None:
    client = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE, tls=True)
    assert client.query("select current_user").rows == [(USER,)]
    client.close()


def test_credentials_from_the_api_log_in_until_they_expire(cloud: Cloud) -> None:
    given = cloud.client("redshift-serverless").get_credentials(workgroupName="shop-local", dbName=DATABASE)
    for restarts in range(2):
        if restarts:
            cloud.restart_redshift()
        client = PgClient(cloud.wire_port, given["dbUser"], given["dbPassword"], DATABASE)
        assert client.query("select 1").rows == [("1",)]
        client.close()


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("selec 1", "42601"),
        ("'' l1", "42601"),
        ("select * from nowhere", "42P01"),
        ("select nothing from (select 1 as a)", "42703"),
        ("select no_such_function(1)", "42883"),
        ("select 1 / 0", "22012"),
        ("create table nowhere.x (a int)", "3F000"),
        ("select 'a'::int", "22P02"),
        ("call something()", "0A000"),
        ("update a set upper(x)", "42601"),
        ("merge into a using a as s on a.x = s.x when not matched then insert values", "42601"),
        ("create temp table b (x int) diststyle odd", "42601"),
        ("insert values (1, 2)", "42601"),
        ("insert( into a)", "42601"),
    ],
)
def test_errors_carry_their_sqlstate(pg: PgClient, sql: str, sqlstate: str) -> None:
    pg.query("create table a (x int)")
    with pytest.raises(PgError) as caught:
        pg.query(sql)
    assert caught.value.sqlstate == sqlstate
    assert pg.query("select 1").rows == [("1",)]


def test_text_and_binary_parameters_and_binary_results(pg: PgClient) -> None:
    parameters = [
        (23, 1, struct.pack("!i", -5)),
        (1700, 0, b"1.25"),
        (1043, 0, b"it's $1"),
        (16, 1, b"\1"),
        (1114, 1, struct.pack("!q", 86_400_000_000)),
        (25, 0, None),
    ]
    answer = pg.prepared("select $1 as a, $2 as b, $3 as c, $4 as d, $5 as e, $6 as f", parameters)
    assert answer.rows == [("-5", "1.25", "it's $1", "t", "2000-01-02 00:00:00", None)]
    binary = pg.prepared("select 258::int4 as a, 7::int8 as b", [], (1,))
    assert [value.encode() for value in binary.rows[0] if value] == [struct.pack("!i", 258), struct.pack("!q", 7)]


def test_a_parameter_can_never_become_sql(pg: PgClient) -> None:
    attack = b"x'; drop schema t cascade; --"
    assert pg.prepared("select $1 as v", [(1043, 0, attack)]).rows == [(attack.decode(),)]
    assert pg.query("select count(*) from pg_namespace where nspname = 't'").rows == [("1",)]


def test_several_statements_in_one_message_are_one_transaction(pg: PgClient) -> None:
    with pytest.raises(PgError):
        pg.query("create table a (x int); insert into a values (1); select 1/0")
    with pytest.raises(PgError) as caught:
        pg.query("select * from a")
    assert caught.value.sqlstate == "42P01"


def test_after_an_error_the_extended_protocol_skips_to_sync(pg: PgClient) -> None:
    with pytest.raises(PgError):
        pg.prepared("select * from nowhere", [])
    assert pg.prepared("select 1 as a", []).rows == [("1",)]


def test_a_running_statement_is_cancelled_from_another_connection(pg: PgClient) -> None:
    threading.Timer(0.5, pg.cancel).start()
    started = time.monotonic()
    with pytest.raises(PgError) as caught:
        pg.query(SLOW)
    assert caught.value.sqlstate == "57014"
    assert time.monotonic() - started < 15
    assert pg.query("select 1").rows == [("1",)]


def test_a_result_is_cancelled_while_its_rows_are_computed(pg: PgClient) -> None:
    rows = SLOW.replace("count(*)", "x, y").replace("x * y % 7 = 3", "x * y % 1000003 = 1 and x > 5")
    threading.Timer(1.0, pg.cancel).start()
    with pytest.raises(PgError) as caught:
        pg.query(rows)
    assert caught.value.sqlstate == "57014"
    assert pg.query("select 1").rows == [("1",)]


def test_statement_timeout_is_kept_and_unknown_parameters_are_refused(pg: PgClient) -> None:
    pg.query("set statement_timeout to 300")
    with pytest.raises(PgError) as caught:
        pg.query(SLOW)
    assert caught.value.sqlstate == "57014"
    with pytest.raises(PgError) as caught:
        pg.query("set no_such_parameter to 1")
    assert caught.value.sqlstate == "42704"


def test_a_client_that_goes_away_has_its_statement_ended(cloud: Cloud, pg: PgClient, other: PgClient) -> None:
    process = int(other.query("select pg_backend_pid()").rows[0][0] or 0)
    other.send("Q", SLOW.encode() + b"\0")
    time.sleep(0.3)
    other.close()
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if pg.query(f"select pg_terminate_backend({process})").rows == [("0",)]:
            return
        time.sleep(0.2)
    raise AssertionError("the session of the closed connection is still there")


def test_begin_in_begin_and_commit_without_one_do_no_harm(pg: PgClient) -> None:
    assert pg.query("commit").tags == ["COMMIT"]
    assert pg.query("begin").status == "T"
    assert pg.query("begin").status == "T"
    assert pg.query("commit").status == "I"


def test_garbage_after_login_is_answered_and_ends_the_connection(pg: PgClient) -> None:
    pg.send("!", b"garbage")
    kind, body = pg.read()
    assert kind == "E"
    assert b"08P01" in body
