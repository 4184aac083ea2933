"""Prepared statements and portals of the extended protocol, and how results are told to the client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from localcloud.redshift.engine.result import Column, Result, Row
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.wire import messages, values


@dataclass
class Prepared:
    """A named statement of the extended protocol with the parameter types the client declared (0 = unknown)."""

    statement: Statement | None
    oids: list[int]


@dataclass
class Portal:
    """A bound statement; `result` lives from the first Execute on."""

    statement: Statement | None
    parameters: list[exp.Expr]
    formats: list[int]
    result: Result | None = None
    sent: int = 0


def named(body: messages.Reader) -> tuple[bytes, str]:
    """What Describe and Close name: S for a prepared statement, P for a portal."""
    kind, name = body.bytes(1), body.text()
    if kind not in (b"S", b"P"):
        raise RedshiftError("08P01", f"invalid message subtype {kind!r}")
    return kind, name


def wire_columns(columns: Sequence[Column], formats: list[int]) -> list[messages.WireColumn]:
    """The columns in the formats that Bind asked for: none, one for all, or one for each."""
    codes = formats * len(columns) if len(formats) == 1 else formats or [0] * len(columns)
    if len(codes) != len(columns):
        raise RedshiftError(
            "08P01", f"bind message has {len(codes)} result formats but query has {len(columns)} columns"
        )
    return [values.wire_column(column, code) for column, code in zip(columns, codes, strict=True)]


def data_rows(columns: Sequence[messages.WireColumn], rows: list[Row]) -> bytes:
    """DataRow messages."""
    encoders = [values.encoder(column) for column in columns]
    return b"".join(
        messages.data_row([None if v is None else encode(v) for encode, v in zip(encoders, row, strict=True)])
        for row in rows
    )


def written_tag(result: Result) -> str:
    """The command tag of a statement without rows."""
    if result.affected is None:
        return result.tag
    return f"INSERT 0 {result.affected}" if result.tag == "INSERT" else f"{result.tag} {result.affected}"


def rows_tag(result: Result, sent: int) -> str:
    """The command tag after the last row."""
    return f"{result.tag} {sent}" if result.tag in ("SELECT", "FETCH") else result.tag
