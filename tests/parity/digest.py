"""A hash of a row that each engine computes by itself, in its own SQL.

Every value becomes a text that is the same on both engines, each text its MD5 (or `null`), and the row the MD5 of
those: of fixed length, so that neighbours cannot borrow characters from each other, and NULL is no empty string.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

ATHENA: Mapping[str, str] = {
    "text": "{}",
    "integer": "cast({} as varchar)",
    "decimal": "cast({} as varchar)",
    "date": "cast({} as varchar)",
    "timestamp": "cast(cast({} as timestamp(6)) as varchar)",
    "timestamp with zone": "cast(cast({} at time zone 'UTC' as timestamp(6)) as varchar)",
    "boolean": "case when {0} then 'true' when not {0} then 'false' end",
    # To nine places, and without the sign of a zero: the engines write doubles in different ways.
    "double": "cast(cast({} as decimal(38, 9)) as varchar)",
}
"""Kind of value -> its text on Athena."""

REDSHIFT: Mapping[str, str] = {
    "text": "{}",
    "integer": "cast({} as varchar(40))",
    "decimal": "cast({} as varchar(42))",
    "date": "to_char({}, 'YYYY-MM-DD')",
    "timestamp": "to_char({}, 'YYYY-MM-DD HH24:MI:SS.US')",
    "timestamp with zone": "to_char({} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
    "boolean": "case when {0} then 'true' when not {0} then 'false' end",
    "double": "cast(cast({} as decimal(38, 9)) as varchar(42))",
}
"""Kind of value -> its text on Redshift."""

KINDS: Mapping[str, str] = {
    "varchar": "text",
    "bigint": "integer",
    "integer": "integer",
    "numeric": "decimal",
    "date": "date",
    "timestamp": "timestamp",
    "boolean": "boolean",
}
"""Type of a column in the warehouse's contract, without its length -> kind of value."""


def kind_of(data_type: str) -> str:
    """Return the kind of a column's values; KeyError for a type that nobody has thought of yet."""
    return KINDS[data_type.partition("(")[0]]


def on_athena(values: Iterable[tuple[str, str]]) -> str:
    """Return Athena's hash of a row of (expression, kind)."""
    tokens = (f"coalesce({_athena_md5(ATHENA[kind].format(value))}, 'null')" for value, kind in values)
    return _athena_md5(f"concat('', {', '.join(tokens)})")


def on_redshift(values: Iterable[tuple[str, str]]) -> str:
    """Return Redshift's hash of a row of (expression, kind)."""
    tokens = (f"coalesce(md5({REDSHIFT[kind].format(value)}), 'null')" for value, kind in values)
    return f"md5({' || '.join(tokens)})"


def _athena_md5(text: str) -> str:
    return f"lower(to_hex(md5(to_utf8({text}))))"
