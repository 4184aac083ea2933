"""A small PostgreSQL v3 client on plain sockets: what the tests need, and nothing that could hide the server's faults."""  # noqa: E501

from __future__ import annotations

import hashlib
import socket
import ssl
import struct
from dataclasses import dataclass, field


@dataclass
class PgError(Exception):
    """An ErrorResponse by its fields (S, C, M, D)."""

    fields: dict[str, str]

    @property
    def sqlstate(self) -> str:
        return self.fields["C"]


@dataclass
class Answer:
    """Everything between a query and ReadyForQuery."""

    columns: list[tuple[str, int]] = field(default_factory=list)
    modifiers: list[int] = field(default_factory=list)
    rows: list[tuple[str | None, ...]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    status: str = ""


class PgClient:
    """Connects with MD5 authentication; every call reads up to ReadyForQuery."""

    def __init__(
        self,
        port: int,
        user: str,
        password: str,
        database: str,
        *,
        tls: bool = False,
        options: dict[str, str] | None = None,
    ) -> None:
        self.port = port
        self.parameters: dict[str, str] = {}
        self.socket: socket.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        if tls:
            self.socket.sendall(struct.pack("!II", 8, 80877103))
            if self.socket.recv(1) != b"S":
                raise RuntimeError("the server refused TLS")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        given = {"user": user, "database": database, **(options or {})}
        body = "".join(f"{name}\0{value}\0" for name, value in given.items()).encode() + b"\0"
        self.socket.sendall(struct.pack("!II", len(body) + 8, 196608) + body)
        self.key = b""
        self._log_in(user, password)

    def _log_in(self, user: str, password: str) -> None:
        while True:
            kind, body = self.read()
            if kind == "R" and body[:4] == struct.pack("!I", 5):
                inner = hashlib.md5((password + user).encode()).hexdigest()  # noqa: S324
                self.send("p", b"md5" + hashlib.md5(inner.encode() + body[4:]).hexdigest().encode() + b"\0")  # noqa: S324
            elif kind == "S":
                name, value = body.split(b"\0")[:2]
                self.parameters[name.decode()] = value.decode()
            elif kind == "K":
                self.key = body
            elif kind == "E":
                raise PgError(_fields(body))
            elif kind == "Z":
                return

    def send(self, kind: str, body: bytes) -> None:
        self.socket.sendall(kind.encode() + struct.pack("!I", len(body) + 4) + body)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            chunk = self.socket.recv(count - len(data))
            if not chunk:
                raise ConnectionError("the server closed the connection")
            data += chunk
        return data

    def read(self) -> tuple[str, bytes]:
        head = self._exactly(5)
        return head[:1].decode(), self._exactly(struct.unpack("!I", head[1:])[0] - 4)

    def query(self, sql: str) -> Answer:
        self.send("Q", sql.encode() + b"\0")
        return self.collect()

    def prepared(
        self, sql: str, parameters: list[tuple[int, int, bytes | None]], result_formats: tuple[int, ...] = ()
    ) -> Answer:
        """Parse, bind (oid, format, value), describe, execute, sync."""
        oids = [oid for oid, _, _ in parameters]
        self.send("P", b"\0" + sql.encode() + b"\0" + struct.pack(f"!H{len(oids)}I", len(oids), *oids))
        formats = [code for _, code, _ in parameters]
        bind = b"\0\0" + struct.pack(f"!H{len(formats)}H", len(formats), *formats) + struct.pack("!H", len(parameters))
        for _, _, value in parameters:
            bind += struct.pack("!i", -1) if value is None else struct.pack("!I", len(value)) + value
        self.send("B", bind + struct.pack(f"!H{len(result_formats)}H", len(result_formats), *result_formats))
        self.send("D", b"P\0")
        self.send("E", b"\0" + struct.pack("!I", 0))
        self.send("S", b"")
        return self.collect()

    def collect(self) -> Answer:
        answer, error = Answer(), None
        while True:
            kind, body = self.read()
            answer.kinds.append(kind)
            if kind == "T":
                answer.columns = _columns(body)
                answer.modifiers = _modifiers(body)
            elif kind == "D":
                answer.rows.append(_row(body))
            elif kind == "C":
                answer.tags.append(body[:-1].decode())
            elif kind == "E":
                error = PgError(_fields(body))
            elif kind == "Z":
                answer.status = body.decode()
                if error:
                    raise error
                return answer

    def cancel(self) -> None:
        """Ask, on a connection of its own, to interrupt what this one executes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as other:
            other.sendall(struct.pack("!II", 16, 80877102) + self.key)

    def close(self) -> None:
        self.socket.close()


def _fields(body: bytes) -> dict[str, str]:
    return {part[:1].decode(): part[1:].decode() for part in body.split(b"\0") if part}


def _columns(body: bytes) -> list[tuple[str, int]]:
    columns, at = [], 2
    for _ in range(struct.unpack("!H", body[:2])[0]):
        end = body.index(b"\0", at)
        columns.append((body[at:end].decode(), struct.unpack("!I", body[end + 7 : end + 11])[0]))
        at = end + 19
    return columns


def _modifiers(body: bytes) -> list[int]:
    modifiers, at = [], 2
    for _ in range(struct.unpack("!H", body[:2])[0]):
        end = body.index(b"\0", at)
        modifiers.append(struct.unpack("!i", body[end + 13 : end + 17])[0])
        at = end + 19
    return modifiers


def _row(body: bytes) -> tuple[str | None, ...]:
    values: list[str | None] = []
    at = 2
    for _ in range(struct.unpack("!H", body[:2])[0]):
        size = struct.unpack("!i", body[at : at + 4])[0]
        at += 4
        values.append(None if size < 0 else body[at : at + size].decode(errors="surrogateescape"))
        at += max(size, 0)
    return tuple(values)
