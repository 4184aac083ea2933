"""Play seeded histories of publications and judge each; with --mutants, show that planted bugs are caught.

`python -m tests.chaos.publications --publications 1000` in memory, `--real` on the running local cloud.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import count, product
from pathlib import Path

from tests.chaos.mutants import Harness, prove

PUBLICATIONS = Harness(
    Path(__file__).with_name("mutants.toml"), "landfall", histories="tests.chaos.publications.histories"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Play and print; return 1 if a history ended wrong, a crash point was missed or a planted bug was not caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.publications", description=__doc__)
    parser.add_argument("--publications", type=int, default=3_000, help="play until so many were tried")
    parser.add_argument("--seed", type=int, help="play this history alone, and print every call of it")
    parser.add_argument(
        "--real", action="store_true", help="publish on the running local cloud, with a reader at 100 Hz"
    )
    parser.add_argument("--engine", choices=("lake", "redshift"), help="with --real: publish on this one alone")
    parser.add_argument("--mutants", action="store_true", help="plant bugs one by one; each must make a history fail")
    parser.add_argument("--only", metavar="BUG", help="plant this bug alone")
    parser.add_argument("--jobs", type=int, default=1, help="bugs planted at once")
    args = parser.parse_args(argv)
    logging.disable(logging.CRITICAL)
    if args.mutants:
        return prove(range(600), only=args.only, jobs=args.jobs, harness=PUBLICATIONS)
    if args.real:
        from tests.chaos.publications.real import publish_under_fire

        return publish_under_fire(args.publications, **({"engines": [args.engine]} if args.engine else {}))
    return _play(args.publications, seed=args.seed)


def _play(publications: int, *, seed: int | None) -> int:
    from tests.chaos.publications.histories import Histories
    from tests.chaos.publications.warehouse_world import REDSHIFT_CALLS
    from tests.chaos.publications.world import CALLS

    began_at, counts, points, wrong, played = time.monotonic(), Counter[str](), Counter[str](), list[int](), 0
    for number in count() if seed is None else [seed]:
        ended = Histories().play(number)
        counts += ended.counts
        points += ended.points
        played += 1
        if seed is not None:
            sys.stdout.writelines(f"    {call}\n" for call in ended.trace)
        if ended.violations:
            wrong.append(number)
            sys.stdout.writelines(f"seed {number}: {found}\n" for found in ended.violations[:5])
        if counts["gates"] + counts["failed gates"] >= publications:
            break
    places = [f"{when} {call}" for when, call in product(("before", "after"), (*CALLS, *REDSHIFT_CALLS))]
    missed = [place for place in places if not points[f"kill {place}"]] if seed is None else []
    sys.stdout.write(
        f"{played} histories in {time.monotonic() - began_at:.0f} s: "
        f"{', '.join(f'{number} {what}' for what, number in counts.items())}\n"
        f"{sum(points.values())} misfortunes; killed at {len(places) - len(missed)} of {len(places)} places; "
        f"{len(wrong)} histories ended wrong\n"
    )
    if missed and publications >= 3_000:
        sys.stdout.write(f"never killed {', '.join(missed)}: play more\n")
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
