"""`make bench`: what a statement costs through Athena's API and Redshift's wire, against DuckDB in this process.

DuckDB is the floor: both local engines run on it, so the ratio is what the service's protocol, translation and
result files add. All are measured in turn, so that a busy moment of the machine meets all of them.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.engines import Engine, athena, duckdb_direct, pyathena_cursor, redshift

REPOSITORY = Path(__file__).resolve().parents[1]

STATEMENTS: Mapping[str, str] = {
    "trivial": "select 1",
    "aggregate": (
        "select status, count(*), sum(quantity * unit_price_cents) from {orders} group by status order by status"
    ),
}
ORDERS = {
    "DuckDB in process": "fct_orders",
    "Athena API": "published.fct_orders",
    "PyAthena": "published.fct_orders",
    "Redshift wire": "published.fct_orders",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure every statement on every engine and print medians (ms) and ratios to DuckDB."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--repeats", type=int, default=30, help="how often each statement runs on each engine")
    args = parser.parse_args(argv)
    if not load_environment():
        sys.stderr.write("benchmarks: the stack is not up: run `make demo` first, which also makes the data\n")
        return 1
    service = athena()
    engines = {
        "DuckDB in process": duckdb_direct(copy_from=service),
        "Athena API": service,
        "PyAthena": pyathena_cursor(),
        "Redshift wire": redshift(),
    }
    sys.stdout.write(f"{'statement':<12}{'engine':<20}{'median ms':>10}{'p95 ms':>10}{'ratio':>8}\n")
    for name, statement in STATEMENTS.items():
        times = _measure(name, statement, engines, args.repeats)
        floor = statistics.median(times["DuckDB in process"])
        for engine, samples in times.items():
            median, p95 = statistics.median(samples), sorted(samples)[int(0.95 * (len(samples) - 1))]
            sys.stdout.write(f"{name:<12}{engine:<20}{median:>10.2f}{p95:>10.2f}{median / floor:>8.1f}\n")
    return 0


def _measure(name: str, statement: str, engines: Mapping[str, Engine], repeats: int) -> dict[str, list[float]]:
    """Return the times (ms) of `repeats` runs of a statement by engine, taken in turn after one run to warm up.

    Raises ValueError when the engines do not agree on the result: then there is nothing to compare.
    """
    runs: dict[str, Callable[[], list[tuple[str, ...]]]] = {
        engine: partial(run, statement.format(orders=ORDERS[engine])) for engine, run in engines.items()
    }
    results = {engine: run() for engine, run in runs.items()}
    if len({tuple(rows) for rows in results.values()}) != 1:
        raise ValueError(f"the engines disagree on {name}: {results}")
    times: dict[str, list[float]] = {engine: [] for engine in runs}
    for _ in range(repeats):
        for engine, run in runs.items():
            began_at = time.perf_counter()
            run()
            times[engine].append((time.perf_counter() - began_at) * 1000)
    return times


def load_environment() -> bool:
    """Take the stack's environment from its file unless it is loaded; return whether there is one."""
    state = Path(os.environ.get("LANDFALL_STATE", REPOSITORY / ".local"))
    if "LANDFALL_ATHENA_WORKGROUP" not in os.environ and (state / "env").exists():
        words = shlex.split((state / "env").read_text(encoding="utf-8"))
        os.environ.update(dict(word.split("=", 1) for word in words if "=" in word))
    return "LANDFALL_ATHENA_WORKGROUP" in os.environ


if __name__ == "__main__":
    sys.exit(main())
