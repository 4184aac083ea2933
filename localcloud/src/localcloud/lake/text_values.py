"""Values of text tables: a cell's text as a value of its column's type, by the rules of the SerDe that cut it out."""

from __future__ import annotations

from localcloud.lake import serdes, types
from localcloud.lake.errors import NotSupportedError
from localcloud.lake.glue import Column, LakeTable
from localcloud.lake.sql_text import identifier, quoted

_NESTED = ("row", "array", "map")
_INTEGER = r"[+-]?\d+"
_FORMS = {
    "tinyint": _INTEGER,
    "smallint": _INTEGER,
    "integer": _INTEGER,
    "bigint": _INTEGER,
    "boolean": "(?i)true|false",
    "date": r"\d{4}-\d{1,2}-\d{1,2}",
    "timestamp": r"\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}(\.\d{1,9})?",
}
"""What Hive takes for a value of a type; DuckDB would take more, such as '1.5' for an integer."""


def value_of(table: LakeTable, column: Column) -> str:
    """DuckDB SQL for a column of the relation `s`, whose columns are all text."""
    cell, base = f"s.{identifier(column.name)}", types.parts(column.type)[0]
    if base in ("varchar", "char"):
        return cell
    if table.serde in serdes.JSON:
        return _from_json(cell, column.type)
    if base in _NESTED:
        raise NotSupportedError("a column of an array, map or struct type in delimited text")
    if table.serde == serdes.CSV:
        return _from_csv(cell, column, base)
    return _from_text(cell, column.type, base)


def _from_text(cell: str, kind: str, base: str) -> str:
    """LazySimpleSerDe gives NULL where a text is no value of the column's type."""
    cast = f"TRY_CAST({cell} AS {types.to_duckdb(kind)})"
    if base == "varbinary":
        return f"from_base64({cell})"
    if base not in _FORMS:
        return cast
    return f"CASE WHEN regexp_full_match({cell}, {quoted(_FORMS[base])}) THEN {cast} END"


def _from_json(cell: str, kind: str) -> str:
    if types.parts(kind)[0] in _NESTED:
        return f"TRY_CAST({cell}::JSON AS {types.to_duckdb(kind)})"
    return f"TRY_CAST({cell} AS {types.to_duckdb(kind)})"


def _from_csv(cell: str, column: Column, base: str) -> str:
    """OpenCSVSerDe: dates are days, timestamps milliseconds since 1970, and what is no value fails the query.

    Source: Athena user guide, 'Open CSV SerDe for processing CSV'.
    """
    if base == "date":
        value = f"DATE '1970-01-01' + TRY_CAST({cell} AS INTEGER)"
    elif base.startswith("timestamp"):
        value = f"make_timestamp_ms(TRY_CAST({cell} AS BIGINT))"
    else:
        value = _from_text(cell, column.type, base)
    message = f"'TRINO:HIVE_BAD_DATA:Error parsing field value ''' || {cell} || ''' for field {column.name}:END'"
    return f"CASE WHEN {cell} IS NOT NULL THEN coalesce({value}, error({message})) END"
