"""Types of external tables: a column of the lake as a Redshift type, and the other way round.

Sources: "Supported data types with Apache Iceberg tables", "CREATE EXTERNAL TABLE" and "Querying nested data with
Amazon Redshift Spectrum" in the Amazon Redshift Database Developer Guide.
"""

from __future__ import annotations

import itertools
import re

from sqlglot import exp
from sqlglot.errors import SqlglotError

from localcloud.lake.sql_text import identifier, quoted
from localcloud.lake.types import parts, split_arguments
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql import kinds, types

MAX_ICEBERG_TEXT = 16_384
"""Characters of an Iceberg string that Redshift reads; the rest is cut off."""

_PLAIN = {
    "boolean": kinds.BOOLEAN,
    "tinyint": kinds.SMALLINT,
    "smallint": kinds.SMALLINT,
    "integer": kinds.INTEGER,
    "bigint": kinds.BIGINT,
    "real": kinds.REAL,
    "double": kinds.DOUBLE,
    "date": kinds.DATE,
    "varbinary": kinds.VARBYTE,
    "timestamp": kinds.TIMESTAMP,
    "timestamp with time zone": kinds.TIMESTAMPTZ,
}
_NESTED = ("row", "array", "map")
_HIVE = {
    kinds.BOOLEAN: "boolean",
    kinds.SMALLINT: "smallint",
    kinds.INTEGER: "int",
    kinds.BIGINT: "bigint",
    kinds.REAL: "float",
    kinds.DOUBLE: "double",
    kinds.DATE: "date",
    kinds.TIMESTAMP: "timestamp",
    kinds.VARBYTE: "binary",
}
_HIVE_SIZED = {"character varying": "varchar", "character": "char", "numeric": "decimal"}
_NESTED_DECLARATION = re.compile(r"(struct|array|map)\s*<(.*)>", re.DOTALL | re.IGNORECASE)


def read_as(trino: str, *, iceberg: bool) -> str | None:
    """The Redshift type in which a column of the lake is read; None where Redshift has none (time, uuid, fixed)."""
    base, arguments = parts(trino)
    if base in _NESTED:
        return kinds.SUPER
    if base == "varchar":
        length = MAX_ICEBERG_TEXT if iceberg else int(arguments[0]) if arguments else types.MAX_VARCHAR_BYTES
        return f"character varying({length})"
    if base == "char":
        return f"character({arguments[0]})"
    if base == "decimal":
        return f"numeric({arguments[0]},{arguments[1]})"
    return _PLAIN.get(base)


def read_sql(column: str, trino: str, *, iceberg: bool) -> str:
    """DuckDB SQL for the value that Redshift reads from a quoted column; text is cut to the column's size, silently."""
    kind = read_as(trino, iceberg=iceberg)
    if kind is None:
        message = quoted(f"column {column} of the type {trino} can not be read from an external table")
        return f"CASE WHEN {column} IS NOT NULL THEN error({message}) END"
    if kind == kinds.SUPER:
        return f"to_json({_documents(column, trino)})"
    if kinds.is_text(kind):
        length = types.byte_limit(kind)
        if iceberg:
            # Counting characters costs, bytes are known: there are no fewer of them.
            cut = f"left({column}, {MAX_ICEBERG_TEXT})"
            return f"CASE WHEN strlen({column}) > {MAX_ICEBERG_TEXT} THEN {cut} ELSE {column} END"
        cut = f"rs_truncate({column}, {length})" if length else column
        return f"rtrim({cut}, ' ')" if kinds.is_char(kind) else cut
    return f"CAST({column} AS {types.stored_as(kind)})"


def _documents(value: str, trino: str, places: itertools.count[int] | None = None) -> str:
    """The value with each map inside it as an array of keys and values, as Spectrum shows maps."""
    places = places or itertools.count()
    base, arguments = parts(trino)
    if "map(" not in trino:
        return value
    if base == "row":
        fields = [argument.partition(" ") for argument in arguments]
        values = {name: _documents(f"{value}.{identifier(name)}", kind, places) for name, _, kind in fields}
        inner = ", ".join(f"{quoted(name)}: {field}" for name, field in values.items())
        return f"CASE WHEN {value} IS NOT NULL THEN {{{inner}}} END"
    item = f"_e{next(places)}"
    if base == "array":
        return f"list_transform({value}, lambda {item}: {_documents(item, arguments[0], places)})"
    inner = _documents(f"{item}.value", arguments[1], places)
    return f"list_transform(map_entries({value}), lambda {item}: {{'key': {item}.key, 'value': {inner}}})"


def hive_type(declared: str) -> str:
    """The Hive type of a column that CREATE EXTERNAL TABLE declares; RedshiftError 0A000 for one it does not take."""
    nested = _NESTED_DECLARATION.fullmatch(declared.strip())
    if nested:
        word, inside = nested[1].lower(), split_arguments(nested[2])
        if word == "struct":
            fields = [field.partition(":") for field in inside]
            return "struct<" + ",".join(f"{name.strip().lower()}:{hive_type(kind)}" for name, _, kind in fields) + ">"
        return f"{word}<{','.join(hive_type(argument) for argument in inside)}>"
    try:
        kind = types.of_declaration(exp.DataType.build(declared, dialect="redshift")).name
    except (SqlglotError, RedshiftError) as error:
        raise _unsupported(declared) from error
    return written_as(kind, declared)


def written_as(kind: str, declared: str = "") -> str:
    """The Hive type for a Redshift one in format_type's words; raises RedshiftError 0A000 where there is none."""
    base, _, arguments = kind.partition("(")
    if base in _HIVE_SIZED and arguments:
        return f"{_HIVE_SIZED[base]}({arguments}"
    if kind not in _HIVE:
        raise _unsupported(declared or kind)
    return _HIVE[kind]


def _unsupported(declared: str) -> RedshiftError:
    return RedshiftError("0A000", f'Unsupported data type "{declared.strip().lower()}" for external table creation')
