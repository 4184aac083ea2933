"""What a function's result type is for arguments of these types; None where it is not known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from localcloud.athena.sql import types
from localcloud.lake.types import parts

Kinds = Sequence[str | None]


def element(kinds: Kinds) -> str | None:
    """That of an array's items or of a map's values."""
    base, inner = parts(kinds[0] or "") if kinds else ("", [])
    return inner[-1] if base in ("array", "map") else None


def key(kinds: Kinds) -> str | None:
    """That of a map's keys."""
    base, inner = parts(kinds[0] or "")
    return inner[0] if base == "map" else None


def same(kinds: Kinds) -> str | None:
    """That of the first argument."""
    return kinds[0] if kinds else None


def random(kinds: Kinds) -> str | None:
    """A double between 0 and 1, or what the bounds are, which must be whole numbers."""
    if not kinds:
        return "double"
    return types.common(kinds) if all(map(types.is_integer, kinds)) else None


def second(kinds: Kinds) -> str | None:
    """That of the second argument."""
    return kinds[1] if len(kinds) > 1 else None


def last(kinds: Kinds) -> str | None:
    """That of the last argument."""
    return kinds[-1]


def array_of(inner: Callable[[Kinds], str | None]) -> Callable[[Kinds], str | None]:
    """An array of what another rule gives."""

    def result(kinds: Kinds) -> str | None:
        kind = inner(kinds)
        return f"array({kind})" if kind else None

    return result


def map_of(kinds: Kinds) -> str | None:
    """A map of these two types."""
    return f"map({kinds[0]}, {kinds[1]})" if len(kinds) > 1 and kinds[0] and kinds[1] else None


def values_changed(kinds: Kinds) -> str | None:
    """transform_values()."""
    return map_of([key(kinds), kinds[-1]])


def map_of_arrays(kinds: Kinds) -> str | None:
    """map() of two arrays, and map() without arguments."""
    if not kinds:
        return "map(unknown, unknown)"
    return map_of([element(kinds[:1]), element(kinds[1:])])


def summed(kinds: Kinds) -> str | None:
    """sum()."""
    if types.is_integer(kinds[0]):
        return "bigint"
    return f"decimal(38,{types.precision_scale(kinds[0])[1]})" if kinds[0] and types.is_decimal(kinds[0]) else kinds[0]


def average(kinds: Kinds) -> str | None:
    """avg()."""
    return "double" if types.is_integer(kinds[0]) else kinds[0]


def whole(kinds: Kinds) -> str | None:
    """floor() and ceil()."""
    if types.is_decimal(kinds[0]) and kinds[0]:
        precision, scale = types.precision_scale(kinds[0])
        return types.decimal(precision - scale + (1 if scale else 0), 0)
    return kinds[0]


def rounded(kinds: Kinds) -> str | None:
    """round()."""
    if not kinds[0] or not types.is_decimal(kinds[0]):
        return kinds[0]
    precision, scale = types.precision_scale(kinds[0])
    return (
        types.decimal(precision + 1, scale) if len(kinds) > 1 else types.decimal(precision - scale + min(1, scale), 0)
    )


def truncated(kinds: Kinds) -> str | None:
    """truncate()."""
    if len(kinds) > 1 or not kinds[0] or not types.is_decimal(kinds[0]):
        return kinds[0]
    precision, scale = types.precision_scale(kinds[0])
    return types.decimal(max(1, precision - scale), 0)


def sign(kinds: Kinds) -> str | None:
    """sign()."""
    return "decimal(1,0)" if types.is_decimal(kinds[0]) else kinds[0]


def sequence(kinds: Kinds) -> str | None:
    """sequence()."""
    return "array(bigint)" if types.is_integer(kinds[0]) else f"array({kinds[0]})" if kinds[0] else None


def percentile(kinds: Kinds) -> str | None:
    """approx_percentile()."""
    return "bigint" if types.is_integer(kinds[0]) else kinds[0]


def row(kinds: Kinds) -> str | None:
    """row()."""
    return "row(" + ", ".join(f"field{index} {kind}" for index, kind in enumerate(kinds)) + ")" if all(kinds) else None
