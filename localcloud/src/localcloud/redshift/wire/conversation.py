"""One connection after start-up: the simple and the extended query protocol over a Session."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor

from localcloud.redshift.engine.result import Column, Result, Row
from localcloud.redshift.engine.session import Session
from localcloud.redshift.engine.session_transactions import IN_TRANSACTION
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.wire import messages, portals, values
from localcloud.redshift.wire.client_reader import ClientReader
from localcloud.redshift.wire.outbox import Outbox
from localcloud.redshift.wire.worker import Worker

_PAGE_ROWS = 2_000
_MOST_PARAMETERS = 32_767
"""The protocol counts them in a signed 16-bit number."""
_KNOWN = frozenset({b"Q", b"P", b"B", b"D", b"E", b"C", b"F", b"d", b"c", b"f"})
"""Kinds of messages of the protocol; the COPY ones (d, c, f) are to be ignored."""


class Conversation:
    """Reads messages until Terminate; after an error in the extended protocol everything up to Sync is skipped."""

    def __init__(self, *, session: Session, reader: ClientReader, writer: asyncio.StreamWriter, pool: Executor) -> None:
        self._session = session
        self._reader = reader
        self._out = Outbox(writer)
        self._worker = Worker(session, reader, pool)
        self._prepared: dict[str, portals.Prepared] = {}
        self._portals: dict[str, portals.Portal] = {}

    async def run(self) -> None:
        """Serve the client until it ends the connection; raises RedshiftError for what no client may send."""
        try:
            await self._serve()
        finally:
            self._out.send()

    async def _serve(self) -> None:
        steps: dict[bytes, Callable[[messages.Reader], Awaitable[None]]] = {
            b"P": self._parse,
            b"B": self._bind,
            b"D": self._describe,
            b"E": self._execute,
            b"C": self._close,
        }
        skipping = False
        while True:
            await self._out.drained()
            kind, body = await messages.read(self._reader)
            if kind == b"X":
                return
            if kind == b"S":
                skipping = False
                self._ready()
            elif kind == b"H":
                self._out.send()
            elif kind not in _KNOWN:
                raise RedshiftError("08P01", f"unexpected message {kind!r}")
            elif kind == b"Q" and not skipping:
                await self._simple(messages.Reader(body).text())
            elif kind == b"F" and not skipping:
                self._fail(unsupported("a function call message"))
                self._ready()
            elif kind in steps and not skipping:
                try:
                    await steps[kind](messages.Reader(body))
                except RedshiftError as error:
                    skipping = True
                    self._fail(error)

    def _ready(self) -> None:
        if self._session.status != IN_TRANSACTION:
            # Portals live as long as their transaction.
            self._portals.clear()
        self._out.add(messages.ready(self._session.status))
        self._out.send()

    def _notices(self) -> None:
        for notice in self._session.notices:
            self._out.add(messages.notice_response(notice))
        self._session.notices.clear()

    def _fail(self, error: RedshiftError) -> None:
        self._session.transactions.fail()
        self._notices()
        self._out.add(messages.error_response(error))
        self._out.send()

    async def _simple(self, sql: str) -> None:
        try:
            statements = await self._worker.run(lambda: self._session.parse(sql))
            if not statements:
                self._out.add(messages.EMPTY_QUERY)
            with self._session.transactions.script(len(statements)):
                for statement in statements:
                    await self._send(*await self._worker.begin(statement, [], _PAGE_ROWS))
        except RedshiftError as error:
            self._fail(error)
        self._ready()

    async def _send(self, result: Result, rows: list[Row]) -> None:
        self._notices()
        if result.columns is None:
            self._out.add(messages.command_complete(portals.written_tag(result)))
            return
        columns = [values.wire_column(column) for column in result.columns]
        self._out.add(messages.row_description(columns))
        sent = 0
        while rows:
            sent += len(rows)
            self._out.add(portals.data_rows(columns, rows))
            await self._out.drained()
            rows = await self._worker.fetch(result, _PAGE_ROWS) if len(rows) == _PAGE_ROWS else []
        self._out.add(messages.command_complete(portals.rows_tag(result, sent)))

    async def _parse(self, body: messages.Reader) -> None:
        name, sql, oids = body.text(), body.text(), body.oids()
        if name and name in self._prepared:
            raise RedshiftError("42P05", f'prepared statement "{name}" already exists')
        self._prepared.pop(name, None)
        statements = await self._worker.run(lambda: self._session.parse(sql))
        if len(statements) > 1:
            raise RedshiftError("42601", "cannot insert multiple commands into a prepared statement")
        statement = statements[0] if statements else None
        wanted = statement.parameter_count if statement else 0
        if wanted > _MOST_PARAMETERS:
            raise RedshiftError("54023", f"a statement can't have more than {_MOST_PARAMETERS} parameters")
        self._prepared[name] = portals.Prepared(statement, oids + [0] * (wanted - len(oids)))
        self._out.add(messages.PARSE_COMPLETE)

    async def _bind(self, body: messages.Reader) -> None:
        portal, name = body.text(), body.text()
        prepared = self._named(name)
        codes, raw, formats = body.int16s(), body.values(), body.int16s()
        if portal and portal in self._portals:
            raise RedshiftError("42P03", f'portal "{portal}" already exists')
        if not {*codes, *formats} <= {0, 1}:
            raise RedshiftError("08P01", "unsupported format code in a Bind message")
        if len(raw) != len(prepared.oids):
            raise RedshiftError(
                "08P01", f"bind message supplies {len(raw)} parameters, but {len(prepared.oids)} are required"
            )
        codes = codes * len(raw) if len(codes) == 1 else codes or [0] * len(raw)
        if len(codes) != len(raw):
            raise RedshiftError("08P01", f"bind message has {len(codes)} parameter formats but {len(raw)} parameters")
        bound = [values.parameter(*each) for each in zip(prepared.oids, codes, raw, strict=True)]
        self._portals[portal] = portals.Portal(prepared.statement, bound, formats)
        self._out.add(messages.BIND_COMPLETE)

    async def _describe(self, body: messages.Reader) -> None:
        kind, name = portals.named(body)
        formats: list[int] = []
        if kind == b"S":
            prepared = self._named(name)
            statement = prepared.statement
            parameters = [values.parameter(oid, 0, None) for oid in prepared.oids]
            self._out.add(messages.parameter_description(prepared.oids))
        elif name not in self._portals and name in self._session.cursors:
            self._write_columns(self._session.cursors[name].columns, formats)
            return
        else:
            portal = self._portal(name)
            statement, parameters, formats = portal.statement, portal.parameters, portal.formats
        try:
            columns = (
                await self._worker.run(lambda: self._session.describe(statement, parameters)) if statement else None
            )
        except RedshiftError:
            if kind == b"S":
                # The service analyses at Parse: what can't be analysed was never prepared, and its name is free.
                self._prepared.pop(name, None)
            raise
        self._write_columns(columns, formats)

    def _write_columns(self, columns: Sequence[Column] | None, formats: list[int]) -> None:
        if columns is None:
            self._out.add(messages.NO_DATA)
        else:
            self._out.add(messages.row_description(portals.wire_columns(columns, formats)))

    async def _execute(self, body: messages.Reader) -> None:
        portal, limit = self._portal(body.text()), body.int32()
        statement = portal.statement
        if statement is None:
            self._out.add(messages.EMPTY_QUERY)
            return
        size = min(limit or _PAGE_ROWS, _PAGE_ROWS)
        if portal.result is None:
            portal.result, rows = await self._worker.begin(statement, portal.parameters, size)
            self._notices()
        else:
            rows = await self._worker.fetch(portal.result, size)
        if portal.result.columns is None:
            self._out.add(messages.command_complete(portals.written_tag(portal.result)))
        else:
            await self._send_portal(portal, portal.result, limit, rows)

    async def _send_portal(self, portal: portals.Portal, result: Result, limit: int, rows: list[Row]) -> None:
        """Send `rows`, the first of this Execute, and the others it asks for: `limit` in all, 0 for all there are."""
        columns = portals.wire_columns(result.columns or [], portal.formats)
        left = limit or sys.maxsize
        while True:
            portal.sent += len(rows)
            self._out.add(portals.data_rows(columns, rows))
            await self._out.drained()
            if len(rows) < min(left, _PAGE_ROWS):
                self._out.add(messages.command_complete(portals.rows_tag(result, portal.sent)))
                return
            left -= len(rows)
            if not left:
                break
            rows = await self._worker.fetch(result, min(left, _PAGE_ROWS))
        # The engine's connection has room for one open result: whatever comes before the next Execute would end it.
        portal.result = await self._worker.run(result.held)
        self._out.add(messages.PORTAL_SUSPENDED)

    async def _close(self, body: messages.Reader) -> None:
        kind, name = portals.named(body)
        (self._prepared if kind == b"S" else self._portals).pop(name, None)
        self._out.add(messages.CLOSE_COMPLETE)

    def _named(self, name: str) -> portals.Prepared:
        if name not in self._prepared:
            raise RedshiftError("26000", f'prepared statement "{name}" does not exist')
        return self._prepared[name]

    def _portal(self, name: str) -> portals.Portal:
        if name not in self._portals:
            raise RedshiftError("34000", f'portal "{name}" does not exist')
        return self._portals[name]
