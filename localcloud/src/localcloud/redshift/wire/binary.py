"""The binary formats of values (PostgreSQL's send and receive functions): results to bytes, parameters to text."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.wire import oids

_EPOCH = datetime(2000, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_NUMERIC_BASE = 10_000
_NEGATIVE, _NAN = 0x4000, 0xC000


def encode(oid: int, text_of: Callable[[Any], str]) -> Callable[[Any], bytes]:
    """The function that writes a value of this type, never None; raises RedshiftError 0A000 where there is none."""
    if oid in (oids.VARCHAR, oids.TEXT, oids.BPCHAR, oids.UNKNOWN, oids.SUPER):
        return lambda value: text_of(value).encode()
    if oid not in _WRITERS:
        raise unsupported(f"the binary result format of type {oid}")
    return _WRITERS[oid]


def decode(oid: int, raw: bytes) -> str:
    """A binary parameter as the text of a literal; raises RedshiftError 22P03 and 0A000."""
    if oid in (oids.TEXT, oids.VARCHAR, oids.BPCHAR, oids.UNKNOWN, oids.SUPER, 0):
        return decode_text(raw)
    if oid not in _READERS:
        raise unsupported(f"a binary parameter of type {oid}")
    try:
        return _READERS[oid](raw)
    except (struct.error, OverflowError, ValueError, ArithmeticError) as error:
        raise RedshiftError("22P03", f"incorrect binary data format for a parameter of type {oid}") from error


def decode_text(raw: bytes) -> str:
    """UTF-8 text; raises RedshiftError 22021."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise RedshiftError("22021", 'invalid byte sequence for encoding "UTF8"') from error


def _micros(value: datetime) -> bytes:
    naive = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    return struct.pack("!q", (naive - _EPOCH) // _MICROSECOND)


def _time_micros(value: time) -> bytes:
    return struct.pack("!q", ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond)


def _zoned_time(value: time) -> bytes:
    offset = value.utcoffset()
    return _time_micros(value) + struct.pack("!i", -int(offset.total_seconds()) if offset else 0)


def _numeric(value: Decimal | int) -> bytes:
    """Base-10000 digits: count, weight of the first, sign, decimal places (numeric_send)."""
    number = Decimal(value)
    scale = max(-int(number.as_tuple().exponent), 0)
    places = -(-scale // 4)
    left = int(abs(number).scaleb(places * 4))
    digits: list[int] = []
    while left:
        left, digit = divmod(left, _NUMERIC_BASE)
        digits.insert(0, digit)
    weight = len(digits) - places - 1
    while digits and not digits[-1]:
        digits.pop()
    sign = _NEGATIVE if number < 0 else 0
    return struct.pack(f"!HhHH{len(digits)}H", len(digits), weight if digits else 0, sign, scale, *digits)


_WRITERS: dict[int, Callable[[Any], bytes]] = {
    oids.BOOLEAN: lambda v: b"\1" if v else b"\0",
    oids.SMALLINT: struct.Struct("!h").pack,
    oids.INTEGER: struct.Struct("!i").pack,
    oids.BIGINT: struct.Struct("!q").pack,
    oids.OID: struct.Struct("!I").pack,
    oids.REAL: struct.Struct("!f").pack,
    oids.DOUBLE: struct.Struct("!d").pack,
    oids.NUMERIC: _numeric,
    oids.DATE: lambda v: struct.pack("!i", (v - _EPOCH.date()).days),
    oids.TIME: _time_micros,
    oids.TIMETZ: _zoned_time,
    oids.TIMESTAMP: _micros,
    oids.TIMESTAMPTZ: _micros,
    oids.VARBYTE: bytes,
}


def _read(layout: str) -> Callable[[bytes], Any]:
    return lambda raw: struct.unpack(layout, raw)[0]


def _read_numeric(raw: bytes) -> str:
    count, weight, sign, scale = struct.unpack_from("!HhHH", raw)
    if sign == _NAN:
        raise RedshiftError("22P02", 'invalid input syntax for type numeric: "NaN"')
    digits = struct.unpack(f"!{count}H", raw[8:])
    if sign not in (0, _NEGATIVE) or scale > 1_000 or abs(weight) > 1_000 or any(d >= _NUMERIC_BASE for d in digits):
        raise ValueError("numeric out of form")
    number = sum(Decimal(digit).scaleb((weight - place) * 4) for place, digit in enumerate(digits))
    return format(Decimal(-number if sign else number).quantize(Decimal(1).scaleb(-scale)), "f")


def _read_clock(micros: int) -> str:
    if not 0 <= micros <= 86_400_000_000:
        raise ValueError("time out of range")
    seconds, rest = divmod(micros, 1_000_000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:06}"


def _read_zoned_clock(raw: bytes) -> str:
    micros, west = struct.unpack("!qi", raw)
    sign, minutes = "-" if west > 0 else "+", abs(west) // 60
    return f"{_read_clock(micros)}{sign}{minutes // 60:02}:{minutes % 60:02}"


def _read_moment(raw: bytes) -> str:
    return (_EPOCH + timedelta(microseconds=_read("!q")(raw))).isoformat(sep=" ")


def _read_interval(raw: bytes) -> str:
    micros, days, months = struct.unpack("!qii", raw)
    return f"{months} months {days} days {micros} microseconds"


def _read_float(layout: str) -> Callable[[bytes], str]:
    return lambda raw: repr(_read(layout)(raw)).replace("inf", "Infinity").replace("nan", "NaN")


_READERS: dict[int, Callable[[bytes], str]] = {
    oids.BOOLEAN: lambda raw: "t" if _read("!?")(raw) else "f",
    oids.SMALLINT: lambda raw: str(_read("!h")(raw)),
    oids.INTEGER: lambda raw: str(_read("!i")(raw)),
    oids.BIGINT: lambda raw: str(_read("!q")(raw)),
    oids.OID: lambda raw: str(_read("!I")(raw)),
    oids.REAL: _read_float("!f"),
    oids.DOUBLE: _read_float("!d"),
    oids.NUMERIC: _read_numeric,
    oids.DATE: lambda raw: (_EPOCH.date() + timedelta(days=_read("!i")(raw))).isoformat(),
    oids.TIME: lambda raw: _read_clock(_read("!q")(raw)),
    oids.TIMETZ: _read_zoned_clock,
    oids.TIMESTAMP: _read_moment,
    oids.TIMESTAMPTZ: lambda raw: _read_moment(raw) + "+00",
    oids.INTERVAL: _read_interval,
    oids.VARBYTE: bytes.hex,
}
