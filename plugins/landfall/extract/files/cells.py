"""What stands in a cell of a file, as syntax trees: each format carries a column's value in a way of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlglot import exp

from landfall.contracts.extract_product import Format, ProductColumn
from landfall.extract.door.options import UTC, FileOptions

FORMULA_STARTS: Final = "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"
"""First characters that make a spreadsheet read a cell as a formula (OWASP ASVS 1.2.10), also those of double width."""

FORMULA_ESCAPE: Final = "'"
"""Put before such a cell in CSV; a reader gets the text back by dropping it."""

ESCAPED_STARTS: Final = FORMULA_STARTS + FORMULA_ESCAPE
"""What the escape is put before: also itself, so that dropping it before any of these is always right."""

_TIMESTAMP_FORMAT: Final = "YYYY-MM-DD HH24:MI:SS.MS"


def cell(column: ProductColumn, *, file_format: Format, options: FileOptions) -> exp.Expr:
    """Return what stands in a file of `file_format` for `column`, named as the column."""
    written = _CELLS[file_format](column, options)
    return written if isinstance(written, exp.Column) else exp.alias_(written, column.name)


def _csv_cell(column: ProductColumn, options: FileOptions) -> exp.Expr:
    """Text that a spreadsheet would run is made text again; a number is none, its sign may stay."""
    if column.type == "string":
        return _harmless(column.name)
    if column.type.startswith("decimal") and options.decimal_sign == "comma":
        digits = exp.cast(exp.column(column.name), exp.DataType.Type.VARCHAR)
        return exp.func("REPLACE", digits, exp.Literal.string("."), exp.Literal.string(","))
    return _jsonl_cell(column, options)


def _jsonl_cell(column: ProductColumn, options: FileOptions) -> exp.Expr:
    value = exp.column(column.name)
    if column.type != "timestamp":
        return value
    moment: exp.Expr = value
    if options.time_zone != UTC:
        zones = (exp.Literal.string(UTC), exp.Literal.string(options.time_zone))
        moment = exp.func("CONVERT_TIMEZONE", *zones, value, dialect="redshift")
    return exp.func("TO_CHAR", moment, exp.Literal.string(_TIMESTAMP_FORMAT), dialect="redshift")


def _parquet_cell(column: ProductColumn, _options: FileOptions) -> exp.Expr:
    """Athena's UNLOAD writes Parquet timestamps of milliseconds."""
    if column.type != "timestamp":
        return exp.column(column.name)
    return exp.cast(exp.column(column.name), "TIMESTAMP(3)", dialect="athena")


def _harmless(name: str) -> exp.Expr:
    first = exp.func("ASCII", exp.column(name))
    starts = [exp.Literal.number(ord(character)) for character in ESCAPED_STARTS]
    # ASCII('') is 0 too, so NUL alone cannot tell an empty cell from one that starts with it.
    is_formula = exp.and_(exp.func("LENGTH", exp.column(name)) > 0, exp.In(this=first, expressions=starts))
    escape = exp.func("CHR", exp.Literal.number(ord(FORMULA_ESCAPE)))  # a literal would need backslashes in Redshift
    escaped = exp.DPipe(this=escape, expression=exp.column(name), safe=True)
    return exp.Case().when(is_formula, escaped).else_(exp.column(name))


_CELLS: Final[Mapping[Format, Callable[[ProductColumn, FileOptions], exp.Expr]]] = {
    "csv": _csv_cell,
    "jsonl": _jsonl_cell,
    "parquet": _parquet_cell,
    "xlsx": _jsonl_cell,  # of whose rows it is made
}
