"""Division of decimals whose intermediate values need more than DuckDB's 128 bits. Trino computes them with 256."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

import duckdb

from localcloud.athena.sql.types import MAX_PRECISION

_EXACT = Context(prec=4 * MAX_PRECISION, rounding=ROUND_HALF_UP)


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `landfall_divide` and `landfall_modulo` of (a text, b text, scale integer) → text.

    A decimal goes in and comes out as text. They are slow a row: called only where DuckDB's own arithmetic overflows.
    """
    for name, function in (("landfall_divide", divide), ("landfall_modulo", modulo)):
        connection.create_function(name, function, ["VARCHAR", "VARCHAR", "INTEGER"], "VARCHAR")


def divide(a: str, b: str, scale: int) -> str:
    """a / b rounded half away from zero to `scale` digits; raises ValueError with Trino's error name."""
    return _fitted(_EXACT.divide(Decimal(a), _divisor(b)), scale)


def modulo(a: str, b: str, scale: int) -> str:
    """The remainder of a / b, which has the sign of a; raises ValueError with Trino's error name."""
    return _fitted(_EXACT.remainder(Decimal(a), _divisor(b)), scale)


def _divisor(text: str) -> Decimal:
    value = Decimal(text)
    if not value:
        raise ValueError("TRINO:DIVISION_BY_ZERO:Division by zero:END")
    return value


def _fitted(value: Decimal, scale: int) -> str:
    rounded = value.quantize(Decimal(1).scaleb(-scale), context=_EXACT)
    if len(rounded.as_tuple().digits) > MAX_PRECISION:
        raise ValueError("TRINO:NUMERIC_VALUE_OUT_OF_RANGE:Decimal overflow:END")
    return f"{rounded:f}"
