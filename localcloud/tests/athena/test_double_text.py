"""Doubles of a result are written in Python as the SQL macro writes those inside arrays, maps and rows."""

from __future__ import annotations

import math
import random
import struct

import duckdb
import pyarrow as pa
import pytest
from localcloud.athena.double_text import double_text
from localcloud.athena.sql import macros

EDGES = [
    0.0, -0.0, 1e-3, 9.999999999999999e-4, 1e7, 9999999.999999998, -1e7, 5e-324, 1.7976931348623157e308, 1e16, 1e22,
    1e23, 123456789.0, 9007199254740994.0, 100.0, math.inf, -math.inf, math.nan,
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1e7, "1.0E7"), (12345678.5, "1.23456785E7"), (-1e-5, "-1.0E-5"), (100.0, "100.0"), (None, None)],
)
def test_a_large_or_small_double_has_an_exponent_as_in_java(value: float | None, expected: str | None) -> None:
    assert double_text(value) == expected


def test_every_double_is_written_as_the_macro_writes_it() -> None:
    chance = random.Random(5)
    anything = [struct.unpack("<d", chance.randbytes(8))[0] for _ in range(5_000)]
    usual = [round(chance.gauss(0, 1) * 10 ** chance.randint(-6, 14), chance.randint(0, 6)) for _ in range(5_000)]
    values = pa.table({"x": pa.array([*EDGES, *anything, *usual], pa.float64())})
    with duckdb.connect() as connection:
        macros.install(connection)
        connection.register("doubles", values)
        rows = connection.execute("SELECT x, trino_double_text(x) FROM doubles").fetchall()
    assert [double_text(value) for value, _ in rows] == [text for _, text in rows]
