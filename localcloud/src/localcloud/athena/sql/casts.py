"""CAST and TRY_CAST with Trino's rules: what is accepted, how it is rounded, how values look as text."""

from __future__ import annotations

import datetime
import re

from sqlglot import exp

from localcloud.athena.sql import special_types, types
from localcloud.athena.sql.json_casts import to_json
from localcloud.athena.sql.nodes import TYPE, duckdb_type, type_of
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.sql_text import quoted
from localcloud.lake.types import from_data_type, parts, to_duckdb

_FROM_TEXT = {"boolean": "trino_to_boolean", "date": "trino_date_from_text", "varbinary": "encode"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
MICROSECONDS = 6
_TEXT_MACROS = {
    "date": "trino_date_text", "double": "trino_double_text", "real": "trino_double_text", "json": "trino_json_text",
}  # fmt: skip
_PLAIN_TEXT = ("varchar", "char", "boolean", "uuid", "unknown", "ipaddress", "time with time zone")


def cast(node: exp.Expr) -> exp.Expr:
    """The DuckDB form of a CAST or TRY_CAST whose operand is typed and already rewritten."""
    to = node.args["to"]
    target = node.meta.get(TYPE) or from_data_type(to)
    source = type_of(node.this)
    if (literal := special_types.literal(node)) is not None:
        return literal
    if target == "date" and _is_date_literal(node.this):
        return exp.Cast(this=node.this.copy(), to=duckdb_type("date"))
    if target == "double" and types.is_decimal(source) and not isinstance(node, exp.TryCast):
        return exp.Cast(this=node.this.copy(), to=duckdb_type("double"))
    value = node.this.sql(dialect="duckdb")
    if isinstance(node, exp.TryCast):
        return exp.maybe_parse(_tried(value, source, target), dialect="duckdb")
    return exp.maybe_parse(convert(value, source, target), dialect="duckdb")


def _tried(value: str, source: str | None, target: str) -> str:
    """SQL of a TRY_CAST; texts that are no number or time are told beforehand.

    DuckDB's TRY computes a whole vector row by row once one of its rows fails.
    """
    base, arguments = parts(target)
    if is_text(source) and target in types.INTEGERS:
        return f"TRY_CAST(trino_integer_text({value}) AS {to_duckdb(target)})"
    if is_text(source) and base == "timestamp":
        return _rounded(f"trino_timestamp_or_null({value})", source, int(arguments[0]) if arguments else 3, zoned=False)
    return f"TRY({convert(value, source, target)})"


def _is_date_literal(node: exp.Expr) -> bool:
    """Whether it is a date as texts mostly are, which DuckDB reads as Trino does."""
    if not isinstance(node, exp.Literal) or not node.is_string or not _DATE.fullmatch(node.this):
        return False
    try:
        return datetime.date.fromisoformat(node.this).year > 0
    except ValueError:
        return False


def convert(value: str, source: str | None, target: str) -> str:
    """SQL that casts the DuckDB expression `value` of Trino type `source` to the Trino type `target`."""
    if zone := special_types.zone_of(source):
        return _from_zoned(value, str(source), zone, target)
    base, arguments = parts(target)
    if source == "unknown":
        return f"CAST({value} AS {to_duckdb(target)})"
    if base in ("varchar", "char"):
        text = _to_text(value, source, arguments)
        return f"rtrim({text}, ' ')" if base == "char" else text
    if target == "json":
        return to_json(value, source)
    _require_castable(source, target)
    if source == "json" and base not in ("array", "map", "row"):
        return convert(f"({value} ->> '$')", "varchar", target)
    if target in types.INTEGERS:
        return _to_integer(value, source, target)
    if base in ("timestamp", "timestamp with time zone"):
        digits = int(arguments[0]) if arguments else 3
        return _rounded(_to_timestamp(value, source, base), source, digits, base.endswith("zone"))
    if is_text(source) and target in _FROM_TEXT:
        return f"{_FROM_TEXT[target]}({value})"
    if base == "row" and source and parts(source)[0] == "row":
        return _row(value, parts(source)[1], arguments)
    return _directly(value, source, target)


def _directly(value: str, source: str | None, target: str) -> str:
    base, arguments = parts(target)
    if source == "json" and arguments[-1:] == ["json"]:
        return f"trino_json_{base}(CAST({value} AS {to_duckdb(target)}))"
    if base == "decimal" and source in ("double", "real"):
        value = f"CAST({value} AS VARCHAR)"  # Trino rounds the digits that it prints
    return f"CAST({value} AS {to_duckdb(target)})"


def _from_zoned(value: str, source: str, zone: str, target: str) -> str:
    """A cast of an instant that is shown in another zone than UTC."""
    if target == source:
        return value
    if target == "varchar":
        return text_of(value, source)
    if target == "date" or (target.startswith("timestamp(") and target.endswith(")")):
        local = special_types.local_text(value, zone)
        return convert(local, special_types.plain(source).replace(" with time zone", ""), target)
    raise NotSupportedError(f"casting a timestamp of another zone than UTC to {special_types.plain(target)}")


def is_text(trino: str | None) -> bool:
    """Whether this is varchar or char, of any length."""
    return parts(trino or "")[0] in ("varchar", "char")


def _to_text(value: str, source: str | None, length: list[str]) -> str:
    text = f"trino_double_cast({value})" if source in ("double", "real") else text_of(value, source)
    if not length:
        return text
    # Text is cut to the length, anything else has to fit.
    return f"left({text}, {length[0]})" if is_text(source) else f"trino_fitted({text}, {length[0]})"


def text_of(value: str, source: str | None) -> str:
    """SQL for the text Trino makes of a value; results use it too."""
    base, arguments = parts(source or "")
    if zone := special_types.zone_of(source):
        local = special_types.plain(str(source)).replace(" with time zone", "")
        return f"{text_of(special_types.local_text(value, zone), local)} || ' {zone}'"
    if source is None:
        return f"trino_plain_text({value})"
    if base == "char" and arguments:
        return f"rpad({value}, {arguments[0]}, ' ')"
    if base in _PLAIN_TEXT:
        return f"CAST({value} AS VARCHAR)"
    if base in _TEXT_MACROS:
        return f"{_TEXT_MACROS[base]}({value})"
    if base in types.INTEGERS or base == "decimal":
        return f"CAST(CAST({value} AS {to_duckdb(str(source))}) AS VARCHAR)"
    if base.startswith("timestamp"):
        digits = timestamp_digits(arguments)
        text = f"left(strftime(CAST({value} AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%f'), {20 + digits if digits else 19})"
        return f"{text} || ' UTC'" if base.endswith("zone") else text
    if base == "time":
        digits = int((arguments or ["3"])[0])
        text = f"CAST({value} AS VARCHAR)"
        padded = f"rpad({text} || CASE WHEN strpos({text}, '.') = 0 THEN '.' ELSE '' END, 15, '0')"
        return f"left({padded}, {9 + digits if digits else 8})"
    if base.startswith("interval"):
        return f"trino_{'months' if base.endswith('month') else 'seconds'}_text({value})"
    raise LakeError("TYPE_MISMATCH", f"line 1:1: Cannot cast {source} to varchar")


def timestamp_digits(arguments: list[str]) -> int:
    """The digits of a second that a timestamp type has; more than DuckDB's six are refused."""
    digits = int(arguments[0]) if arguments else 3
    if digits > MICROSECONDS:
        raise NotSupportedError(f"timestamp({digits})")
    return digits


def _require_castable(source: str | None, target: str) -> None:
    base = parts(target)[0]
    if source == "json" and base in ("date", "timestamp", "timestamp with time zone", "time"):
        raise LakeError("TYPE_MISMATCH", f"line 1:1: Cannot cast json to {target}")
    if source == "json" and base == "row":
        raise NotSupportedError("casting JSON to a row")
    if base == "time" and parts(source or "")[0].startswith("time") and not _same_clock(source or "", target):
        raise NotSupportedError("casting a time or timestamp to a time of another precision or zone")


def _same_clock(source: str, target: str) -> bool:
    """Whether a time or a timestamp has a clock of as many digits as the time it is cast to."""
    base, arguments = parts(source)
    return base in ("time", "timestamp") and timestamp_digits(arguments) == timestamp_digits(parts(target)[1])


def _to_integer(value: str, source: str | None, target: str) -> str:
    kind = to_duckdb(target)
    if is_text(source):
        return f"CAST(trino_to_integer({value}) AS {kind})"
    if source in ("double", "real"):
        # Trino rounds half away from zero, a DuckDB cast to the even neighbour.
        return f"CAST(round({value}) AS {kind})"
    if source is None:
        raise NotSupportedError(f"casting an expression whose type is not known to {target}")
    return f"CAST({value} AS {kind})"


def _to_timestamp(value: str, source: str | None, base: str) -> str:
    zoned = base.endswith("zone")
    if is_text(source):
        return f"trino_zoned_from_text({value})" if zoned else f"trino_timestamp_from_text({value})"
    if source is None:
        raise NotSupportedError(f"casting an expression whose type is not known to {base}")
    return f"CAST({value} AS {'TIMESTAMPTZ' if zoned else 'TIMESTAMP'})"


def _rounded(value: str, source: str | None, digits: int, zoned: bool) -> str:
    base, arguments = parts(source or "")
    known = base == "date" or (base.startswith("timestamp") and int((arguments or ["3"])[0]) <= digits)
    if known or timestamp_digits([str(digits)]) == MICROSECONDS:
        return value
    rounded = f"trino_round_time({value}, {10 ** (MICROSECONDS - digits)})"
    return f"CAST({rounded} AS TIMESTAMPTZ)" if zoned else rounded


def _row(value: str, source: list[str], target: list[str]) -> str:
    if len(source) != len(target):
        raise LakeError("TYPE_MISMATCH", "line 1:1: Cannot cast a row to one with another number of fields")
    fields = []
    for index, (old, new) in enumerate(zip(source, target, strict=True)):
        name, _, kind = new.partition(" ")
        item = convert(f"struct_extract_at({value}, {index + 1})", old.partition(" ")[2], kind)
        fields.append(f"{quoted(name)}: {item}")
    return f"{{{', '.join(fields)}}}"
