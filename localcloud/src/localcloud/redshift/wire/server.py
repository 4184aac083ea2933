"""The listening side: start-up, TLS, authentication, cancel requests; one Conversation a connection."""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, cast

from localcloud.faults.statements import ConnectionDropped
from localcloud.redshift.engine.session import Session
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.wire import messages, startup
from localcloud.redshift.wire.client_reader import ClientReader
from localcloud.redshift.wire.conversation import Conversation

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 64
_START_UP_SECONDS = 30
_MAX_PASSWORD_BYTES = 10_000
_STATUS = {
    "server_version": "8.0.2",
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY",
    "integer_datetimes": "on",
    "standard_conforming_strings": "off",
    "server_protocol_version": "0",
    "is_superuser": "on",
    "TimeZone": "UTC",
}


class Door(Protocol):
    """Who may come in: finds the database and checks the MD5 answer (see PostgreSQL's AuthenticationMD5Password)."""

    def login(self, *, database: str, user: str, salt: bytes, answer: str) -> Session: ...


class WireServer:
    """A PostgreSQL v3 server on 127.0.0.1; statements run in threads so that the event loop stays free."""

    def __init__(self, *, door: Door, tls: ssl.SSLContext) -> None:
        self._door = door
        self._tls = tls
        self._pool = ThreadPoolExecutor(MAX_CONNECTIONS, "redshift-statement")
        self._sessions: dict[int, tuple[int, Session]] = {}
        self._server: asyncio.Server | None = None
        self._stopping = False

    async def start(self, port: int) -> None:
        """Listen on 127.0.0.1:`port`; raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: asyncio.StreamReaderProtocol(ClientReader(loop=loop), self._serve, loop=loop), "127.0.0.1", port
        )

    async def stop(self) -> None:
        """Close the door and interrupt what still runs."""
        if self._server:
            self._server.close()
        self._stopping = True
        for _, session in list(self._sessions.values()):
            session.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session: Session | None = None
        secret = secrets.randbits(31)
        try:
            session = await asyncio.wait_for(self._open(reader, writer), _START_UP_SECONDS)
            if session is None:
                return
            self._sessions[session.process_id] = (secret, session)
            self._greet(writer, session, secret)
            await Conversation(session=session, reader=cast(ClientReader, reader), writer=writer, pool=self._pool).run()
        except RedshiftError as error:
            writer.write(messages.error_response(RedshiftError(error.sqlstate, error.message, error.detail, "FATAL")))
        except ConnectionDropped:
            writer.transport.abort()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError):
            log.debug("connection ended by the client")
        except Exception:
            log.exception("connection failed")
            writer.write(
                messages.error_response(
                    RedshiftError("XX000", "internal error: see the local cloud's log", severity="FATAL")
                )
            )
        finally:
            if session is not None:
                self._sessions.pop(session.process_id, None)
                await self._leave(session)
            writer.close()

    async def _leave(self, session: Session) -> None:
        if self._stopping:
            # The threads are gone; the databases are about to be closed as a whole.
            session.close()
        else:
            await asyncio.get_running_loop().run_in_executor(self._pool, session.close)

    async def _open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Session | None:
        encrypted = False
        while True:
            size, code = struct.unpack("!II", await reader.readexactly(8))
            if not 8 <= size <= 10_000:
                raise RedshiftError("08P01", "invalid length of startup packet")
            body = await reader.readexactly(size - 8)
            if code == messages.SSL_REQUEST and not encrypted:
                encrypted = True
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(self._tls)
            elif code == messages.GSS_REQUEST:
                writer.write(b"N")
            elif code == messages.CANCEL_REQUEST:
                self._cancel(body)
                return None
            elif code >> 16 == messages.PROTOCOL_3 >> 16:
                return await self._authenticate(body, reader, writer)
            else:
                raise RedshiftError(
                    "0A000", f"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}: server supports 3.0"
                )

    async def _authenticate(self, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Session:
        if len(self._sessions) >= MAX_CONNECTIONS:
            raise RedshiftError("53300", f"too many connections: the local cloud allows {MAX_CONNECTIONS}")
        given = startup.parameters(body)
        user = given.get("user", "")
        if not user:
            raise RedshiftError("28000", "no user name specified in startup packet")
        salt = secrets.token_bytes(4)
        writer.write(messages.md5_request(salt))
        kind, answer = await messages.read(reader, limit=_MAX_PASSWORD_BYTES)
        if kind != b"p":
            raise RedshiftError("08P01", "expected a password response")
        password = messages.Reader(answer).text()
        database = given.get("database") or user

        def enter() -> Session:
            session = self._door.login(database=database, user=user, salt=salt, answer=password)
            try:
                startup.apply(session, given)
            except BaseException:
                session.close()
                raise
            return session

        return await asyncio.get_running_loop().run_in_executor(self._pool, enter)

    @staticmethod
    def _greet(writer: asyncio.StreamWriter, session: Session, secret: int) -> None:
        writer.write(messages.AUTHENTICATION_OK)
        own = {"session_authorization": session.user, "application_name": session.settings.get("application_name", "")}
        for name, value in {**_STATUS, **own}.items():
            writer.write(messages.parameter_status(name, value))
        writer.write(messages.backend_key(session.process_id, secret) + messages.ready("I"))

    def _cancel(self, body: bytes) -> None:
        process_id, secret = struct.unpack("!II", body[:8].ljust(8, b"\0"))
        known = self._sessions.get(process_id)
        if known and known[0] == secret:
            known[1].cancel()
