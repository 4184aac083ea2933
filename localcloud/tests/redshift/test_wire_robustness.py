"""Clients that vanish, hang or cancel at a bad moment: their statements end, their locks are free, others go on."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from cloud import DATABASE, PASSWORD, USER, Cloud
from pgclient import PgClient, PgError

WAIT_SECONDS = 20
CLIENTS, INCREMENTS = 16, 4
SLOW = (
    "select count(*) from (select generate_series(1, 100000) as x) a,"
    " (select generate_series(1, 100000) as y) b where x * y % 7 = 3"
)
BUCKET = "wire-robustness"


def connect(cloud: Cloud, *, tls: bool = False) -> PgClient:
    client = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE, tls=tls)
    client.query("set search_path to t, public")
    return client


def closed(client: PgClient) -> None:
    client.close()


def reset(client: PgClient) -> None:
    """Gone without a word: the server gets a TCP reset."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def with_more_to_say(client: PgClient) -> None:
    """Messages that nobody has read yet are on their way when the client goes."""
    client.send("Q", b"select 1\0")
    client.close()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


@pytest.mark.parametrize("tls", [False, True], ids=["plaintext", "tls"])
@pytest.mark.parametrize("leave", [closed, reset, with_more_to_say])
def test_a_vanished_client_loses_its_statement_and_its_locks(
    cloud: Cloud, pg: PgClient, leave: Callable[[PgClient], None], tls: bool
) -> None:
    pg.query("create table held (x int)")
    client = connect(cloud, tls=tls)
    process = int(client.query("select pg_backend_pid()").rows[0][0] or 0)
    client.query("begin; insert into held values (1)")
    client.send("Q", SLOW.encode() + b"\0")
    time.sleep(0.2)
    leave(client)
    pg.query(f"set statement_timeout to {WAIT_SECONDS * 1000}; insert into held values (2)")
    assert pg.query("select x from held").rows == [("2",)]
    eventually(lambda: pg.query(f"select pg_terminate_backend({process})").rows == [("0",)])


def test_a_client_that_vanishes_during_copy_leaves_all_or_nothing(cloud: Cloud, pg: PgClient) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for part in range(20):
        s3.put_object(Bucket=BUCKET, Key=f"in/{part}", Body=b"1,some text\n" * 200_000)
    pg.query("create table copied (x int, y varchar(20))")
    client = connect(cloud)
    client.send("Q", f"copy copied from 's3://{BUCKET}/in/' iam_role default csv\0".encode())
    time.sleep(0.2)
    reset(client)
    pg.query(f"set statement_timeout to {WAIT_SECONDS * 1000}; insert into copied values (2, 'after')")
    # A COPY may end before anybody notices that its client is gone.
    assert pg.query("select count(*) from copied where x = 1").rows in ([("0",)], [("4000000",)])
    assert pg.query("select count(*) from copied where x = 2").rows == [("1",)]


def test_connections_that_say_nothing_hinder_nobody(cloud: Cloud) -> None:
    silent = [socket.create_connection(("127.0.0.1", cloud.wire_port), timeout=5) for _ in range(80)]
    for number, connection in enumerate(silent):
        # Some stop in the middle of the start-up packet, some after asking for TLS.
        connection.sendall((b"", b"\0\0", struct.pack("!II", 8, 80877103))[number % 3])
    client = connect(cloud)
    assert client.query("select 1").rows == [("1",)]
    client.close()
    for connection in silent:
        connection.close()


def test_a_cancel_at_any_moment_hits_the_running_statement_or_nothing(cloud: Cloud, pg: PgClient) -> None:
    pg.query("create table counted (x int)")
    client = connect(cloud)
    inserted = 0
    for delay in range(40):
        threading.Timer(delay / 2_000, client.cancel).start()
        try:
            client.query("insert into counted values (1)")
            inserted += 1
        except PgError as error:
            assert error.sqlstate == "57014", error.fields
    time.sleep(0.2)
    assert client.query("select 1").rows == [("1",)]
    assert pg.query("select count(*) from counted").rows == [(str(inserted),)]
    client.close()


def test_a_cancel_that_comes_before_the_engine_has_begun_is_not_lost(cloud: Cloud) -> None:
    client = connect(cloud)
    for _ in range(5):
        started = time.monotonic()
        client.send("Q", SLOW.encode() + b"\0")
        time.sleep(0.005)
        client.cancel()
        time.sleep(0.02)
        client.cancel()
        # On a busy machine both may have come before the statement, to an idle session, which has nothing to cancel.
        later = threading.Timer(WAIT_SECONDS / 4, client.cancel)
        later.start()
        with pytest.raises(PgError) as caught:
            client.collect()
        later.cancel()
        assert caught.value.sqlstate == "57014"
        assert time.monotonic() - started < WAIT_SECONDS
    client.close()


def test_a_cancel_with_a_wrong_secret_hits_nobody(cloud: Cloud) -> None:
    client = connect(cloud)
    key, client.key = client.key, client.key[:4] + b"\0\0\0\1"
    client.send("Q", b"select count(*) from (select generate_series(1, 3000000) as x) a where x % 3 = 0\0")
    client.cancel()
    assert client.collect().rows == [("1000000",)]
    assert key != client.key
    client.close()


@pytest.mark.parametrize("level", ["serializable", "snapshot"])
def test_sixteen_clients_with_conflicting_transactions_lose_no_update(cloud: Cloud, pg: PgClient, level: str) -> None:
    pg.query("create table counter (n int); insert into counter values (0)")
    pg.query(f"alter database shop isolation level {level}")
    clients = [connect(cloud, tls=number % 2 == 0) for number in range(CLIENTS)]
    try:
        with ThreadPoolExecutor(CLIENTS) as pool:
            outcomes = [each for outcome in pool.map(_increments, clients) for each in outcome]
    finally:
        pg.query("alter database shop isolation level snapshot")
        for client in clients:
            client.close()
    applied = outcomes.count("")
    assert applied >= 1
    assert pg.query("select n from counter").rows == [(str(applied),)]
    assert {outcome for outcome in outcomes if outcome} <= {"1023", "40001"}, outcomes


def _increments(client: PgClient) -> list[str]:
    """Read, add one, write, each in a transaction: '' where it was committed, else what the conflict was called."""
    outcomes = []
    for _ in range(INCREMENTS):
        try:
            client.query("begin")
            value = int(client.query("select n from counter").rows[0][0] or 0)
            client.query(f"update counter set n = {value + 1}")
            client.query("commit")
            outcomes.append("")
        except PgError as error:
            outcomes.append("1023" if error.fields["M"] == "1023" else error.sqlstate)
            client.query("rollback")
    return outcomes
