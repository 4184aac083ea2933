"""`make isolation`: a hundred thousand attempts of customers at each other's extracts, over an API in memory."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.isolation.memory import play
from tests.unit.api.conftest import stand_in


def main() -> int:
    """Play, print what was tried by kind and what was seen that must not be, and return 1 if anything was."""
    parser = argparse.ArgumentParser(prog="make isolation", description=__doc__)
    parser.add_argument("--attempts", type=int, default=100_000)
    parser.add_argument("--customers", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    began = time.monotonic()
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="landfall-isolation-") as folder:
        world = stand_in(patch)
        found = play(world, customers=words.customers, most=words.attempts, seed=words.seed, folder=Path(folder))
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    told = ", ".join(f"{kind} {count:,}" for kind, count in sorted(found.made.items()))
    sys.stdout.write(
        f"{found.made.total():,} attempts of {words.customers} customers at each other ({told}) in "
        f"{time.monotonic() - began:.0f} s; {found.throttled:,} more were throttled\n"
        f"{size:,} bytes of answers searched: {len(found.wrongs)} wrong\n"
    )
    sys.stdout.writelines(f"WRONG {wrong}\n" for wrong in found.wrongs[:50])
    return 1 if found.wrongs else 0


if __name__ == "__main__":
    sys.exit(main())
