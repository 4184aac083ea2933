"""The `.metadata` object beside a result: its columns, in protocol buffers, as JDBC drivers read them.

The service does not document the format; field numbers are those of burtcorp/athena-jdbc's AthenaMetaDataParser.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.athena.results import ResultColumn

_VARINT, _BYTES = 0, 2
_QUERY_FIELD, _COLUMN_FIELD = 1, 4
_CATALOG, _NAME, _LABEL, _TYPE, _PRECISION, _SCALE, _NULLABLE, _CASE_SENSITIVE = 1, 4, 5, 6, 7, 8, 9, 10
_UNKNOWN = 3


def encode(query_id: str, columns: Iterable[ResultColumn]) -> bytes:
    """The content of a `.metadata` object."""
    return _text(_QUERY_FIELD, query_id) + b"".join(_field(_COLUMN_FIELD, b"".join(_column(item))) for item in columns)


def _column(column: ResultColumn) -> Iterator[bytes]:
    yield _text(_CATALOG, "hive")
    yield _text(_NAME, column.name)
    yield _text(_LABEL, column.name)
    yield _text(_TYPE, column.type)
    yield _number(_PRECISION, column.precision)
    yield _number(_SCALE, column.scale)
    yield _number(_NULLABLE, _UNKNOWN)
    yield _number(_CASE_SENSITIVE, int(column.case_sensitive))


def _text(number: int, value: str) -> bytes:
    return _field(number, value.encode())


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
