"""`make chaos`: play seeded histories of the load and judge each; with --mutants, show that planted bugs are caught."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from multiprocessing import Pool
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
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="histories played at once")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop when they are over")
    parser.add_argument("--real", action="store_true", help="play with real processes on the running local cloud")
    parser.add_argument("--mutants", action="store_true", help="plant bugs one by one; each must make a history fail")
    parser.add_argument("--only", metavar="BUG", help="plant this bug alone")
    args = parser.parse_args(argv)
    logging.disable(logging.CRITICAL)
    if args.mutants:
        return prove(args.seeds, only=args.only, jobs=args.jobs)
    return _play(args.seeds, jobs=args.jobs, minutes=args.minutes, real=args.real, trace=args.trace)


def _seeds(text: str) -> range:
    first, _, last = text.partition(":")
    return range(int(first), int(last) if last else int(first) + 1)


def _play(seeds: range, *, jobs: int, minutes: float, real: bool, trace: bool) -> int:
    began_at, points, played, failed = time.monotonic(), Counter[str](), 0, []
    for ended in _histories(seeds, jobs=jobs, real=real):
        played += 1
        points += ended.points
        if ended.violations:
            failed.append(ended.seed)
        _tell(ended, trace=trace, reason=len(failed) <= _SHOWN)
        if time.monotonic() - began_at > minutes * 60 and played < len(seeds):
            sys.stdout.write(f"the time is up: {len(seeds) - played} of {len(seeds)} histories were not played\n")
            break
    registered = _real_points() if real else _crash_points()
    missed = sorted(registered - points.keys())
    seconds = time.monotonic() - began_at
    sys.stdout.write(
        f"{played} histories in {seconds:.0f} s, {points.total()} misfortunes of {len(points)} kinds: "
        f"{len(failed)} histories ended wrong\n"
        f"{len(registered) - len(missed)} of {len(registered)} registered crash points and faults struck\n"
    )
    if failed:
        sys.stdout.write(f"wrong: {' '.join(map(str, sorted(failed)))}\n")
    if missed:
        sys.stdout.write(f"never struck, so play more seeds: {', '.join(missed)}\n")
    return 1 if failed or missed or played < len(seeds) else 0


def _tell(ended: Ended, *, trace: bool, reason: bool) -> None:
    """Print a history: its calls, and what is wrong with it."""
    if trace:
        sys.stdout.write(f"seed {ended.seed}:\n" + "".join(f"    {call}\n" for call in ended.trace))
    if ended.violations and reason:
        sys.stdout.write(f"seed {ended.seed}:\n" + "".join(f"  {found}\n" for found in ended.violations))
    sys.stdout.flush()


def _histories(seeds: range, *, jobs: int, real: bool) -> Iterator[Ended]:
    """Yield histories as they end: those with real processes take seconds, the others are handed out by eights."""
    with Pool(jobs) as pool:
        yield from pool.imap_unordered(_real_history if real else _history, seeds, chunksize=1 if real else 8)


def _history(seed: int) -> Ended:
    return _stage().play(seed)


def _real_history(seed: int) -> Ended:
    from tests.chaos.real.history import play

    return play(seed)


@cache
def _stage() -> Histories:
    # Not before a bug was planted: the product's modules must be imported after that.
    from tests.chaos.history import Histories

    return Histories()


def _crash_points() -> set[str]:
    return {f"{what} {when} {call}" for what, when, call in product(("kill", "fail"), ("before", "after"), CALLS)}


def _real_points() -> set[str]:
    from tests.chaos.real.history import FAULTS, KILLS

    return {*KILLS, *FAULTS}


if __name__ == "__main__":
    sys.exit(main())
