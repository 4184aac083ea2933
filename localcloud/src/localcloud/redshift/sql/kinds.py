"""Arithmetic of Redshift's types, each in the words of format_type: `integer`, `numeric(10,2)`, `character(3)`.

Source: "Computations with numeric values" in the Amazon Redshift Database Developer Guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

SMALLINT, INTEGER, BIGINT = "smallint", "integer", "bigint"
REAL, DOUBLE, BOOLEAN = "real", "double precision", "boolean"
VARCHAR, TEXT_256 = "character varying(65535)", "character varying(256)"
DATE, INTERVAL, SUPER, VARBYTE = "date", "interval", "super", "binary varying"
TIME, TIMETZ = "time without time zone", "time with time zone"
TIMESTAMP, TIMESTAMPTZ = "timestamp without time zone", "timestamp with time zone"
NAMES = "name[]"
"""PostgreSQL's array, which only catalogue functions give."""
UNKNOWN = "unknown"
"""The type of NULL and of a string literal before its context gives it one."""

INTEGERS = (SMALLINT, INTEGER, BIGINT)
MAX_PRECISION, MIN_DIVISION_SCALE = 38, 4
_DIGITS = {SMALLINT: 5, INTEGER: 10, BIGINT: 19}
_DATETIMES = (DATE, TIMESTAMP, TIMESTAMPTZ)

Kind = str | None
"""A type, or None where it can't be known before the query is bound."""


def is_integer(kind: Kind) -> bool:
    return kind in INTEGERS


def is_numeric(kind: Kind) -> bool:
    """Whether this is numeric(p,s)."""
    return kind is not None and kind.startswith("numeric(")


def is_float(kind: Kind) -> bool:
    return kind in (REAL, DOUBLE)


def is_number(kind: Kind) -> bool:
    return is_integer(kind) or is_numeric(kind) or is_float(kind)


def is_text(kind: Kind) -> bool:
    """Whether this is char(n) or varchar(n)."""
    return kind is not None and kind.startswith("character")


def is_char(kind: Kind) -> bool:
    """Whether this is char(n)."""
    return kind is not None and kind.startswith("character(")


def is_datetime(kind: Kind) -> bool:
    """Whether this is a date or a timestamp."""
    return kind in _DATETIMES


def moment(kind: Kind) -> Kind:
    """What date functions compute with: times and intervals stay what they are, all else is read as a timestamp."""
    return kind if kind in (TIMESTAMPTZ, TIME, TIMETZ, INTERVAL) else TIMESTAMP


def length(kind: str) -> int:
    """The most bytes of a character type."""
    found = re.search(r"\((\d+)\)", kind)
    return int(found[1]) if found else 256


def numeric(precision: int, scale: int) -> str:
    """numeric(p,s), held to 38 digits."""
    scale = min(scale, MAX_PRECISION)
    return f"numeric({min(max(precision, 1), MAX_PRECISION)},{scale})"


def digits(kind: str) -> tuple[int, int]:
    """Precision and scale of a numeric type, or of the one an integer type is promoted to."""
    if kind in _DIGITS:
        return _DIGITS[kind], 0
    precision, scale = kind.removeprefix("numeric(").removesuffix(")").split(",")
    return int(precision), int(scale)


def arithmetic(operator: str, left: Kind, right: Kind) -> Kind:
    """The type of `left operator right` for one of + - * / %."""
    moment = _moment(operator, left, right)
    if moment is not None:
        return moment
    if left == UNKNOWN or right == UNKNOWN:
        left = right = right if left == UNKNOWN else left
    if left is None or right is None or not (is_number(left) and is_number(right)):
        return SUPER if SUPER in (left, right) else None
    if is_float(left) or is_float(right):
        return REAL if left == right == REAL else DOUBLE
    if is_integer(left) and is_integer(right):
        return max(left, right, key=INTEGERS.index)
    return _computed(operator, digits(left), digits(right))


def _computed(operator: str, left: tuple[int, int], right: tuple[int, int]) -> str:
    (p1, s1), (p2, s2) = left, right
    if operator == "*":
        return numeric(p1 + p2 + 1, s1 + s2)
    if operator == "/":
        scale = max(MIN_DIVISION_SCALE, s1 + p2 - s2 + 1)
        excess = max(0, p1 - s1 + s2 + scale - MAX_PRECISION)
        return numeric(p1 - s1 + s2 + scale, max(MIN_DIVISION_SCALE, scale - excess))
    if operator == "%":
        return numeric(min(p1 - s1, p2 - s2) + max(s1, s2), max(s1, s2))
    scale = max(s1, s2)
    return numeric(max(p1 - s1, p2 - s2) + 1 + scale, scale)


def _moment(operator: str, left: Kind, right: Kind) -> Kind:
    """The type of arithmetic with dates, timestamps and intervals; None for any other."""
    if operator == "-" and is_datetime(left) and is_datetime(right):
        return INTEGER if left == right == DATE else INTERVAL
    if is_datetime(right) and operator == "+":
        left, right = right, left
    if is_datetime(left) and operator in "+-":
        if right == INTERVAL:
            return TIMESTAMP if left == DATE else left
        return left if is_integer(right) else None
    if left in (TIME, TIMETZ) and right == INTERVAL:
        return left
    return INTERVAL if INTERVAL in (left, right) else None


def common(kinds: Iterable[Kind]) -> Kind:
    """The type of CASE, COALESCE or UNION over values of these types; None if one is not known."""
    found = [kind for kind in kinds if kind != UNKNOWN]
    if not found:
        return UNKNOWN
    if any(kind is None for kind in found):
        return None
    known = [kind for kind in found if kind is not None]
    if len(set(known)) == 1:
        return known[0]
    return _widest(known)


def _widest(kinds: Sequence[str]) -> Kind:
    if all(is_number(kind) for kind in kinds):
        if any(is_float(kind) for kind in kinds):
            return DOUBLE if set(kinds) != {REAL} else REAL
        if all(is_integer(kind) for kind in kinds):
            return max(kinds, key=INTEGERS.index)
        pairs = [digits(kind) for kind in kinds]
        scale = max(s for _, s in pairs)
        return numeric(max(p - s for p, s in pairs) + scale, scale)
    if all(is_text(kind) for kind in kinds):
        longest = max(length(kind) for kind in kinds)
        return f"character{'' if all(is_char(kind) for kind in kinds) else ' varying'}({longest})"
    if all(is_datetime(kind) for kind in kinds):
        return TIMESTAMPTZ if TIMESTAMPTZ in kinds else TIMESTAMP
    return None


def total(kind: Kind) -> Kind:
    """The type of SUM. Source: "SUM function"."""
    if kind in (SMALLINT, INTEGER):
        return BIGINT
    if kind == BIGINT:
        return numeric(MAX_PRECISION, 0)
    if kind is not None and is_numeric(kind):
        return numeric(MAX_PRECISION, digits(kind)[1])
    return DOUBLE if is_float(kind) else kind


def average(kind: Kind) -> Kind:
    """The type of AVG: 19 digits for a 64-bit NUMERIC, 38 for a 128-bit one. Source: "AVG function"."""
    if is_integer(kind):
        return BIGINT
    if kind is not None and is_numeric(kind):
        precision, scale = digits(kind)
        return numeric(19 if precision <= 19 else MAX_PRECISION, scale)
    return DOUBLE if is_float(kind) else kind
