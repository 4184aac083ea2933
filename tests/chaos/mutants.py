"""Bugs to plant in the load, one at a time: a harness that lets one pass proves nothing."""

from __future__ import annotations

import importlib
import logging
import sys
import time
import tomllib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType

WANTED = 0.98
"""Share of the planted bugs that must be caught."""


@dataclass(frozen=True)
class Mutant:
    """A bug: in the module's source, `old` (which stands there once) becomes `new`."""

    bug: str
    module: str
    old: str
    new: str


@dataclass(frozen=True)
class Harness:
    """What is proven: the file of bugs, the package whose modules they are in, and whose Histories catch them."""

    bugs: Path
    package: str
    histories: str


LOADS = Harness(Path(__file__).with_suffix(".toml"), "landfall.ingest", "tests.chaos.history")


def mutants(harness: Harness = LOADS) -> tuple[Mutant, ...]:
    """Return the bugs of a harness."""
    entries = tomllib.loads(harness.bugs.read_text(encoding="utf-8"))["mutant"]
    return tuple(Mutant(**{**entry, "module": f"{harness.package}.{entry['module']}"}) for entry in entries)


def prove(seeds: range, *, jobs: int, only: str | None = None, harness: Harness = LOADS) -> int:
    """Plant each bug, play histories until one ends wrong, and print the list; return 1 if too many bugs pass.

    `only` names a bug to plant alone. Raises LookupError if there is no such bug.
    """
    planted, caught = [mutant for mutant in mutants(harness) if only in (None, mutant.bug)], 0
    if not planted:
        raise LookupError(f"{only}: no bug of {harness.bugs.name} is called so")
    # A process a bug: modules are imported anew, with the bug in them.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        failures = pool.map(_first_failure, planted, repeat(seeds), repeat(harness))
        for mutant, (seed, seconds) in zip(planted, failures, strict=True):
            caught += seed is not None
            verdict = "NOT CAUGHT" if seed is None else f"seed {seed}"
            sys.stdout.write(f"{verdict:<12}{seconds:6.1f} s  {mutant.module.rsplit('.')[-1]}: {mutant.bug}\n")
            sys.stdout.flush()
    share = caught / len(planted)
    sys.stdout.write(
        f"{caught} of {len(planted)} planted bugs were caught ({share:.0%}; at least {WANTED:.0%} must be)\n"
    )
    return 0 if share >= WANTED else 1


def _first_failure(mutant: Mutant, seeds: range, harness: Harness) -> tuple[int | None, float]:
    """Return the first seed whose history ends wrong with the bug planted, None if none does, and the seconds taken.

    A history that ends in an exception of the bug's own, such as a TypeError, counts: a run would have failed for ever.
    """
    logging.disable(logging.CRITICAL)
    began_at = time.monotonic()
    plant(mutant)
    stage = importlib.import_module(harness.histories).Histories()
    for seed in seeds:
        try:
            wrong = bool(stage.play(seed).violations)
        except Exception:
            wrong = True
        if wrong:
            return seed, time.monotonic() - began_at
    return None, time.monotonic() - began_at


def plant(mutant: Mutant) -> ModuleType:
    """Change the module as the mutant says, in this process only. Raises LookupError if its text is not there once."""
    module = importlib.import_module(mutant.module)
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    if source.count(mutant.old) != 1:
        raise LookupError(f"{mutant.bug}: its text stands {source.count(mutant.old)} times in {mutant.module}")
    changed = compile(source.replace(mutant.old, mutant.new), str(module.__file__), "exec")
    exec(changed, module.__dict__)  # noqa: S102 - the product's own source with one text replaced
    return module
