"""Functions of dates and times whose unit or format must be known when the query is translated."""

from __future__ import annotations

import re

from sqlglot import exp

from localcloud.athena.sql.nodes import call, type_of
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.types import parts

_UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")
_MYSQL_TO_STRFTIME = {
    "Y": "%Y", "y": "%y", "m": "%m", "c": "%-m", "d": "%d", "e": "%-d", "H": "%H", "k": "%-H", "h": "%I", "I": "%I",
    "l": "%-I", "i": "%M", "s": "%S", "S": "%S", "f": "%f", "p": "%p", "T": "%H:%M:%S", "r": "%I:%M:%S %p", "M": "%B",
    "b": "%b", "W": "%A", "a": "%a", "j": "%j", "v": "%V", "x": "%G", "%": "%%",
}  # fmt: skip
_FIELDS = {
    "day_of_week": "isodow",
    "dow": "isodow",
    "day_of_month": "day",
    "day_of_year": "doy",
    "week_of_year": "week",
}


def _text(node: exp.Expr, what: str) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise NotSupportedError(f"{what} that is no literal")
    return str(node.this)


def _unit(node: exp.Expr) -> str:
    unit = _text(node, "a time unit").lower()
    if unit not in _UNITS:
        raise LakeError("INVALID_FUNCTION_ARGUMENT", f"'{unit}' is not a valid time field")
    return unit


def _as(node: exp.Expr, template: str, **values: exp.Expr) -> exp.Expr:
    """DuckDB SQL with `{name}` replaced by the rendered values."""
    rendered = {name: value.sql(dialect="duckdb") for name, value in values.items()}
    return exp.maybe_parse(template.format(**rendered), dialect="duckdb")


def _kept(node: exp.Expr, value: exp.Expr, template: str, **values: exp.Expr) -> exp.Expr:
    """`template`, brought back to DATE where the value it moves is a date."""
    kind = type_of(value)
    if kind is None:
        raise NotSupportedError(f"{node.name.lower()}() of an expression whose type is not known")
    return _as(node, f"CAST({template} AS DATE)" if kind == "date" else template, **values)


def _require_date_unit(unit: exp.Expr, value: exp.Expr) -> None:
    if type_of(value) == "date" and _unit(unit) in ("millisecond", "second", "minute", "hour"):
        raise LakeError("INVALID_FUNCTION_ARGUMENT", f"'{_unit(unit)}' is not a valid DATE field")


def _date_trunc(node: exp.Expr) -> exp.Expr:
    unit, value = node.expressions
    _require_date_unit(unit, value)
    return _kept(node, value, f"date_trunc('{_unit(unit)}', {{x}})", x=value)


def _date_add(node: exp.Expr) -> exp.Expr:
    unit, amount, value = node.expressions
    name = _unit(unit)
    _require_date_unit(unit, value)
    step = (
        "to_months(CAST(3 * ({n}) AS INTEGER))" if name == "quarter" else f"to_{name}s(CAST({{n}} AS {_amount(name)}))"
    )
    return _kept(node, value, f"({{x}} + {step})", x=value, n=amount)


def _amount(unit: str) -> str:
    return {"millisecond": "DOUBLE", "second": "DOUBLE", "minute": "BIGINT", "hour": "BIGINT"}.get(unit, "INTEGER")


def _date_diff(node: exp.Expr) -> exp.Expr:
    unit, start, end = node.expressions
    # Trino counts whole units that have passed, DuckDB's date_diff the borders between them: that is date_sub.
    kinds = {parts(type_of(value) or "")[0] for value in (start, end)}
    target = "TIMESTAMPTZ" if any(kind.endswith("zone") for kind in kinds) else "TIMESTAMP"
    template = f"date_sub('{_unit(unit)}', CAST({{a}} AS {target}), CAST({{b}} AS {target}))"
    return _as(node, template, a=start, b=end)


def _format(node: exp.Expr) -> str:
    text = _text(node, "a date format")

    def replaced(match: re.Match[str]) -> str:
        if match[1] not in _MYSQL_TO_STRFTIME:
            raise LakeError("INVALID_FUNCTION_ARGUMENT", f"%{match[1]} not supported in date format string")
        return _MYSQL_TO_STRFTIME[match[1]]

    return re.sub("%(.)", replaced, text).replace("'", "''")


def _date_parse(node: exp.Expr) -> exp.Expr:
    text, pattern = node.expressions
    if not re.search("%[YyxT]", _text(pattern, "a date format").replace("%T", "")):
        raise NotSupportedError("date_parse() with a format without a year")
    return _as(node, "date_trunc('millisecond', strptime({x}, '" + _braced(_format(pattern)) + "'))", x=text)


def _date_format(node: exp.Expr) -> exp.Expr:
    value, pattern = node.expressions
    return _as(node, "strftime(CAST({x} AS TIMESTAMP), '" + _braced(_format(pattern)) + "')", x=value)


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _to_iso8601(node: exp.Expr) -> exp.Expr:
    value = node.expressions[0]
    base, arguments = parts(type_of(value) or "")
    if base == "date":
        return _as(node, "CAST({x} AS VARCHAR)", x=value)
    digits = {"0": "", "3": ".%g", "6": ".%f"}.get((arguments or ["3"])[0])
    if digits is None or not base.startswith("timestamp"):
        raise NotSupportedError(f"to_iso8601() of {base or 'an expression whose type is not known'}")
    zone = "Z" if base.endswith("zone") else ""
    return _as(node, f"strftime(CAST({{x}} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S{digits}{zone}')", x=value)


def _date(node: exp.Expr) -> exp.Expr:
    value = node.expressions[0]
    if parts(type_of(value) or "")[0] == "varchar":
        return _as(node, "trino_date_from_text({x})", x=value)
    return _as(node, "CAST({x} AS DATE)", x=value)


def _current_date(node: exp.Expr) -> exp.Expr:
    return exp.CurrentDate()


def extract(node: exp.Expr) -> exp.Expr:
    """EXTRACT(field FROM value)."""
    field = node.this.name.lower()
    if field in ("timezone_hour", "timezone_minute"):
        raise NotSupportedError(f"extract({field})")
    return _as(node, f"date_part('{_FIELDS.get(field, field)}', {{x}})", x=node.expression)


def _from_iso8601(node: exp.Expr) -> exp.Expr:
    """A timestamp keeps its zone in Trino but not here: another zone than UTC is for uses that see the instant only."""
    parent = node.parent
    instant = isinstance(parent, exp.AtTimeZone) or (
        isinstance(parent, exp.Anonymous) and parent.name.lower() in ("at_timezone", "to_unixtime")
    )
    value = node.expressions[0] if instant else call("trino_in_utc", *node.expressions)
    return call("trino_from_iso8601_timestamp", value)


SPECIAL = {
    "from_iso8601_timestamp": _from_iso8601,
    "date_trunc": _date_trunc,
    "date_add": _date_add,
    "date_diff": _date_diff,
    "date_parse": _date_parse,
    "date_format": _date_format,
    "to_iso8601": _to_iso8601,
    "date": _date,
    "current_date": _current_date,
}
