"""Redshift's functions: those DuckDB has with the same meaning, and macros for the rest (functions.sql)."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import duckdb

DUCKDB_SAME = frozenset(
    [
        "abs",
        "acos",
        "asin",
        "atan",
        "atan2",
        "cos",
        "sin",
        "tan",
        "cot",
        "degrees",
        "radians",
        "exp",
        "ln",
        "pi",
        "sign",
        "cbrt",
        "lower",
        "upper",
        "reverse",
        "repeat",
        "replace",
        "chr",
        "ascii",
        "md5",
        "strpos",
        "split_part",
        "btrim",
        "ltrim",
        "rtrim",
        "left",
        "right",
        "lpad",
        "rpad",
        "regexp_full_match",
        "bit_and",
        "bit_or",
        "bool_and",
        "bool_or",
        "any_value",
        "stddev",
        "stddev_samp",
        "stddev_pop",
        "variance",
        "var_samp",
        "var_pop",
        "lead",
        "lag",
        "first_value",
        "last_value",
        "nth_value",
        "ntile",
        "rank",
        "dense_rank",
        "row_number",
        "percent_rank",
        "cume_dist",
        "generate_series",
    ]
)
"""Function names passed through: DuckDB gives the same answer for the arguments Redshift allows."""


def macro_script(database: str) -> str:
    """The text of functions.sql with the name of the user's database put in."""
    return files(__package__).joinpath("functions.sql").read_text().replace("{database}", database)


@cache
def macro_names() -> frozenset[str]:
    """Lower-case names of the macros that functions.sql and system_views.sql create."""
    scripts = macro_script("") + files("localcloud.redshift.engine").joinpath("system_views.sql").read_text()
    return frozenset(re.findall(r"^CREATE MACRO (\w+)", scripts, re.M))


def install_macros(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    """Create the macros in the connection's current schema."""
    connection.execute(macro_script(database))
