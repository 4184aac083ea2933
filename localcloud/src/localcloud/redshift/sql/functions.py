"""Redshift's functions: those DuckDB has with the same meaning, and macros for the rest (functions.sql)."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import duckdb
from sqlglot import exp

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

SAME_EXPRESSIONS: frozenset[type] = frozenset(
    getattr(exp, name)
    for name in [
        "And",
        "Or",
        "Xor",
        "Case",
        "If",
        "Coalesce",
        "Nullif",
        "Nvl2",
        "Greatest",
        "Least",
        "DecodeCase",
        "Exists",
        "Cast",
        "TryCast",
        "Any",
        "Count",
        "Sum",
        "Avg",
        "Min",
        "Max",
        "Median",
        "Stddev",
        "StddevPop",
        "StddevSamp",
        "Variance",
        "VariancePop",
        "ApproxDistinct",
        "GroupConcat",
        "PercentileCont",
        "PercentileDisc",
        "LogicalAnd",
        "LogicalOr",
        "AnyValue",
        "BitwiseAndAgg",
        "BitwiseOrAgg",
        "RowNumber",
        "Rank",
        "DenseRank",
        "PercentRank",
        "CumeDist",
        "Ntile",
        "Lag",
        "Lead",
        "FirstValue",
        "LastValue",
        "NthValue",
        "Upper",
        "Lower",
        "Length",
        "Substring",
        "Trim",
        "Concat",
        "DPipe",
        "Replace",
        "Left",
        "Right",
        "Pad",
        "Repeat",
        "Reverse",
        "StrPosition",
        "SplitPart",
        "Chr",
        "Ascii",
        "MD5",
        "RegexpLike",
        "RegexpILike",
        "Abs",
        "Ceil",
        "Floor",
        "Round",
        "Sqrt",
        "Pow",
        "Ln",
        "Exp",
        "Sign",
        "Cbrt",
        "Sin",
        "Cos",
        "Tan",
        "Cot",
        "Asin",
        "Acos",
        "Atan",
        "Atan2",
        "Degrees",
        "Radians",
        "Pi",
        "Rand",
        "CurrentDate",
        "CurrentTimestamp",
        "DateAdd",
        "DateSub",
        "DateDiff",
        "DateTrunc",
        "TimestampTrunc",
        "TsOrDsAdd",
        "TsOrDsDiff",
        "TsOrDsToDate",
        "Extract",
        "LastDay",
        "Initcap",
        "ExplodingGenerateSeries",
        "CurrentUser",
        "SessionUser",
        "CurrentDatabase",
        "CurrentSchema",
        "CurrentVersion",
        "GenerateSeries",
        "Anonymous",
        "AnonymousAggFunc",
    ]
    if hasattr(exp, name)
)
"""Functions of sqlglot's that may go through: what it writes for DuckDB means what Redshift means."""


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
