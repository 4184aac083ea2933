"""The producer's durable account of what it sent: a SQLite file that a kill at any moment cannot make wrong unnoticed.

A wave's records are written before the first is sent. A batch is marked `sending` before PutRecords and `sent` after
it; a batch found `sending` later was cut off, and nobody can know whether the stream took it.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from localcloud.demo.generator import Past
from localcloud.demo.model import Body, Record, iso

_SCHEMA: Final = """
create table if not exists journal (id text not null);
create table if not exists wave (
    number integer primary key, seed integer not null, planned_at text not null, verified_at text);
create table if not exists record (
    id integer primary key, wave integer not null, stream text not null, partition_key text not null,
    data blob not null, state text not null default 'planned');
create table if not exists piece (
    record_id integer not null, stream text not null, reason text, key text, body text, is_late integer not null);
create index if not exists record_state on record (state, stream);
create index if not exists piece_record on piece (record_id);
"""

_OPEN_STATES: Final = ("placed", "paid")


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave of traffic: planned, and later verified against what the pipeline made of it."""

    number: int
    seed: int
    is_verified: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A planned record that has still to be sent."""

    record_id: int
    partition_key: str
    data: bytes


class Journal:
    """One account, in one file; made when it does not exist."""

    def __init__(self, *, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.executescript("pragma journal_mode=wal; pragma synchronous=normal;" + _SCHEMA)
        if self.connection.execute("select count(*) from journal").fetchone()[0] == 0:
            self.connection.execute("insert into journal values (?)", (secrets.token_hex(3),))

    @property
    def account_id(self) -> str:
        """A short id that differs from every other account's."""
        return str(self.connection.execute("select id from journal").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def last_wave(self) -> Wave | None:
        """Return the newest wave, or None before the first."""
        row = self.connection.execute("select number, seed, verified_at from wave order by number desc").fetchone()
        return Wave(row[0], row[1], row[2] is not None) if row else None

    def cut_off(self) -> int:
        """Count the records whose sending was cut off, so that the account is no longer exact."""
        return int(self.connection.execute("select count(*) from record where state = 'sending'").fetchone()[0])

    def plan(self, *, number: int, seed: int, records: Mapping[str, Iterable[Record]], planned_at: datetime) -> None:
        """Write a whole wave before any of it is sent, in one transaction."""
        with self._transaction():
            self.connection.execute("insert into wave values (?, ?, ?, null)", (number, seed, iso(planned_at)))
            for stream, group in records.items():
                for record in group:
                    row = (number, stream, record.partition_key, record.data)
                    cursor = self.connection.execute(
                        "insert into record (wave, stream, partition_key, data) values (?, ?, ?, ?)", row
                    )
                    self.connection.executemany(
                        "insert into piece values (?, ?, ?, ?, ?, ?)",
                        [(cursor.lastrowid, stream, p.reason, p.key, p.body, p.is_late) for p in record.pieces],
                    )

    def waiting(self) -> dict[str, list[Waiting]]:
        """Return the records still to be sent, by stream, in order of arrival."""
        rows = self.connection.execute(
            "select stream, id, partition_key, data from record where state = 'planned' order by id"
        )
        groups: dict[str, list[Waiting]] = defaultdict(list)
        for stream, *record in rows:
            groups[stream].append(Waiting(*record))
        return dict(groups)

    def mark(self, records: Sequence[Waiting], state: str) -> None:
        """Set the state of a batch's records (`sending`, `sent`) durably."""
        with self._transaction():
            self.connection.executemany(
                "update record set state = ? where id = ?", [(state, record.record_id) for record in records]
            )

    def mark_verified(self, number: int, at: datetime) -> None:
        """Note that the result of a wave and of those before it was found right."""
        self.connection.execute("update wave set verified_at = ? where number <= ?", (iso(at), number))

    def past(self) -> Past:
        """Return what a next wave continues from: the merchants' last events and the open orders."""
        customers = self.latest("customers", "customer_id")
        lines = self.latest("orders", "order_id", "line_number")
        orders: dict[str, list[Body]] = defaultdict(list)
        for line in lines:
            orders[str(line["order_id"])].append(line)
        is_open = {order_id: group for order_id, group in orders.items() if group[0]["status"] in _OPEN_STATES}
        return Past(customers={str(body["customer_id"]): body for body in customers}, open_orders=is_open)

    def good_bodies(self, stream: str) -> list[Body]:
        """Return every good event of a stream that was sent, duplicates included, in the order of sending."""
        query = (
            "select body from piece join record on record.id = record_id "
            "where piece.stream = ? and reason is null and state = 'sent' order by record_id"
        )
        return [json.loads(body) for (body,) in self.connection.execute(query, (stream,))]

    def latest(self, stream: str, *names: str) -> list[Body]:
        """Return the good event of the highest version for each value of the fields `names`."""
        latest: dict[tuple[object, ...], Body] = {}
        for body in self.good_bodies(stream):
            key = tuple(body[name] for name in names)
            if key not in latest or int(str(body["version"])) > int(str(latest[key]["version"])):
                latest[key] = body
        return list(latest.values())

    def _transaction(self) -> _Transaction:
        return _Transaction(self.connection)


class _Transaction:
    """`begin immediate` ... `commit`, rolled back when anything is raised."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("begin immediate")

    def __exit__(self, kind: object, *_: object) -> None:
        self._connection.execute("commit" if kind is None else "rollback")
