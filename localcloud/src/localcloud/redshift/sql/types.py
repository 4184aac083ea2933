"""Redshift's column types: their canonical names, their OIDs and what DuckDB stores them as."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from localcloud.redshift.errors import unsupported

MAX_VARCHAR_BYTES = 65_535
_T = exp.DataType.Type


@dataclass(frozen=True)
class ColumnType:
    """`name` as format_type prints it, e.g. `character varying(10)`; `duckdb` what the column is stored as."""

    name: str
    duckdb: str


_PLAIN = {
    _T.BOOLEAN: ("boolean", "BOOLEAN"),
    _T.SMALLINT: ("smallint", "SMALLINT"),
    _T.INT: ("integer", "INTEGER"),
    _T.BIGINT: ("bigint", "BIGINT"),
    _T.FLOAT: ("real", "FLOAT"),
    _T.DOUBLE: ("double precision", "DOUBLE"),
    _T.DATE: ("date", "DATE"),
    _T.TIME: ("time without time zone", "TIME"),
    _T.TIMETZ: ("time with time zone", "TIMETZ"),
    _T.TIMESTAMP: ("timestamp without time zone", "TIMESTAMP"),
    _T.TIMESTAMPNTZ: ("timestamp without time zone", "TIMESTAMP"),
    _T.TIMESTAMPTZ: ("timestamp with time zone", "TIMESTAMPTZ"),
    _T.SUPER: ("super", "JSON"),
    _T.VARBINARY: ("binary varying", "BLOB"),
}
_FROM_DUCKDB = {stored: ColumnType(name, stored) for name, stored in _PLAIN.values()} | {
    "TIMESTAMP WITH TIME ZONE": ColumnType("timestamp with time zone", "TIMESTAMPTZ"),
    "TIME WITH TIME ZONE": ColumnType("time with time zone", "TIMETZ"),
    "TINYINT": ColumnType("smallint", "SMALLINT"),
    "UTINYINT": ColumnType("smallint", "SMALLINT"),
    "USMALLINT": ColumnType("integer", "INTEGER"),
    "UINTEGER": ColumnType("bigint", "BIGINT"),
    "HUGEINT": ColumnType("numeric(38,0)", "DECIMAL(38,0)"),
    "UBIGINT": ColumnType("numeric(38,0)", "DECIMAL(38,0)"),
    "TIMESTAMP_NS": ColumnType("timestamp without time zone", "TIMESTAMP"),
    "TIMESTAMP_S": ColumnType("timestamp without time zone", "TIMESTAMP"),
    "TIMESTAMP_MS": ColumnType("timestamp without time zone", "TIMESTAMP"),
    "UUID": ColumnType("character varying(36)", "VARCHAR"),
    "VARCHAR": ColumnType(f"character varying({MAX_VARCHAR_BYTES})", "VARCHAR"),
    '"NULL"': ColumnType("character varying(256)", "VARCHAR"),
}


_OF_RESULTS = frozenset({"unknown", "name", "interval"})
"""Types of expressions that no column can have."""


def of_declaration(kind: exp.DataType) -> ColumnType:
    """The type that DDL wrote; raises RedshiftError for one this engine lacks (geometry, hllsketch, …)."""
    sizes = [int(e.name) for e in kind.expressions if e.name.isdigit()]
    if kind.this in (_T.VARCHAR, _T.NVARCHAR, _T.TEXT):
        length = MAX_VARCHAR_BYTES if kind.expressions and not sizes else sizes[0] if sizes else 256
        return ColumnType(f"character varying({length})", "VARCHAR")
    if kind.this in (_T.CHAR, _T.NCHAR, _T.BPCHAR):
        return ColumnType(f"character({sizes[0] if sizes else 1})", "VARCHAR")
    if kind.this == _T.DECIMAL:
        precision, scale = (sizes or [18])[0], sizes[1] if len(sizes) > 1 else 0
        return ColumnType(f"numeric({precision},{scale})", f"DECIMAL({precision},{scale})")
    if kind.this not in _PLAIN:
        raise unsupported(f"the type {kind.sql(dialect='redshift').lower()}")
    return ColumnType(*_PLAIN[kind.this])


def of_result(duckdb_type: str) -> ColumnType:
    """The column type a query's result column becomes in CREATE TABLE AS or a view."""
    decimal = re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", duckdb_type)
    if decimal:
        return ColumnType(f"numeric({decimal[1]},{decimal[2]})", duckdb_type)
    if duckdb_type == "INTERVAL":
        raise unsupported("a column of type interval")
    return _FROM_DUCKDB.get(duckdb_type, ColumnType("super", "JSON"))


def of_typed_result(kind: str | None, duckdb_type: str) -> ColumnType:
    """The same where the expression's own type is known, which says more than DuckDB's."""
    if kind is None or kind in _OF_RESULTS:
        return of_result(duckdb_type)
    return ColumnType(kind, stored_as(kind))


def byte_limit(name: str) -> int | None:
    """The most bytes a value of a character type may have; None for other types and the longest varchar."""
    match = re.fullmatch(r"character(?: varying)?\((\d+)\)", name)
    return int(match[1]) if match and int(match[1]) < MAX_VARCHAR_BYTES else None


@lru_cache(maxsize=1024)
def stored_as(kind: str) -> str:
    """DuckDB's type for a type in format_type's words."""
    return of_declaration(exp.DataType.build(kind, dialect="redshift")).duckdb
