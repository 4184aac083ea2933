"""What the load costs: landed objects into raw, each record once, against bare DuckDB on the same files.

`python -m benchmarks.load --events 1000000 --objects 200`, on the stack that `make up` started. Bare DuckDB parses,
keeps one row a key and writes Parquet; it keeps no ledger, no quarantine, no counts, and forgets what it could not
read. A third arm is DuckDB by hand-written SQL that accounts for each line, as a load does: see load_floor.py. The arms
are run in turn, and a turn whose rows differ is void. A turn of the load has a stream of its own; what its statements
took on the engine is told apart from what stands around them. With `--dlt PYTHON`, an interpreter that has dlt, dlt's
two ways run beside them: see load_dlt.py.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks import load_floor
from benchmarks.__main__ import load_environment
from benchmarks.timed_engine import TimedEngine

Arm = Callable[[], tuple[int, float]]
"""What is measured: gives the rows it wrote and the seconds it took."""

DLT = "dlt[filesystem,parquet]==1.31.0"
_DUPLICATES = 0.02
_BROKEN = 0.01


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if the stack is not up or the rows differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--objects", type=int, default=200)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--dlt", metavar="PYTHON", help="an interpreter that has dlt")
    args = parser.parse_args(argv)
    if not load_environment():
        sys.stderr.write("benchmarks: the stack is not up: run `make up` first\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="landfall-bench-") as name:
        folder = Path(name)
        files = _files(folder, events=args.events, objects=args.objects)
        arms: dict[str, Arm] = {
            "DuckDB": lambda: load_floor.bare(folder),
            "by hand": lambda: load_floor.by_hand(folder),
            "load": lambda: _landfall(files),
        }
        if args.dlt and _has_dlt(args.dlt):
            arms |= {f"dlt {way}": partial(_dlt, args.dlt, way, folder) for way in ("dict", "arrow")}
        return _compare(arms, turns=args.turns)


def _compare(arms: Mapping[str, Arm], *, turns: int) -> int:
    """Run the arms in turn and print the median of each, and of its ratios to the load; 1 if their rows differ."""
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for turn in range(turns):
        rows = {}
        for name, run in arms.items():
            rows[name], taken = run()
            seconds[name].append(taken)
            sys.stdout.write(f"turn {turn}: {name} {taken:.1f} s, {rows[name]} rows\n")
            sys.stdout.flush()
        if len(set(rows.values())) > 1:
            sys.stderr.write(f"benchmarks: void, for the rows differ: {rows}\n")
            return 1
    for name, times in seconds.items():
        ratio = statistics.median(mine / other for mine, other in zip(seconds["load"], times, strict=True))
        sys.stdout.write(f"{name:<12}{statistics.median(times):>8.1f} s   load / {name}: {ratio:.2f}\n")
    return 0


def _files(folder: Path, *, events: int, objects: int) -> list[Path]:
    chance = random.Random(7)  # noqa: S311 - made events
    size = events // objects
    files = []
    for number in range(objects):
        lines = [_line(chance, number * size + place) for place in range(size)]
        file = folder / f"orders-{number:04d}.gz"
        file.write_bytes(gzip.compress("".join(lines).encode(), compresslevel=6))
        files.append(file)
    return files


def _line(chance: random.Random, number: int) -> str:
    kind = chance.random()
    if kind < _BROKEN:
        return '{"order_id": "ord_\n'
    if kind < _BROKEN + _DUPLICATES and number > 10:
        number = number - number % 10
    event = {
        "order_id": f"ord_{number:012x}",
        "line_number": 1,
        "version": 1,
        "customer_id": f"cus_{number % 500:06d}",
        "shopper_id": f"shp_{number % 100_000:08d}",
        "status": "placed",
        "sku": f"sku-{number % 1000}",
        "quantity": 1 + number % 5,
        "unit_price_cents": 1999,
        "currency": "EUR",
        "note": "please leave it at the door" if number % 7 == 0 else None,
        "occurred_at": f"2026-11-{1 + number % 7:02d}T{number % 24:02d}:{number % 60:02d}:00.{number % 1000:03d}Z",
    }
    return json.dumps(event) + "\n"


def _landfall(files: Sequence[Path]) -> tuple[int, float]:
    """Return the rows the load adds to a new stream and the seconds from its claim to its last closed object."""
    from tests.integration.ingest.probe import Probe

    probe = Probe()
    for file in files:
        probe.land_bytes(file.stem, file.read_bytes())
    probe.discover()
    engine = TimedEngine(settings=probe.settings)
    loader = probe.loader("bench", engine=engine)
    engine.milliseconds.clear()
    began_at = time.perf_counter()
    report = loader.run()
    seconds = time.perf_counter() - began_at
    for statement, taken in engine.milliseconds.items():
        sys.stdout.write(f"    {statement:<28}{taken / 1000:>8.2f} s on the engine\n")
    sys.stdout.write(f"    {'around the statements':<28}{seconds - sum(engine.milliseconds.values()) / 1000:>8.2f} s\n")
    return report.loaded, seconds


def _has_dlt(python: str) -> bool:
    found = subprocess.run([python, "-c", "import dlt, pyarrow"], check=False, capture_output=True)
    if found.returncode:
        sys.stderr.write(f"benchmarks: without dlt, which {python} lacks: pip install '{DLT}'\n")
    return not found.returncode


def _dlt(python: str, way: str, folder: Path) -> tuple[int, float]:
    """Return the rows dlt writes and the seconds of its pipeline's run, the imports left out."""
    command = [python, str(Path(__file__).with_name("load_dlt.py")), "--way", way, str(folder)]
    written = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return written["rows"], written["seconds"]


if __name__ == "__main__":
    sys.exit(main())
