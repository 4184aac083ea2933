"""Values at the edges of their types: as rows that both engines read, and as expressions that each computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

COLUMNS: Mapping[str, tuple[str, str]] = {
    "name": ("string", "text"),
    "big": ("bigint", "integer"),
    "words": ("string", "text"),
    "amount": ("decimal(38,9)", "decimal"),
    "moment": ("timestamp", "timestamp"),
    "day": ("date", "date"),
    "flag": ("boolean", "boolean"),
    "ratio": ("double", "double"),
}
"""Column of the table of edges -> its Hive type and the kind of its values."""

ROWS: Mapping[str, Mapping[str, str]] = {
    "nothing": {},
    "empty string": {"words": "''"},
    "spaces at both ends": {"words": "'  a  '"},
    "only spaces": {"words": "'   '"},
    "beyond the basic plane": {"words": "'\U0001f600 \U00010437'"},
    "composed": {"words": "'\u00e9'"},
    "combining": {"words": "'e\u0301'"},
    "right to left": {"words": "'\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627'"},
    "quotes and lines": {"words": "'it''s \"so\", \\n \u2028 \t'"},
    "largest": {"big": "9223372036854775807", "amount": "decimal '99999999999999999999999999999.999999999'"},
    "smallest": {"big": "(-9223372036854775807 - 1)", "amount": "decimal '-99999999999999999999999999999.999999999'"},
    "beyond the whole numbers of a double": {
        "big": "9007199254740993",
        "amount": "decimal '9007199254740993.000000001'",
    },
    "least fraction": {"amount": "decimal '-0.000000001'", "ratio": "1e-9"},
    "zero": {"big": "0", "amount": "decimal '0'", "ratio": "0e0"},
    "negative zero": {"ratio": "-0e0"},
    "no binary fraction": {"ratio": "1e-1"},
    "large double": {"ratio": "-1.25e12"},
    "just before 1970": {"moment": "timestamp '1969-12-31 23:59:59.999999'", "day": "date '1969-12-31'"},
    "long before 1970": {"moment": "timestamp '1900-02-28 00:00:00.000001'", "day": "date '1600-02-29'"},
    "after 2038": {"moment": "timestamp '2038-01-19 03:14:08'", "day": "date '2100-03-01'"},
    "true": {"flag": "true"},
    "false": {"flag": "false"},
}
"""Name of a row -> column -> Athena's literal; other columns are NULL."""

EXPRESSIONS: Sequence[tuple[str, str, str]] = (
    (
        "timestamp with zone",
        "timestamp '2026-03-29 02:30:00.123456 +05:30'",
        "cast('2026-03-29 02:30:00.123456+05:30' as timestamptz)",
    ),
    ("timestamp with zone", "timestamp '1969-12-31 23:00:00 -11:00'", "cast('1969-12-31 23:00:00-11' as timestamptz)"),
    ("timestamp with zone", "cast(null as timestamp with time zone)", "cast(null as timestamptz)"),
    ("decimal", "cast(9223372036854775807 as decimal(38, 0)) + 1", "cast(9223372036854775807 as decimal(38, 0)) + 1"),
    ("integer", "cast(round(cast(5 as bigint) * decimal '0.50000000') as bigint)", "cast(round(5 * 0.5) as bigint)"),
    ("integer", "cast(round(cast(-5 as bigint) * decimal '0.50000000') as bigint)", "cast(round(-5 * 0.5) as bigint)"),
    ("integer", "-7 / 2", "-7 / 2"),
    ("integer", "-7 % 3", "-7 % 3"),
    ("integer", "length('\U0001f600 e\u0301')", "len('\U0001f600 e\u0301')"),
    ("text", "upper('\u00e9a')", "upper('\u00e9a')"),
    ("text", "concat('a', cast(null as varchar))", "'a' || cast(null as varchar(1))"),
    ("text", "coalesce(nullif('', ''), 'none')", "coalesce(nullif('', ''), 'none')"),
    ("boolean", "cast(null as boolean) or true", "cast(null as boolean) or true"),
    ("boolean", "cast(null as boolean) and true", "cast(null as boolean) and true"),
    ("date", "date_add('month', 1, date '2024-01-31')", "cast(add_months(date '2024-01-31', 1) as date)"),
    (
        "integer",
        "date_diff('day', date '1969-12-31', date '1970-01-02')",
        "datediff(day, date '1969-12-31', date '1970-01-02')",
    ),
)
"""Kind, Athena's expression, Redshift's expression."""
