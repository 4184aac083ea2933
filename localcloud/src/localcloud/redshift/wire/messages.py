"""Building the backend's messages and reading the frontend's (PostgreSQL 8 protocol 3.0, chapter "Message Formats")."""

from __future__ import annotations

import asyncio
import builtins
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from localcloud.redshift.errors import RedshiftError

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102
PROTOCOL_3 = 196608
MAX_MESSAGE_BYTES = 64 * 1024 * 1024

AUTHENTICATION_OK = b"R" + struct.pack("!II", 8, 0)
PARSE_COMPLETE = b"1\0\0\0\4"
BIND_COMPLETE = b"2\0\0\0\4"
CLOSE_COMPLETE = b"3\0\0\0\4"
NO_DATA = b"n\0\0\0\4"
EMPTY_QUERY = b"I\0\0\0\4"
PORTAL_SUSPENDED = b"s\0\0\0\4"


@dataclass(frozen=True)
class WireColumn:
    """A column as RowDescription tells it: `size` in bytes (-1 varying), `format` 0 text, 1 binary."""

    name: str
    oid: int
    size: int
    modifier: int
    format: int = 0


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def md5_request(salt: bytes) -> bytes:
    return message(b"R", struct.pack("!I", 5) + salt)


def parameter_status(name: str, value: str) -> bytes:
    return message(b"S", name.encode() + b"\0" + value.encode() + b"\0")


def backend_key(process_id: int, secret: int) -> bytes:
    return message(b"K", struct.pack("!II", process_id, secret))


def ready(status: str) -> bytes:
    return message(b"Z", status.encode())


def command_complete(tag: str) -> bytes:
    return message(b"C", tag.encode() + b"\0")


def error_response(error: RedshiftError) -> bytes:
    """S, C and M are what redshift_connector needs; D is added where there is a detail."""
    return message(b"E", _report(error))


def notice_response(notice: RedshiftError) -> bytes:
    """A warning: the same fields, and the conversation goes on."""
    return message(b"N", _report(notice))


def _report(error: RedshiftError) -> bytes:
    fields = [("S", error.severity), ("C", error.sqlstate), ("M", error.message)]
    if error.detail:
        fields.append(("D", error.detail))
    return b"".join(k.encode() + v.replace("\0", "").encode(errors="replace") + b"\0" for k, v in fields) + b"\0"


def row_description(columns: Sequence[WireColumn]) -> bytes:
    parts = [struct.pack("!H", len(columns))]
    for column in columns:
        parts.append(column.name.encode() + b"\0")
        parts.append(struct.pack("!IhIhih", 0, 0, column.oid, column.size, column.modifier, column.format))
    return message(b"T", b"".join(parts))


def parameter_description(oids: Sequence[int]) -> bytes:
    return message(b"t", struct.pack(f"!H{len(oids)}I", len(oids), *oids))


def data_row(values: Sequence[bytes | None]) -> bytes:
    parts = [struct.pack("!H", len(values))]
    for value in values:
        parts.append(b"\xff\xff\xff\xff" if value is None else struct.pack("!I", len(value)) + value)
    return message(b"D", b"".join(parts))


class Reader:
    """Reads fields off one message body; anything short or unterminated is a protocol violation (08P01)."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def bytes(self, count: int) -> bytes:
        if count < 0 or self._at + count > len(self._body):
            raise RedshiftError("08P01", "insufficient data left in message")
        self._at += count
        return self._body[self._at - count : self._at]

    def text(self) -> str:
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise RedshiftError("08P01", "invalid string in message")
        raw = self._body[self._at : end]
        self._at = end + 1
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise RedshiftError("22021", 'invalid byte sequence for encoding "UTF8"') from error

    def int16(self) -> int:
        return int(struct.unpack("!h", self.bytes(2))[0])

    def int32(self) -> int:
        return int(struct.unpack("!i", self.bytes(4))[0])

    def int16s(self) -> list[int]:
        return [self.int16() for _ in range(self._count())]

    def oids(self) -> list[int]:
        return [self.int32() & 0xFFFFFFFF for _ in range(self._count())]

    def values(self) -> list[builtins.bytes | None]:
        found: list[builtins.bytes | None] = []
        for _ in range(self._count()):
            size = self.int32()
            found.append(None if size == -1 else self.bytes(size))
        return found

    def _count(self) -> int:
        count = self.int16()
        if count < 0:
            raise RedshiftError("08P01", "negative count in message")
        return count


async def read(reader: asyncio.StreamReader, *, limit: int = MAX_MESSAGE_BYTES) -> tuple[bytes, bytes]:
    """The next typed message as (kind, body); raises IncompleteReadError at the end of the connection."""
    head = await reader.readexactly(5)
    size = struct.unpack("!I", head[1:])[0]
    if not 4 <= size <= limit:
        raise RedshiftError("08P01", f"invalid message length {size}")
    return head[:1], await reader.readexactly(size - 4)
