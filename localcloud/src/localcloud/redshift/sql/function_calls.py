"""Calls of Redshift's functions that sqlglot knows by name only, as DuckDB expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql import aggregates, arithmetic, dates, formats, kinds
from localcloud.redshift.sql.expressions import kind_of
from localcloud.redshift.sql.functions import FUNCTIONS, system_functions
from localcloud.redshift.sql.nodes import BUILT, call, cast


def rewrite_call(node: exp.Expr) -> exp.Expr:
    """A call of a function that sqlglot has no class for; raises RedshiftError 42883 for an unknown one."""
    if node.meta.get(BUILT):
        return node
    name = node.name.lower()
    if name in _BY_NAME:
        return _BY_NAME[name](node)
    if name in FUNCTIONS:
        node.set("this", FUNCTIONS[name].duckdb)
        return node
    if name in system_functions():
        node.set("this", f"rs_{name}")
        return node
    raise RedshiftError("42883", f"function {name}() does not exist or is not supported by the local cloud")


def _formatted(node: exp.Anonymous) -> exp.Expr:
    """to_char, to_date and to_timestamp."""
    name = str(node.this).lower()
    if len(node.expressions) != 2 or not isinstance(node.expressions[1], exp.Literal):
        raise unsupported(f"{name} without a literal format")
    value, pattern = node.expressions[0], node.expressions[1].name
    if name == "to_char":
        if kinds.is_number(kind_of(value)):
            raise unsupported("to_char of a number")
        return formats.to_char(dates.moment(value), pattern)
    moment = formats.parse_timestamp(value, pattern, name)
    return exp.Cast(this=moment, to=exp.DataType.build("DATE" if name == "to_date" else "TIMESTAMPTZ"))


def _truncate(node: exp.Anonymous) -> exp.Expr:
    """TRUNC of a timestamp is its date, TRUNC of a number cuts decimals."""
    value = node.expressions[0]
    if kind_of(value) in (kinds.TIMESTAMP, kinds.TIMESTAMPTZ, kinds.DATE):
        return cast(value, kinds.DATE)
    return call("trunc", *node.expressions)


def _round(node: exp.Anonymous) -> exp.Expr:
    """A float is rounded half to even, as PostgreSQL's dround does, any other number half away from zero."""
    value = node.expressions[0]
    if kinds.is_float(kind_of(value)) and len(node.expressions) == 1:
        return call("round_even", value, exp.Literal.number(0))
    return call("round", *node.expressions)


def _sign(node: exp.Anonymous) -> exp.Expr:
    return cast(call("sign", *node.expressions), kind_of(node) or kinds.DOUBLE)


def _end_of_text(node: exp.Anonymous) -> exp.Expr:
    """LEFT and RIGHT; a literal length is not negative, and DuckDB takes the check for a side effect."""
    name = str(node.this).lower()
    return call(name if isinstance(node.expressions[1], exp.Literal) else f"rs_{name}", *node.expressions)


def _length(node: exp.Anonymous) -> exp.Expr:
    """Trailing blanks of a CHAR are not counted; bytes of a VARBYTE are."""
    value = node.expressions[0]
    if kind_of(value) == kinds.VARBYTE:
        return call("rs_octet_length", value)
    return call("rs_len", value)


def _series(node: exp.Anonymous) -> exp.Expr:
    """In the place of a value, one row for each number."""
    series = call("generate_series", *node.expressions)
    return series if isinstance(node.parent, exp.Table) else call("unnest", series)


def _json_path(node: exp.Anonymous) -> exp.Expr:
    """JSON_EXTRACT_PATH_TEXT takes up to five path elements; a last TRUE asks for NULL instead of an error."""
    document, *path = node.expressions
    lenient = isinstance(path[-1], exp.Boolean)
    if lenient and path.pop().this is False:
        lenient = False
    keys = exp.Array(expressions=[step for step in path])
    return call("rs_json_path_text", document, keys, exp.Boolean(this=lenient))


_BY_NAME: dict[str, Callable[[Any], exp.Expr]] = {
    "to_char": _formatted,
    "to_date": _formatted,
    "to_timestamp": _formatted,
    "trunc": _truncate,
    "round": _round,
    "sign": _sign,
    "left": _end_of_text,
    "right": _end_of_text,
    "len": _length,
    "length": _length,
    "char_length": _length,
    "character_length": _length,
    "textlen": _length,
    "mod": lambda node: arithmetic.modulo(
        exp.Mod(this=exp.Paren(this=node.expressions[0]), expression=exp.Paren(this=node.expressions[1]))
    ),
    "dateadd": dates.dateadd,
    "date_add": dates.dateadd,
    "datediff": dates.datediff,
    "date_diff": dates.datediff,
    "date_part": dates.date_part,
    "pgdate_part": dates.date_part,
    "date_part_year": dates.date_part,
    "date_trunc": dates.date_trunc,
    "json_extract_path_text": _json_path,
    "grouping": lambda node: cast(call("grouping", *node.expressions), kinds.INTEGER),
    "generate_series": _series,
    "ratio_to_report": aggregates.ratio_to_report,
}
