"""The functions this engine knows, by Redshift's names: the list is closed, and whatever is not in it is refused.

Each is a DuckDB function of the same meaning, a macro of functions.sql (`rs_` before the name), or is written by
rewrites.py, which knows the types of the arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import duckdb

from localcloud.redshift.sql import kinds
from localcloud.redshift.sql.kinds import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    SUPER,
    TIMESTAMP,
    TIMESTAMPTZ,
    VARBYTE,
    VARCHAR,
    Kind,
)  # fmt: skip

Returns = Callable[[Sequence[Kind]], Kind]
_MANY = 100


@dataclass(frozen=True)
class Function:
    """`duckdb` is what to call; `arity` the fewest and the most arguments; `returns` the result's type."""

    duckdb: str
    returns: Returns
    arity: tuple[int, int]


def _always(kind: str) -> Returns:
    return lambda _: kind


def _first(arguments: Sequence[Kind]) -> Kind:
    return arguments[0] if arguments else None


def _whole(arguments: Sequence[Kind]) -> Kind:
    """CEIL, FLOOR and one-argument TRUNC: a NUMERIC loses its scale, an integer becomes DOUBLE PRECISION."""
    first = _first(arguments)
    if first is not None and kinds.is_numeric(first):
        return kinds.numeric(kinds.digits(first)[0], 0)
    return DOUBLE if kinds.is_number(first) else first


def _sign(arguments: Sequence[Kind]) -> Kind:
    first = _first(arguments)
    return kinds.numeric(1, 0) if kinds.is_numeric(first) else DOUBLE if kinds.is_float(first) else first


def _modulo(arguments: Sequence[Kind]) -> Kind:
    return kinds.arithmetic("%", arguments[0], arguments[1]) if len(arguments) > 1 else None


def _series(arguments: Sequence[Kind]) -> Kind:
    """DuckDB counts in BIGINT."""
    return BIGINT if kinds.is_integer(_first(arguments)) else _first(arguments)


def _unknown(_: Sequence[Kind]) -> Kind:
    return None


FUNCTIONS: dict[str, Function] = {}
"""By lower-case name."""


def _same(names: str, returns: Returns, least: int = 1, most: int = 0) -> None:
    for name in names.split():
        FUNCTIONS[name] = Function(name, returns, (least, most or least))


def _macros(names: str, returns: Returns, least: int = 1, most: int = 0) -> None:
    for name in names.split():
        FUNCTIONS[name] = Function(f"rs_{name}", returns, (least, most or least))


# Mathematics
_same("sin cos tan cot asin acos atan degrees radians exp ln cbrt", _always(DOUBLE))
_same("atan2", _always(DOUBLE), 2)
_same("pi", _always(DOUBLE), 0)
_same("random", _always(DOUBLE), 0)
_same("abs", _first)
_macros("sqrt log dlog1 dlog10 dexp", _always(DOUBLE))
_macros("pow power dpow", _always(DOUBLE), 2)
_macros("sign", _sign)
_macros("ceil ceiling floor", _whole)
_macros("round", _unknown, 1, 2)
_macros("trunc", _unknown, 1, 2)
_macros("mod", _modulo, 2)
_macros("to_hex", _always(VARCHAR))
_macros("strtol", _always(BIGINT), 2)
# Text
_same("lower upper reverse", _always(VARCHAR))
_same("md5", _always(VARCHAR))
_same("replace", _always(VARCHAR), 3)
_same("translate", _always(VARCHAR), 3)
_same("chr", _always(VARCHAR))
_same("ascii", _always(INTEGER))
_same("ltrim rtrim", _always(VARCHAR), 1, 2)
_macros("btrim", _always(VARCHAR), 1, 2)
_macros("left right repeat replicate", _always(VARCHAR), 2)
_macros("split_part", _always(VARCHAR), 3)
_macros("lpad rpad", _always(VARCHAR), 2, 3)
_macros("substring substr", _always(VARCHAR), 2, 3)
_macros("strpos charindex", _always(INTEGER), 2)
_macros("len length char_length character_length textlen octet_length", _always(INTEGER))
_macros("concat", _always(VARCHAR), 2)
_macros("initcap quote_literal", _always(VARCHAR))
_macros("sha1 sha func_sha1", _always(VARCHAR))
_macros("sha2", _always(VARCHAR), 2)
_macros("regexp_substr", _always(VARCHAR), 2, 5)
_macros("regexp_count", _always(INTEGER), 2, 4)
_macros("regexp_instr", _always(INTEGER), 2, 4)
_macros("regexp_replace", _always(VARCHAR), 2, 5)
# Date and time
_macros("getdate sysdate", _always(TIMESTAMP), 0)
_macros("now", _always(TIMESTAMPTZ), 0)
_macros("convert_timezone", _always(TIMESTAMP), 2, 3)
_macros("add_months", _always(TIMESTAMP), 2)
_macros("months_between", _always(DOUBLE), 2)
_macros("last_day", _always(DATE))
_macros("next_day", _always(DATE), 2)
_macros("dateadd date_add", lambda arguments: kinds.moment(arguments[2]) if len(arguments) > 2 else TIMESTAMP, 3)
_macros("datediff date_diff", _always(BIGINT), 3)
_macros("date_part pgdate_part date_part_year", _always(DOUBLE), 1, 2)
_macros("date_trunc", lambda arguments: TIMESTAMPTZ if TIMESTAMPTZ in arguments else TIMESTAMP, 2)
_macros("to_char", _always(VARCHAR), 2)
_macros("to_date", _always(DATE), 2, 3)
_macros("to_timestamp", _always(TIMESTAMPTZ), 2, 3)
_macros("date_cmp timestamp_cmp date_cmp_timestamp timestamp_cmp_date", _always(INTEGER), 2)
# Conditions
_macros("isnull", kinds.common, 2)
# JSON and SUPER
_macros("json_extract_path_text", _always(VARCHAR), 2, 7)
_macros("json_extract_array_element_text", _always(VARCHAR), 2, 3)
_macros("json_array_length", _always(INTEGER), 1, 2)
_macros("is_valid_json is_valid_json_array can_json_parse", _always(BOOLEAN))
_macros("json_parse", _always(SUPER))
_macros("json_serialize json_typeof", _always(VARCHAR))
_macros("is_array is_object is_scalar is_varchar is_boolean is_integer is_bigint is_smallint is_float is_decimal",
        _always(BOOLEAN))  # fmt: skip
_macros("array_concat array_flatten subarray split_to_array", _always(SUPER), 1, 3)
for _name in ("array", "object"):
    FUNCTIONS[_name] = Function(f"json_{_name}", _always(SUPER), (0, _MANY))
_macros("get_array_length", _always(BIGINT))
# Bytes
_macros("to_varbyte", _always(VARBYTE), 2)
_macros("from_varbyte", _always(VARCHAR), 2)
_macros("from_hex", _always(VARBYTE))
# Aggregates and windows without rules of their own
_same("stddev stddev_samp stddev_pop variance var_samp var_pop", _always(DOUBLE))
_same("bool_and bool_or", _always(BOOLEAN))
_same("bit_and bit_or any_value", _first)
_same("row_number rank dense_rank", _always(BIGINT), 0)
_same("percent_rank cume_dist", _always(DOUBLE), 0)
_same("grouping", _always(INTEGER))
_same("ntile", _always(BIGINT))
_macros("ratio_to_report", _always(DOUBLE))
# Session and system
_macros("current_schema current_database version", _always(VARCHAR), 0)
_macros("current_setting", _always(VARCHAR), 1, 2)
_macros("set_config", _always(VARCHAR), 3)
_macros("current_schemas", _always(kinds.NAMES))
_macros("pg_backend_pid", _always(INTEGER), 0)
_macros("pg_last_unload_count pg_last_copy_count", _always(BIGINT), 0)
_same("generate_series", _series, 2, 3)

TAKE_SUPER = frozenset(
    [
        *("json_serialize", "json_typeof", "array", "array_concat", "array_flatten", "subarray", "object", "any_value"),
        *("get_array_length", *(name for name in FUNCTIONS if name.startswith("is_"))),
    ]
)
"""Functions with SUPER arguments; any other needs a cast first."""
# fmt: off
PARSED_BY_NAME = frozenset([
    "COUNT", "SUM", "AVG", "MIN", "MAX", "COALESCE", "NVL", "NVL2", "NULLIF", "GREATEST", "LEAST", "LISTAGG", "MEDIAN",
    "PERCENTILE_CONT", "PERCENTILE_DISC", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE",
])
# fmt: on
"""Functions whose call sqlglot takes apart; every other name stays a name until it is looked up here."""
PARSED_BY_SYNTAX = frozenset(["CAST", "CONVERT", "TRY_CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM", "DECODE"])
"""Functions with a grammar of their own."""


def macro_script(database: str) -> str:
    """The text of functions.sql with the name of the user's database put in."""
    return files(__package__).joinpath("functions.sql").read_text().replace("{database}", database)


@cache
def system_functions() -> frozenset[str]:
    """Lower-case names of the functions that the system views' scripts make (format_type, has_table_privilege, …)."""
    scripts = ("system_views.sql", "security_views.sql")
    script = "".join(files("localcloud.redshift.engine").joinpath(each).read_text() for each in scripts)
    return frozenset(name.removeprefix("rs_") for name in re.findall(r"^CREATE MACRO (rs_\w+)", script, re.M))


def is_known(name: str) -> bool:
    """Whether a lower-case name is one of Redshift's own functions that this engine has."""
    return name in FUNCTIONS or name in system_functions()


def install_macros(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    """Create the macros in the connection's current schema."""
    connection.execute(macro_script(database))
