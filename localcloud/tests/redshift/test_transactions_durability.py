"""SIGKILL while clients write: what was acknowledged is there afterwards, and no transaction is there by half."""

from __future__ import annotations

import os
import threading
import time

from cloud import DATABASE, PASSWORD, USER, Cloud
from pgclient import PgClient, PgError

ROUNDS = int(os.environ.get("LANDFALL_KILL_ROUNDS", "2"))
_WRITERS = 4
_RUNNING_SECONDS = 0.7


class Writer(threading.Thread):
    """Commits pairs of rows, and now and then a table with its catalogue entry, until the connection dies."""

    def __init__(self, cloud: Cloud, number: int, first: int) -> None:
        super().__init__()
        self._client = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE)
        self._number = number
        self.next = first
        self.acknowledged: list[int] = []
        self.tables: list[str] = []

    def run(self) -> None:
        table = f"durable.w{self._number}"
        try:
            while True:
                value = self.next
                self.next += 1
                self._client.query("begin")
                self._client.query(f"insert into {table} values ({value}, 'left')")
                self._client.query(f"insert into {table} values ({value}, 'right')")
                name = f"made_{self._number}_{value}"
                if value % 5 == 0:
                    self._client.query(f"create table durable.{name} (a int) diststyle key distkey(a)")
                self._client.query("commit")
                self.acknowledged.append(value)
                self.tables += [name] if value % 5 == 0 else []
        except (ConnectionError, PgError):
            return


def test_acknowledged_commits_survive_kills_and_half_done_ones_do_not(cloud: Cloud) -> None:
    client = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE)
    client.query("drop schema if exists durable cascade; create schema durable")
    for number in range(_WRITERS):
        client.query(f"create table durable.w{number} (value int, side varchar(5))")
    client.close()
    acknowledged: dict[int, set[int]] = {number: set() for number in range(_WRITERS)}
    tables: set[str] = set()
    first = 0
    for _ in range(ROUNDS):
        writers = [Writer(cloud, number, first) for number in range(_WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(_RUNNING_SECONDS)
        cloud.restart_redshift(kill=True)
        for number, writer in enumerate(writers):
            writer.join(20)
            acknowledged[number].update(writer.acknowledged)
            tables.update(writer.tables)
        first = max(writer.next for writer in writers)
        _assert_whole(cloud, acknowledged, tables)
    assert all(acknowledged.values())


def _assert_whole(cloud: Cloud, acknowledged: dict[int, set[int]], tables: set[str]) -> None:
    client = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE)
    for number, expected in acknowledged.items():
        rows = client.query(f"select value, count(*), count(distinct side) from durable.w{number} group by 1").rows
        assert expected <= {int(value or 0) for value, _, _ in rows}
        assert {(count, sides) for _, count, sides in rows} <= {("2", "2")}
    catalogued = client.query('select "table", diststyle from svv_table_info where "schema" = \'durable\'').rows
    styles = {str(name): style for name, style in catalogued}
    assert tables <= set(styles)
    for name in tables:
        assert styles[name] == "KEY(a)"
        assert client.query(f"select count(*) from durable.{name}").rows == [("0",)]
    made = {name for name in styles if name.startswith("made_")}
    pairs = {(int(name.split("_")[1]), int(name.split("_")[2])) for name in made}
    for number, value in pairs:
        assert client.query(f"select count(*) from durable.w{number} where value = {value}").rows == [("2",)]
    client.close()
