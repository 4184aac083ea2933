"""Types and values on the wire: DuckDB's types to PostgreSQL's OIDs, values to text or binary, and parameters back."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlglot import exp

from localcloud.redshift.engine.result import Column
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.wire import binary
from localcloud.redshift.wire.messages import WireColumn
from localcloud.redshift.wire.oids import (
    BIGINT,
    BOOLEAN,
    BPCHAR,
    DATE,
    DOUBLE,
    INTEGER,
    INTERVAL,
    NUMERIC,
    REAL,
    SMALLINT,
    SUPER,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    TIMETZ,
    UNKNOWN,
    VARBYTE,
    VARCHAR,
)

ARRAYS = {"SMALLINT[]": 1005, "INTEGER[]": 1007, "BIGINT[]": 1016, "VARCHAR[]": 1015}
"""Arrays of PostgreSQL, which only the catalogue has (pg_constraint.conkey); a list in a user's table is a SUPER."""

_OIDS = {
    "BOOLEAN": (BOOLEAN, 1),
    "TINYINT": (SMALLINT, 2),
    "UTINYINT": (SMALLINT, 2),
    "SMALLINT": (SMALLINT, 2),
    "USMALLINT": (INTEGER, 4),
    "INTEGER": (INTEGER, 4),
    "UINTEGER": (BIGINT, 8),
    "BIGINT": (BIGINT, 8),
    "HUGEINT": (NUMERIC, -1),
    "UBIGINT": (NUMERIC, -1),
    "UHUGEINT": (NUMERIC, -1),
    "FLOAT": (REAL, 4),
    "DOUBLE": (DOUBLE, 8),
    "VARCHAR": (VARCHAR, -1),
    "DATE": (DATE, 4),
    "TIME": (TIME, 8),
    "TIME WITH TIME ZONE": (TIMETZ, 12),
    "TIMESTAMP": (TIMESTAMP, 8),
    "TIMESTAMP_S": (TIMESTAMP, 8),
    "TIMESTAMP_MS": (TIMESTAMP, 8),
    "TIMESTAMP_NS": (TIMESTAMP, 8),
    "TIMESTAMP WITH TIME ZONE": (TIMESTAMPTZ, 8),
    "INTERVAL": (INTERVAL, 16),
    "BLOB": (VARBYTE, -1),
    "UUID": (VARCHAR, -1),
    '"NULL"': (UNKNOWN, -2),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")
_BARE_ELEMENT = re.compile(r"[^\s{}\",\\]+")
"""Text that stands in an array without quotes."""
_SIZED_TEXT = re.compile(r"character( varying)?\((\d+)\)")


def char_length(column: Column) -> int:
    """The n of a CHAR(n), to which its values are filled with blanks when a client sees them; 0 for other types."""
    found = _SIZED_TEXT.fullmatch(column.declared)
    return int(found[2]) if found and not found[1] else 0


def wire_column(column: Column, format_code: int = 0) -> WireColumn:
    """How RowDescription names the type of `column`; nested and JSON types travel as SUPER."""
    decimal = _DECIMAL.fullmatch(column.type)
    text = _SIZED_TEXT.fullmatch(column.declared)
    if text and column.type == "VARCHAR":
        return WireColumn(column.name, VARCHAR if text[1] else BPCHAR, -1, int(text[2]) + 4, format_code)
    if decimal:
        # Redshift counts a result's digits otherwise than DuckDB; the scale is the same.
        computed = _NUMERIC.fullmatch(column.declared)
        decimal = computed if computed and computed[2] == decimal[2] else decimal
        modifier = (int(decimal[1]) << 16 | int(decimal[2])) + 4
        return WireColumn(column.name, NUMERIC, -1, modifier, format_code)
    oid, size = _OIDS.get(column.type, (ARRAYS.get(column.type, SUPER), -1))
    return WireColumn(column.name, oid, size, -1, format_code)


def _float(value: float) -> str:
    if math.isfinite(value):
        return f"{value:.15g}"  # extra_float_digits = 0
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _real(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else _float(value)


def _timestamp(value: datetime) -> str:
    zone = ""
    if value.tzinfo is not None:
        value, zone = value.astimezone(UTC).replace(tzinfo=None), "+00"
    text = value.isoformat(sep=" ")
    return (text.rstrip("0") if value.microsecond else text) + zone


def _time(value: time) -> str:
    clock, sign, zone = str(value).partition("-" if "-" in str(value) else "+")
    return (clock.rstrip("0") if value.microsecond else clock) + sign + zone.removesuffix(":00")


def _interval(value: timedelta) -> str:
    seconds = value.seconds + value.microseconds / 1_000_000
    clock = f"{int(seconds // 3600):02}:{int(seconds % 3600 // 60):02}:{seconds % 60:09.6f}".rstrip("0").rstrip(".")
    if not value.days:
        return clock
    days = f"{value.days} day{'' if value.days == 1 else 's'}"
    return days if not seconds else f"{days} {clock}"


def text_of(value: Any) -> str:
    """PostgreSQL's text form of a value that DuckDB returned; NULL is not handled here."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int):
        return str(value)
    formats: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
        (Decimal, lambda v: format(v, "f")),
        (float, _float),
        (datetime, _timestamp),
        (date, str),
        (time, _time),
        (timedelta, _interval),
        (bytes, bytes.hex),
        ((list, dict, tuple), lambda v: json.dumps(v, default=text_of, separators=(",", ":"))),
    )
    return next((render(value) for cls, render in formats if isinstance(value, cls)), str(value))


def _array_text(value: str) -> str:
    return (
        value if _BARE_ELEMENT.fullmatch(value) and value.upper() != "NULL" else json.dumps(value, ensure_ascii=False)
    )


def _array(value: list[Any]) -> str:
    """PostgreSQL's text form of an array: `{1,2}`, `{a,"a b",NULL}`."""
    elements = (
        "NULL" if element is None else _array_text(element) if isinstance(element, str) else text_of(element)
        for element in value
    )
    return "{" + ",".join(elements) + "}"


def encoder(column: WireColumn) -> Callable[[Any], bytes]:
    """The function that turns a value of `column` (never None) into bytes; 0A000 for a binary form we lack."""
    if column.oid in ARRAYS.values() and column.format == 0:
        return lambda v: _array(v).encode()
    if column.oid == BPCHAR:
        return lambda v: v.encode().ljust(column.modifier - 4)
    if column.format == 0:
        return (lambda v: _real(v).encode()) if column.oid == REAL else lambda v: text_of(v).encode()
    return binary.encode(column.oid, text_of)


_NUMERIC_DIGITS = 38
"""The most digits a NUMERIC has in Redshift."""
_CASTS = {
    BOOLEAN: "BOOLEAN",
    SMALLINT: "SMALLINT",
    INTEGER: "INT",
    BIGINT: "BIGINT",
    REAL: "FLOAT",
    DOUBLE: "DOUBLE",
    DATE: "DATE",
    TIME: "TIME",
    TIMETZ: "TIMETZ",
    TIMESTAMP: "TIMESTAMP",
    TIMESTAMPTZ: "TIMESTAMPTZ",
    INTERVAL: "INTERVAL",
}


def parameter(oid: int, format_code: int, raw: bytes | None) -> exp.Expr:
    """A bound parameter as a literal expression; only ever put into a statement through its syntax tree."""
    if raw is None:
        return exp.Cast(this=exp.null(), to=exp.DataType.build(_CASTS[oid])) if oid in _CASTS else exp.null()
    text = binary.decode(oid, raw) if format_code == 1 else binary.decode_text(raw)
    if oid == NUMERIC:
        return _numeric_literal(text.strip())
    if oid == VARBYTE:
        return _varbyte_literal(text)
    literal: exp.Expr = exp.Literal.string(text)
    return exp.Cast(this=literal, to=exp.DataType.build(_CASTS[oid])) if oid in _CASTS else literal


def _numeric_literal(text: str) -> exp.Expr:
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
        raise RedshiftError("22P02", f'invalid input syntax for type numeric: "{text}"')
    number = Decimal(text)
    if number and abs(number.adjusted()) > _NUMERIC_DIGITS:
        raise RedshiftError("22003", "numeric field overflow")
    return exp.Paren(this=exp.Literal.number(format(number, "f")))


def _varbyte_literal(text: str) -> exp.Expr:
    """A VARBYTE travels as its hexadecimal digits."""
    if len(text) % 2 or not re.fullmatch(r"[0-9a-fA-F]*", text):
        raise RedshiftError("22P02", f'invalid input syntax for type varbyte: "{text}"')
    return exp.Anonymous(this="from_hex", expressions=[exp.Literal.string(text)])
