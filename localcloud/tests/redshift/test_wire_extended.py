"""The extended protocol in detail, cursors, prepared statements in SQL, binary formats, start-up parameters."""

from __future__ import annotations

import select
import socket
import struct

import pytest
from cloud import DATABASE, PASSWORD, USER, Cloud
from pgclient import PgClient, PgError


def _bind(portal: str, statement: str) -> bytes:
    return portal.encode() + b"\0" + statement.encode() + b"\0" + struct.pack("!HHH", 0, 0, 0)


def test_portals_give_rows_in_pages_while_other_statements_run(pg: PgClient) -> None:
    pg.query("begin")
    pg.send("P", b"s\0select * from generate_series(1, 5)\0" + struct.pack("!H", 0))
    pg.send("B", _bind("p", "s"))
    pg.send("E", b"p\0" + struct.pack("!I", 2))
    pg.send("P", b"\0select 'between'\0" + struct.pack("!H", 0))
    pg.send("B", _bind("", ""))
    pg.send("E", b"\0" + struct.pack("!I", 0))
    pg.send("E", b"p\0" + struct.pack("!I", 2))
    pg.send("S", b"")
    answer = pg.collect()
    assert answer.rows == [("1",), ("2",), ("between",), ("3",), ("4",)]
    assert answer.kinds == ["1", "2", "D", "D", "s", "1", "2", "D", "C", "D", "D", "s", "Z"]
    pg.send("E", b"p\0" + struct.pack("!I", 0))
    pg.send("S", b"")
    assert pg.collect().rows == [("5",)]
    pg.query("commit")
    pg.send("E", b"p\0" + struct.pack("!I", 0))
    pg.send("S", b"")
    with pytest.raises(PgError) as caught:
        pg.collect()
    assert caught.value.sqlstate == "34000"


def test_answers_wait_for_flush_or_sync_and_come_together(pg: PgClient) -> None:
    pg.send("P", b"\0select 1\0" + struct.pack("!H", 0))
    pg.send("B", _bind("", ""))
    assert not select.select([pg.socket], [], [], 0.3)[0]
    pg.send("H", b"")
    assert [pg.read()[0] for _ in range(2)] == ["1", "2"]
    pg.send("D", b"P\0")
    pg.send("E", b"\0" + struct.pack("!I", 0))
    pg.send("S", b"")
    whole = pg.socket.recv(65_536)
    assert whole.endswith(b"Z\0\0\0\5I")
    assert b"SELECT 1" in whole


def test_an_error_is_told_before_sync(pg: PgClient) -> None:
    pg.send("P", b"\0select * from nowhere\0" + struct.pack("!H", 0))
    pg.send("D", b"S\0")
    assert [pg.read()[0] for _ in range(3)] == ["1", "t", "E"]
    pg.send("S", b"")
    assert pg.read()[0] == "Z"


def test_everything_after_an_error_is_skipped_until_sync(pg: PgClient) -> None:
    pg.send("P", b"\0select * from nowhere\0" + struct.pack("!H", 0))
    pg.send("B", _bind("", ""))
    pg.send("E", b"\0" + struct.pack("!I", 0))
    pg.send("Q", b"select 1\0")
    pg.send("S", b"")
    kinds = []
    while not kinds or kinds[-1] != "Z":
        kinds.append(pg.read()[0])
    assert kinds == ["1", "2", "E", "Z"]


def test_the_name_of_a_statement_that_cannot_be_analysed_stays_free(pg: PgClient) -> None:
    for table in ("missing", "pg_class"):
        pg.send("P", f"named\0select 1 from {table} limit 1\0".encode() + struct.pack("!H", 0))
        pg.send("D", b"Snamed\0")
        pg.send("S", b"")
        if table == "missing":
            with pytest.raises(PgError, match="does not exist"):
                pg.collect()
    assert pg.collect().kinds == ["1", "t", "T", "Z"]


def test_messages_of_copy_are_ignored_and_a_function_call_is_refused(pg: PgClient) -> None:
    for kind in "dcf":
        pg.send(kind, b"\0")
    pg.send("F", struct.pack("!IHHH", 1, 0, 0, 0))
    with pytest.raises(PgError) as caught:
        pg.collect()
    assert caught.value.sqlstate == "0A000"
    assert pg.query("select 1").rows == [("1",)]


def test_an_empty_query_has_an_answer_of_its_own(pg: PgClient) -> None:
    assert pg.query(" ; -- nothing\n").kinds == ["I", "Z"]


@pytest.mark.parametrize(
    ("expression", "raw"),
    [
        ("-12345.678::numeric(12,3)", struct.pack("!HhHHHHH", 3, 1, 0x4000, 3, 1, 2345, 6780)),
        ("0.0001::numeric(8,4)", struct.pack("!HhHHH", 1, -1, 0, 4, 1)),
        ("0::numeric(8,2)", struct.pack("!HhHH", 0, 0, 0, 2)),
        ("20000::numeric(8,0)", struct.pack("!HhHHH", 1, 1, 0, 0, 2)),
        ("date '2000-01-03'", struct.pack("!i", 2)),
        ("time '00:00:01.5'", struct.pack("!q", 1_500_000)),
        ("timestamp '1999-12-31 23:59:59'", struct.pack("!q", -1_000_000)),
        ("true", b"\1"),
        ("1.5::float4", struct.pack("!f", 1.5)),
        ("'text'::varchar(10)", b"text"),
        ("7::smallint", struct.pack("!h", 7)),
    ],
)
def test_binary_results(pg: PgClient, expression: str, raw: bytes) -> None:
    row = pg.prepared(f"select {expression} as v", [], (1,)).rows[0]
    assert (row[0] or "").encode(errors="surrogateescape") == raw


@pytest.mark.parametrize(
    ("oid", "raw", "text"),
    [
        (1700, struct.pack("!HhHHHHH", 3, 1, 0x4000, 3, 1, 2345, 6780), "-12345.678"),
        (1700, struct.pack("!HhHH", 0, 0, 0, 2), "0.00"),
        (1082, struct.pack("!i", 2), "2000-01-03"),
        (1083, struct.pack("!q", 1_500_000), "00:00:01.5"),
        (1114, struct.pack("!q", -1_000_000), "1999-12-31 23:59:59"),
        (701, struct.pack("!d", 0.1), "0.1"),
        (21, struct.pack("!h", -3), "-3"),
        (1266, struct.pack("!qi", 1_500_000, -3600), "00:00:01.5+01"),
        (6551, b"\1\xff", "01ff"),
    ],
)
def test_binary_parameters(pg: PgClient, oid: int, raw: bytes, text: str) -> None:
    assert pg.prepared("select $1 as v", [(oid, 1, raw)]).rows == [(text,)]


def test_a_varbyte_parameter_is_bytes_and_a_huge_exponent_is_refused(pg: PgClient) -> None:
    assert pg.prepared("select $1 as v", [(6551, 0, b"01fe")], (1,)).columns == [("v", 6551)]
    for parameter, sqlstate in (((1700, 0, b"1e999999999"), "22003"), ((6551, 0, b"xyz"), "22P02")):
        with pytest.raises(PgError) as caught:
            pg.prepared("select $1 as v", [parameter])
        assert caught.value.sqlstate == sqlstate


def test_a_broken_parameter_is_an_error_and_not_the_end(pg: PgClient) -> None:
    for parameter in ((23, 1, b"\1"), (1043, 0, b"\xff\xfe"), (1700, 1, b"\0\1\0\0\0\0\0\0")):
        with pytest.raises(PgError) as caught:
            pg.prepared("select $1 as v", [parameter])
        assert caught.value.sqlstate in ("22P03", "22021")
    assert pg.query("select 1").rows == [("1",)]


def test_cursors_move_forward_inside_a_transaction(pg: PgClient) -> None:
    pg.query("begin")
    assert pg.query("declare c cursor for select * from generate_series(1, 10)").tags == ["DECLARE CURSOR"]
    assert pg.query("fetch from c").rows == [("1",)]
    assert pg.query("fetch forward 2 from c").rows == [("2",), ("3",)]
    assert pg.query("select 'other'").rows == [("other",)]
    answer = pg.query('fetch 3 from "c"')
    assert (answer.rows, answer.tags) == ([("4",), ("5",), ("6",)], ["FETCH 3"])
    assert len(pg.query("fetch all from c").rows) == 4
    assert pg.query("fetch next from c").rows == []
    assert pg.query("close c").tags == ["CLOSE CURSOR"]
    with pytest.raises(PgError) as caught:
        pg.query("fetch c")
    assert caught.value.sqlstate == "34000"
    pg.query("rollback")


def test_a_cursor_needs_a_transaction_and_ends_with_it(pg: PgClient) -> None:
    with pytest.raises(PgError) as caught:
        pg.query("declare c cursor for select 1")
    assert caught.value.sqlstate == "25P01"
    pg.query("begin")
    pg.query("declare c cursor for select 1")
    pg.query("commit")
    pg.query("begin")
    with pytest.raises(PgError) as caught:
        pg.query("fetch all from c")
    assert caught.value.sqlstate == "34000"
    pg.query("rollback")


def test_a_cursor_does_not_move_backward(pg: PgClient) -> None:
    pg.query("begin")
    pg.query("declare c cursor for select 1")
    with pytest.raises(PgError) as caught:
        pg.query("fetch prior from c")
    assert caught.value.fields["M"] == "cursor can only scan forward"
    pg.query("rollback")


def test_prepared_statements_in_sql(pg: PgClient) -> None:
    pg.query("create table a (x int, y varchar(10))")
    pg.query("prepare put (int, varchar) as insert into a values ($1, $2)")
    assert pg.query("execute put (1, 'it''s')").tags == ["INSERT 0 1"]
    pg.query("execute put (1 + 1, 'b')")
    pg.query("prepare take (int) as select y from a where x = $1")
    assert pg.query("execute take (1)").rows == [("it's",)]
    assert pg.prepared("execute take (2)", []).rows == [("b",)]
    assert pg.query("deallocate take").tags == ["DEALLOCATE"]
    for sql, sqlstate in (
        ("execute take (1)", "26000"),
        ("prepare put as select 1", "42P05"),
        ("execute put", "42601"),
    ):
        with pytest.raises(PgError) as caught:
            pg.query(sql)
        assert caught.value.sqlstate == sqlstate


def test_a_transaction_begun_twice_or_ended_without_one_is_warned_of(pg: PgClient) -> None:
    assert "N" in pg.query("commit").kinds
    assert "N" not in pg.query("begin").kinds
    assert "N" in pg.query("begin").kinds
    pg.query("commit")


def _start(cloud: Cloud, packet: bytes) -> bytes:
    """What the server says to a start-up packet."""
    with socket.create_connection(("127.0.0.1", cloud.wire_port), timeout=10) as connection:
        connection.sendall(struct.pack("!I", len(packet) + 4) + packet)
        return connection.recv(4096)


def test_odd_startup_packets_have_an_answer(cloud: Cloud) -> None:
    assert _start(cloud, struct.pack("!I", 80877104)) == b"N"
    assert _start(cloud, struct.pack("!I", 131072))[:1] == b"E"
    assert b"08P01" in _start(cloud, struct.pack("!I", 196608) + b"user")
    assert b"28000" in _start(cloud, struct.pack("!I", 196608) + b"database\0x\0\0")


def test_startup_parameters_set_the_session(cloud: Cloud) -> None:
    options = {"application_name": "it's a test", "options": "-c statement_timeout=1234 --query_group=g"}
    client = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE, options=options)
    assert client.query("show application_name").rows == [("it's a test",)]
    assert client.query("show statement_timeout").rows == [("1234",)]
    assert client.query("show query_group").rows == [("g",)]
    client.close()
    with pytest.raises(PgError) as caught:
        PgClient(cloud.wire_port, USER, PASSWORD, DATABASE, options={"client_encoding": "SQL_ASCII"})
    assert caught.value.fields["S"] == "FATAL"
