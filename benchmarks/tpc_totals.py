"""TPC-H and TPC-DS on both engines against DuckDB on the same Parquet files: total times and their ratios.

`python -m benchmarks.tpc_totals --scale 1`. Every query runs on the three in turn, so that a busy moment of the
machine meets all of them, and each round begins with another: who comes second finds the files' pages warm. A query
whose answer is not DuckDB's is named and makes the run fail. In all rounds but the first the query's text is one that
the engine has compiled before; `--rounds 1` measures the first time.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmarks import tpc, tpc_athena, tpc_redshift
from benchmarks.__main__ import REPOSITORY, load_environment

Run = Callable[[str], list[tpc.Row]]
FLOOR = "DuckDB on the files"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the totals of each suite; return 1 if an answer is not DuckDB's or the stack is not up."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tpc_totals", description=__doc__)
    parser.add_argument("--suite", choices=tpc.SUITES, action="append", help="default: both")
    parser.add_argument("--rounds", type=int, default=3, help="how often a suite runs; a query's median counts")
    parser.add_argument("--scale", type=float, default=0.1, help="scale factor; at 1 a suite is 100 to 300 MB")
    args = parser.parse_args(argv)
    if not load_environment():
        sys.stderr.write("benchmarks: the stack is not up: run `make demo` or `make up` first\n")
        return 1
    state = Path(os.environ.get("LANDFALL_STATE", REPOSITORY / ".local"))
    failed = False
    for suite in args.suite or tpc.SUITES:
        directory = tpc.generate(suite, args.scale, state / "benchmarks" / f"{suite}_{args.scale}")
        failed = _compare(suite, directory, rounds=args.rounds) or failed
    return int(failed)


def _compare(suite: tpc.Suite, directory: Path, *, rounds: int) -> bool:
    """Print a suite's totals (s), ratios and wrong answers; return whether there are any of these."""
    name = f"bench_{suite}"
    tpc_athena.create_tables(directory, name)
    with (
        tpc.connect(directory) as direct,
        tpc_athena.open_connection(name) as athena,
        closing(tpc_redshift.open_connection(name)) as redshift,
    ):
        tpc_redshift.create_tables(directory, redshift, name)
        warehouse = redshift.cursor()

        def run_on_redshift(text: str) -> list[tpc.Row]:
            warehouse.execute(text)
            return [tuple(row) for row in warehouse.fetchall()]

        arms: Mapping[str, tuple[Run, Mapping[int, str]]] = {
            FLOOR: (lambda text: direct.execute(text).fetchall(), tpc.queries(suite)),
            "Athena by PyAthena": (
                lambda text: [tuple(row) for row in athena.cursor().execute(text).fetchall()],
                tpc_athena.queries(suite),
            ),
            "Redshift by its wire": (run_on_redshift, tpc_redshift.queries(suite)),
        }
        times, wrong = _measure(arms, rounds=rounds)
    floor = times[FLOOR]
    for arm, seconds in times.items():
        total, worst = sum(seconds.values()), max(seconds, key=lambda number: seconds[number] / floor[number])
        ratios = f"{total / sum(floor.values()):.2f}x, worst query {worst}: {seconds[worst] / floor[worst]:.1f}x"
        sys.stdout.write(f"{suite:<6}{arm:<22}{total:>9.2f} s  {ratios}\n")
    sys.stdout.writelines(f"{suite:<6}{line}\n" for line in wrong)
    return bool(wrong)


def _measure(
    arms: Mapping[str, tuple[Run, Mapping[int, str]]], *, rounds: int
) -> tuple[dict[str, dict[int, float]], list[str]]:
    """Return the median seconds of every query by arm, and what answers differ from the first arm's."""
    taken: dict[str, dict[int, list[float]]] = {arm: defaultdict(list) for arm in arms}
    wrong: list[str] = []
    for turn in range(rounds):
        order = [*arms][turn % len(arms) :] + [*arms][: turn % len(arms)]
        for number in arms[FLOOR][1]:
            answers: dict[str, list[tpc.Row]] = {}
            for arm in order:
                run, texts = arms[arm]
                began_at = time.perf_counter()
                answers[arm] = run(texts[number])
                taken[arm][number].append(time.perf_counter() - began_at)
            for arm, rows in answers.items():
                difference = tpc.difference(answers[FLOOR], rows)
                if difference:
                    wrong.append(f"query {number} is wrong on {arm}: {difference}")
    medians = {arm: {number: median(seconds) for number, seconds in of_arm.items()} for arm, of_arm in taken.items()}
    return medians, list(dict.fromkeys(wrong))


if __name__ == "__main__":
    sys.exit(main())
