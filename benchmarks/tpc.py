"""TPC-H and TPC-DS by DuckDB's own generators: the tables as Parquet files, the queries, and DuckDB's answers.

    directory = generate("tpch", 0.01, Path("/tmp/tpch"))
    expected = answers("tpch", directory)
    difference(expected[1], rows_of_another_engine)

The extensions come from the wheels duckdb-extension-tpch and duckdb-extension-tpcds; nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Literal

import duckdb

Suite = Literal["tpch", "tpcds"]
Row = tuple[object, ...]

SUITES: tuple[Suite, ...] = ("tpch", "tpcds")
FLOAT_TOLERANCE = 1e-9
"""Relative: engines may add floating point numbers in another order. Everything else must be equal."""

_GENERATORS: Mapping[Suite, str] = {"tpch": "dbgen", "tpcds": "dsdgen"}


def generate(suite: Suite, scale: float, directory: Path) -> Path:
    """Write `<directory>/<table>.parquet` for every table at a scale factor, unless it was done before; return it."""
    done = directory / "complete"
    if done.exists():
        return directory
    directory.mkdir(parents=True, exist_ok=True)
    with _connection(suite) as connection:
        connection.execute(f"call {_GENERATORS[suite]}(sf = {scale})")
        for (table,) in connection.execute("select table_name from duckdb_tables()").fetchall():
            connection.table(table).write_parquet(str(directory / f"{table}.parquet"))
    done.touch()
    return directory


def tables(directory: Path) -> dict[str, Path]:
    """Return the Parquet file of every table that `generate` wrote, by the table's name."""
    return {path.stem: path for path in sorted(directory.glob("*.parquet"))}


def queries(suite: Suite) -> dict[int, str]:
    """Return the suite's queries in DuckDB's dialect, as its extension has them, by their number."""
    with _connection(suite) as connection:
        rows = connection.table_function(f"{suite}_queries").order("query_nr").fetchall()
    return {number: text.strip().rstrip(";") for number, text in rows}


def connect(directory: Path) -> duckdb.DuckDBPyConnection:
    """Return DuckDB with a view over every table's file."""
    connection = duckdb.connect()
    for name, path in tables(directory).items():
        connection.read_parquet(str(path)).create_view(name)
    return connection


def answers(suite: Suite, directory: Path) -> dict[int, list[Row]]:
    """Return the rows DuckDB itself gives for every query, read from the same files, by the query's number."""
    with connect(directory) as connection:
        return {number: connection.execute(text).fetchall() for number, text in queries(suite).items()}


def difference(expected: Iterable[Row], actual: Iterable[Row], *, ordered: bool = False) -> str | None:
    """Return the first difference in words, None where the rows are equal (in any order unless `ordered`).

    A decimal equals one of another scale and an integer equals a decimal of the same value; with a float on one side,
    both are compared to `FLOAT_TOLERANCE`. Blanks at the end of text count.
    """
    left, right = [tuple(row) for row in expected], [tuple(row) for row in actual]
    if len(left) != len(right):
        return f"{len(left)} rows expected, {len(right)} found"
    if not ordered:
        left, right = sorted(left, key=_sort_key), sorted(right, key=_sort_key)
    for index, (one, other) in enumerate(zip(left, right, strict=True)):
        if not _equal_rows(one, other):
            return f"row {index}: {one} expected, {other} found"
    return None


def _connection(suite: Suite) -> duckdb.DuckDBPyConnection:
    package = importlib.util.find_spec(f"duckdb_extension_{suite}")
    if package is None or package.origin is None:
        raise ModuleNotFoundError(f"the wheel duckdb-extension-{suite} is not installed")
    version = f"v{duckdb.__version__}"
    extension = Path(package.origin).parent / "extensions" / version / f"{suite}.duckdb_extension"
    connection = duckdb.connect()
    connection.execute(f"load '{extension}'")
    return connection


def _equal_rows(one: Sequence[object], other: Sequence[object]) -> bool:
    return len(one) == len(other) and all(_equal(*cells) for cells in zip(one, other, strict=True))


def _equal(one: object, other: object) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        if not isinstance(one, int | float | Decimal) or not isinstance(other, int | float | Decimal):
            return False
        if math.isnan(one) or math.isnan(other):
            return math.isnan(one) and math.isnan(other)
        return math.isclose(one, other, rel_tol=FLOAT_TOLERANCE)
    return one == other


def _sort_key(row: Row) -> tuple[tuple[int, object], ...]:
    """Order rows of mixed types; floats by fewer digits than are compared, so that equal rows meet."""
    return tuple(_cell_key(cell) for cell in row)


def _cell_key(cell: object) -> tuple[int, object]:
    if cell is None:
        return 0, ""
    if isinstance(cell, bool | int | float | Decimal):
        return 1, float(f"{float(cell):.6g}")
    return 2, str(cell)
