"""Arithmetic of Trino's types: common supertypes and the results of operators.

Source: Trino's documentation, 'Decimal functions and operators'.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from localcloud.athena.sql.special_types import plain, zone_of
from localcloud.lake.errors import NotSupportedError
from localcloud.lake.types import parts

INTEGERS = ("tinyint", "smallint", "integer", "bigint")
_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
MAX_PRECISION = 38


def data_type(trino: str) -> exp.DataType:
    """A Trino type as sqlglot's node."""
    return exp.DataType.build(trino, dialect="trino")


def is_integer(trino: str | None) -> bool:
    """Whether this is one of the four integer types."""
    return trino in INTEGERS


def is_decimal(trino: str | None) -> bool:
    """Whether this is decimal(p,s)."""
    return bool(trino) and str(trino).startswith("decimal")


def is_timestamp(trino: str | None) -> bool:
    """Whether this is a timestamp without zone."""
    return bool(trino) and parts(str(trino))[0] == "timestamp"


def is_moment(trino: str | None) -> bool:
    """Whether this is a date or a timestamp."""
    return bool(trino) and parts(plain(str(trino)))[0] in ("date", "timestamp", "timestamp with time zone")


def is_number(trino: str) -> bool:
    """Whether this is an integer, decimal or floating type."""
    return is_integer(trino) or is_decimal(trino) or trino in ("double", "real")


def precision_scale(trino: str) -> tuple[int, int]:
    """Precision and scale of a decimal, or of the decimal that holds an integer type."""
    if trino in _DIGITS:
        return _DIGITS[trino], 0
    numbers = [int(number) for number in parts(trino)[1]]
    return (numbers[0], numbers[1] if len(numbers) > 1 else 0) if numbers else (38, 0)


def decimal(precision: int, scale: int) -> str:
    """decimal(p,s), with p held to its limit."""
    return f"decimal({min(MAX_PRECISION, precision)},{scale})"


def arithmetic(operator: type[exp.Expr], left: str | None, right: str | None) -> str | None:
    """The type of `left op right`; None if it is not known."""
    temporal = _temporal(left, right) or _temporal(right, left)
    if temporal:
        return temporal
    if left is None or right is None:
        return None
    for kind in ("double", "real"):
        if kind in (left, right):
            return "double" if "double" in (left, right) else "real"
    if is_decimal(left) or is_decimal(right):
        return _decimal(operator, left, right)
    if is_integer(left) and is_integer(right):
        return max(left, right, key=INTEGERS.index)
    return None


def _temporal(one: str | None, other: str | None) -> str | None:
    if is_moment(one) and is_moment(other):
        return "interval day to second"
    if one and other and one.startswith("time(") and other.endswith("second"):
        return "time(3)"
    if one and other and other.startswith("interval"):
        if other.endswith("second") and one.startswith("timestamp"):
            return common([one, one.replace(one[: one.index(")") + 1], "timestamp(3)")])  # intervals hold milliseconds
        return one if one.startswith(("date", "timestamp", "time", "interval")) else None
    return None


def _decimal(operator: type[exp.Expr], left: str, right: str) -> str | None:
    if not all(is_decimal(kind) or is_integer(kind) for kind in (left, right)):
        return None
    (p1, s1), (p2, s2) = precision_scale(left), precision_scale(right)
    if operator in (exp.Add, exp.Sub):
        scale = max(s1, s2)
        return decimal(max(p1 - s1, p2 - s2) + scale + 1, scale)
    if operator is exp.Mul:
        return decimal(p1 + p2, s1 + s2)
    if operator is exp.Div:
        return decimal(p1 + s2 + max(0, s2 - s1), max(s1, s2))
    if operator is exp.Mod:
        return decimal(min(p1 - s1, p2 - s2) + max(s1, s2), max(s1, s2))
    return None


def common(types: Iterable[str | None]) -> str | None:
    """The type that values of all these types are brought to (CASE, COALESCE, UNION, ARRAY); None if not known."""
    result: str | None = "unknown"
    for kind in types:
        result = _pair(result, kind)
        if result is None:
            return None
    return result


def _pair(left: str | None, right: str | None) -> str | None:
    if left == right or right == "unknown":
        return left
    if left == "unknown":
        return right
    if left is None or right is None:
        return None
    if zone_of(left) != zone_of(right):
        raise NotSupportedError("values of different time zones in one column")
    return _number_pair(left, right) if is_number(left) and is_number(right) else _other_pair(left, right)


def _number_pair(left: str, right: str) -> str:
    if is_integer(left) and is_integer(right):
        return max(left, right, key=INTEGERS.index)
    if "double" in (left, right) or "real" in (left, right):
        return "double" if "double" in (left, right) else "real"
    (p1, s1), (p2, s2) = precision_scale(left), precision_scale(right)
    return decimal(max(p1 - s1, p2 - s2) + max(s1, s2), max(s1, s2))


def _other_pair(left: str, right: str) -> str | None:
    (left_base, left_arguments), (right_base, right_arguments) = parts(left), parts(right)
    if left_base == right_base and left_base.startswith(("timestamp", "time")):
        digits = max(int((left_arguments or ["3"])[0]), int((right_arguments or ["3"])[0]))
        word, space, rest = left_base.partition(" ")
        return f"{word}({digits}){space}{rest}"
    if left_base == "date" and right_base.startswith("timestamp"):
        return right
    if right_base == "date" and left_base.startswith("timestamp"):
        return left
    if {left_base, right_base} <= {"varchar", "char"}:
        return "varchar"
    if left_base == right_base and left_base in ("array", "map"):
        inner = [_pair(one, other) for one, other in zip(left_arguments, right_arguments, strict=True)]
        return f"{left_base}({', '.join(str(kind) for kind in inner)})" if None not in inner else None
    return None
