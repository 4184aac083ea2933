"""Seeded random input on the wire: never a hang or a crash, always well-formed answers or a closed connection."""

from __future__ import annotations

import random
import socket
import struct
import time

import pytest
from cloud import DATABASE, PASSWORD, USER, Cloud
from fuzzing import CASES, SEED, STATEMENTS, spoiled_bytes, spoiled_text
from pgclient import PgClient, PgError

_KINDS = b"RSKZTDCEINsntA123"
"""Every kind of message that this server may send."""
_HANG_SECONDS = 30
_STATEMENT_MILLISECONDS = 3_000
_CHECK_EVERY = 100


@pytest.fixture(scope="module")
def table(cloud: Cloud) -> None:
    client = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE)
    client.query("drop table if exists public.fuzz; create table public.fuzz (x int, y varchar(20))")
    client.query("insert into fuzz values (1, 'a'), (2, 'b'), (3, 'c')")
    client.close()


def test_any_input_has_a_well_formed_answer(cloud: Cloud, table: None) -> None:
    attempts = (_startup, _messages, _truncated, _sql, _sql, _sql, _sql)
    session = Reused(cloud)
    for case in range(CASES):
        rng = random.Random(SEED * 1_000_003 + case)
        attempt = rng.choice(attempts)
        try:
            attempt(session, rng)
        except (AssertionError, TimeoutError, ConnectionError) as error:
            raise AssertionError(f"case {case} ({attempt.__name__}) with seed {SEED}: {error!r}") from error
        if case % _CHECK_EVERY == 0:
            _assert_alive(cloud)
    session.close()
    _assert_alive(cloud)
    assert cloud.redshift.poll() is None
    assert session.internal == {}


class Reused:
    """A connection that cases share until one of them ends it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._client: PgClient | None = None
        self.internal: dict[str, str] = {}
        """Statements that ended in an error this engine does not know, by its message."""

    def client(self) -> PgClient:
        if self._client is None:
            self._client = PgClient(self.cloud.wire_port, USER, PASSWORD, DATABASE)
            self._client.query(f"set statement_timeout to {_STATEMENT_MILLISECONDS}")
            self._client.socket.settimeout(_HANG_SECONDS)
        return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _assert_alive(cloud: Cloud) -> None:
    started = time.monotonic()
    client = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE)
    assert client.query("select 41 + 1").rows == [("42",)]
    client.close()
    assert time.monotonic() - started < _HANG_SECONDS


def _startup(session: Reused, rng: random.Random) -> None:
    """A random or spoiled start-up packet."""
    session.close()
    body = f"user\0{USER}\0database\0{DATABASE}\0\0".encode()
    codes = (196608, 196608, 196609, 131072, 80877102, 80877103, 80877104, rng.getrandbits(32))
    packet = struct.pack("!II", len(body) + 8, rng.choice(codes)) + body
    packet = rng.choice((packet, spoiled_bytes(rng, packet), rng.randbytes(rng.randint(0, 40))))
    with socket.create_connection(("127.0.0.1", session.cloud.wire_port), timeout=_HANG_SECONDS) as connection:
        connection.sendall(packet)
        connection.shutdown(socket.SHUT_WR)
        answer = _drain(connection)
    if answer[:1] not in (b"S", b"N"):
        _check(answer)


def _message(rng: random.Random) -> bytes:
    """One message: well-formed, of a spoiled body, or with a wrong length."""
    sql = spoiled_text(rng, rng.choice(STATEMENTS)).encode(errors="replace")
    name = rng.choice((b"", b"", b"s", b"p", rng.randbytes(3)))
    oids = [rng.choice((0, 16, 20, 21, 23, 25, 700, 701, 1043, 1082, 1114, 1184, 1700, 6551, 9999)) for _ in "ab"]
    values = b"".join(struct.pack("!i", size) + rng.randbytes(max(size, 0)) for size in (rng.randint(-1, 9), 4))
    codes = struct.pack("!HHH", 2, rng.randint(0, 2), rng.randint(0, 1))
    bodies = {
        b"Q": sql + b"\0",
        b"P": name + b"\0" + sql + b"\0" + struct.pack("!HII", 2, *oids),
        b"B": b"\0" + name + b"\0" + codes + struct.pack("!H", 2) + values + struct.pack("!HH", 1, rng.randint(0, 1)),
        b"D": rng.choice((b"S", b"P", b"?")) + name + b"\0",
        b"E": name + b"\0" + struct.pack("!i", rng.choice((0, 1, -1, 2**31 - 1))),
        b"C": rng.choice((b"S", b"P")) + name + b"\0",
        b"S": b"",
        b"H": b"",
        b"d": rng.randbytes(5),
        b"F": rng.randbytes(8),
        b"f": b"failed\0",
        rng.randbytes(1): rng.randbytes(rng.randint(0, 20)),
    }
    kind, body = rng.choice(list(bodies.items()))
    if rng.random() < 0.3:
        body = spoiled_bytes(rng, body)
    size = len(body) + 4 if rng.random() > 0.05 else rng.choice((0, 3, rng.getrandbits(32), len(body)))
    return kind + struct.pack("!I", size) + body


def _messages(session: Reused, rng: random.Random) -> None:
    """A series of messages and a Sync, then the end of the connection."""
    connection = session.client().socket
    connection.sendall(b"".join(_message(rng) for _ in range(rng.randint(1, 6))) + b"S\0\0\0\4")
    connection.shutdown(socket.SHUT_WR)
    _check(_drain(connection))
    session.close()


def _truncated(session: Reused, rng: random.Random) -> None:
    """Messages that break off, and a client that does not wait for the answer."""
    data = b"".join(_message(rng) for _ in range(3))
    session.client().socket.sendall(data[: rng.randrange(len(data))])
    session.close()


def _sql(session: Reused, rng: random.Random) -> None:
    """A spoiled statement by the simple or the extended protocol; the connection stays usable."""
    client, sql = session.client(), spoiled_text(rng, rng.choice(STATEMENTS)).replace("\0", "")
    sql = sql.encode(errors="replace").decode()
    try:
        client.query(sql) if rng.random() < 0.6 else client.prepared(sql, [], (rng.randint(0, 1),))
    except PgError as error:
        assert len(error.fields["C"]) == 5
        assert error.fields["S"] == "ERROR"
        assert error.fields["M"]
        if "internal error" in error.fields["M"]:
            session.internal[error.fields["M"]] = sql
    except ConnectionError as error:
        raise AssertionError(f"the server closed the connection at {sql!r}") from error
    client.query(f"rollback; set statement_timeout to {_STATEMENT_MILLISECONDS}; set search_path to public")


def _drain(connection: socket.socket) -> bytes:
    """Everything the server sends until it closes; TimeoutError is a hang."""
    data = b""
    try:
        while chunk := connection.recv(65536):
            data += chunk
    except ConnectionError:
        return data
    return data


def _check(data: bytes) -> None:
    """`data` is a series of whole messages, and every error among them has its fields."""
    at = 0
    while at < len(data):
        assert data[at] in _KINDS, data[at : at + 40]
        size = struct.unpack("!I", data[at + 1 : at + 5])[0]
        assert at + 1 + size <= len(data), "a message is cut off"
        body = data[at + 5 : at + 1 + size]
        if data[at] == ord("E"):
            fields = {part[:1]: part[1:] for part in body.split(b"\0") if part}
            assert {b"S", b"C", b"M"} <= set(fields)
            assert len(fields[b"C"]) == 5
        at += 1 + size
