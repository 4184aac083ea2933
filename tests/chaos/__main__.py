"""`make chaos`: play seeded histories of the load and judge each; with --mutants, show that planted bugs are caught."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from tests.chaos.mutants import prove
from tests.chaos.schedule import CALLS

if TYPE_CHECKING:
    from tests.chaos.history import Ended, Histories

_SHOWN = 5
"""Failing seeds whose violations are printed."""


def main(argv: Sequence[str] | None = None) -> int:
    """Play and print; return 1 if a history ended wrong, a crash point was missed or a planted bug was not caught."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, default=range(1_000), metavar="FROM:TO", help="which histories")
    parser.add_argument("--trace", action="store_true", help="print every call of each history")
    parser.add_argument("--mutants", action="store_true", help="plant bugs one by one; each must make a history fail")
    parser.add_argument("--only", metavar="BUG", help="plant this bug alone")
    args = parser.parse_args(argv)
    logging.disable(logging.CRITICAL)
    return prove(args.seeds, only=args.only) if args.mutants else _play(args.seeds, trace=args.trace)


def _seeds(text: str) -> range:
    first, _, last = text.partition(":")
    return range(int(first), int(last) if last else int(first) + 1)


def _play(seeds: range, *, trace: bool) -> int:
    began_at, points, failed = time.monotonic(), Counter[str](), []
    for ended in _histories(seeds):
        points += ended.points
        if trace:
            sys.stdout.write(f"seed {ended.seed}:\n" + "".join(f"    {call}\n" for call in ended.trace))
        if ended.violations:
            failed.append(ended.seed)
            if len(failed) <= _SHOWN:
                sys.stdout.write(f"seed {ended.seed}:\n" + "".join(f"  {found}\n" for found in ended.violations))
    missed = sorted(_crash_points() - points.keys())
    seconds = time.monotonic() - began_at
    sys.stdout.write(
        f"{len(seeds)} histories in {seconds:.0f} s, {points.total()} misfortunes of {len(points)} kinds: "
        f"{len(failed)} histories ended wrong\n"
    )
    if missed:
        sys.stdout.write(f"never struck, so play more seeds: {', '.join(missed)}\n")
    return 1 if failed or missed else 0


def _histories(seeds: range) -> Iterator[Ended]:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(_history, seeds, chunksize=8)


def _history(seed: int) -> Ended:
    return _stage().play(seed)


@cache
def _stage() -> Histories:
    # Not before a bug was planted: the product's modules must be imported after that.
    from tests.chaos.history import Histories

    return Histories()


def _crash_points() -> set[str]:
    return {f"{what} {when} {call}" for what, when, call in product(("kill", "fail"), ("before", "after"), CALLS)}


if __name__ == "__main__":
    sys.exit(main())
