"""`make histories`: random histories taken in load by load and built at once give the same rows, on both engines."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from tests.dbt.grown import hold_grown_against_fresh
from tests.dbt.lake import Lake


def main(argv: Sequence[str] | None = None) -> int:
    """Play and print a line a seed; return 1 if any history came out differently."""
    parser = argparse.ArgumentParser(prog="make histories", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, default=range(1, 21), metavar="FROM:TO", help="TO is not played; 1:21")
    args = parser.parse_args(argv)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    differing = []
    for seed in args.seeds:
        began_at, loads = time.monotonic(), 2 + seed % 4
        said = _play(seed, loads=loads)
        if said:
            differing.append(seed)
        told = f"DIFFERS: {said}" if said else "the same"
        sys.stdout.write(f"seed {seed:3d}, {loads} loads, {time.monotonic() - began_at:4.0f} s: {told}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(args.seeds)} histories, {len(differing)} differ\n")
    return 1 if differing else 0


def _play(seed: int, *, loads: int) -> str:
    """Return the first line of what differs in the history of `seed`, nothing if it comes out the same."""
    with tempfile.TemporaryDirectory(prefix="landfall-history-") as folder:
        lake = Lake(Path(folder))
        try:
            hold_grown_against_fresh(lake, seed=seed, loads=loads)
        except AssertionError as difference:
            return str(difference)[:300] or "a comparison failed"
        finally:
            lake.drop()
    return ""


def _seeds(text: str) -> range:
    first, _, after = text.partition(":")
    return range(int(first), int(after)) if after else range(int(first), int(first) + 1)


if __name__ == "__main__":
    sys.exit(main())
