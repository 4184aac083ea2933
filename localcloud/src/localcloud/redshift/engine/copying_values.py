"""From the text of a COPY's field to the value of its column, and why that may fail."""

from __future__ import annotations

import re

from sqlglot import exp

from localcloud.redshift.engine.catalog import CatalogColumn
from localcloud.redshift.errors import unsupported
from localcloud.redshift.sql.copy_options import CopyOptions
from localcloud.redshift.sql.types import byte_limit, of_declaration

_FORMAT_PARTS = {
    "YYYY": "%Y", "YY": "%y", "MONTH": "%B", "MON": "%b", "MM": "%m", "DD": "%d", "HH24": "%H", "HH12": "%I",
    "HH": "%H", "MI": "%M", "SS": "%S", "US": "%f", "MS": "%g", "AM": "%p", "PM": "%p",
}  # fmt: skip
_FAILURES = (
    (re.compile("DATE$"), 1205, "Invalid Date Format - length must be 10 or more"),
    (re.compile("TIMESTAMP"), 1206, "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"),
    (re.compile("DECIMAL"), 1209, "Invalid digit, Value '{0}', Pos {1}, Type: Decimal"),
    (re.compile("FLOAT|DOUBLE"), 1208, "Invalid digit, Value '{0}', Pos {1}, Type: Double"),
    (re.compile("BOOLEAN"), 1210, "Unknown boolean format"),
    (re.compile("SMALLINT"), 1207, "Invalid digit, Value '{0}', Pos {1}, Type: Short"),
    (re.compile("INTEGER"), 1207, "Invalid digit, Value '{0}', Pos {1}, Type: Integer"),
    (re.compile("BIGINT"), 1207, "Invalid digit, Value '{0}', Pos {1}, Type: Long"),
)


def stored_type(column: CatalogColumn) -> str:
    """DuckDB's type of a column."""
    return of_declaration(exp.DataType.build(column.type_name, dialect="redshift")).duckdb


def cleaned(field: str, column: CatalogColumn, options: CopyOptions) -> str:
    """A DuckDB expression of the text that counts, NULL where the options say so; `field` names a VARCHAR column."""
    if stored_type(column) != "VARCHAR":
        return f"nullif(trim({field}), '')"
    value = f"rtrim({field}, ' ')" if options.trim_blanks else field
    if options.blanks_as_null:
        return f"CASE WHEN trim({value}) = '' THEN NULL ELSE {value} END"
    return f"nullif({value}, '')" if options.empty_as_null else value


def converted(text: str, column: CatalogColumn, options: CopyOptions) -> str:
    """A DuckDB expression of the value, NULL also where it can't be made from `text`."""
    kind = stored_type(column)
    limit = byte_limit(column.type_name)
    if kind == "VARCHAR":
        if limit is None:
            return text
        if options.truncate_columns:
            return f"rs_truncate({text}, {limit})"
        return f"CASE WHEN strlen({text}) <= {limit} THEN {text} END"
    if kind == "DATE" and options.date_format.lower() != "auto":
        return f"TRY_CAST(try_strptime({text}, '{_strptime(options.date_format)}') AS DATE)"
    if kind.startswith("TIMESTAMP"):
        return _timestamp(text, kind, options)
    if kind == "BLOB":
        return f"unhex({text})"
    if kind.startswith("DECIMAL") and not options.round_decimals:
        scale = int(kind.rstrip(")").split(",")[1])
        shortened = f"regexp_replace({text}, '(\\.\\d{{{scale}}})\\d+$', '\\1')"
        return f"TRY_CAST({shortened} AS {kind})"
    if "INT" in kind:
        return f"CASE WHEN regexp_full_match({text}, '[+-]?\\d+') THEN TRY_CAST({text} AS {kind}) END"
    return f"TRY_CAST({text} AS {kind})"


def _timestamp(text: str, kind: str, options: CopyOptions) -> str:
    form = options.time_format.lower()
    if form in ("epochsecs", "epochmillisecs"):
        factor = 1_000_000 if form == "epochsecs" else 1_000
        return f"CAST(make_timestamp(CAST(TRY_CAST({text} AS DOUBLE) * {factor} AS BIGINT)) AS {kind})"
    if form == "auto":
        return f"TRY_CAST({text} AS {kind})"
    return f"TRY_CAST(try_strptime({text}, '{_strptime(options.time_format)}') AS {kind})"


def _strptime(pattern: str) -> str:
    parts = "|".join(sorted(_FORMAT_PARTS, key=len, reverse=True))
    found = re.sub(parts, lambda match: _FORMAT_PARTS[match[0].upper()], pattern, flags=re.I)
    if re.search(r"(?<!%)[A-Za-z]{2,}", re.sub(r"%\w", "", found)):
        raise unsupported(f"the COPY date or time format '{pattern}'")
    return found.replace("'", "''")


def reason(column: CatalogColumn, value: str) -> tuple[int, str]:
    """AWS's code and text for a value that its column can't take."""
    kind = stored_type(column)
    if kind == "VARCHAR":
        return 1204, "String length exceeds DDL length"
    for pattern, code, text in _FAILURES:
        if pattern.search(kind):
            place = re.match(r"[+-]?[\d.]*", value)
            position = place.end() if place else 0
            return code, text.format(value[position : position + 1], position)
    return 1200, f"Invalid value for type {column.type_name}"
