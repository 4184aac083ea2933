"""`make mutations`: play seeded mutations of data and models; none may reach a reader without anybody saying so."""

from __future__ import annotations

import argparse
import json
import logging
import os
import pickle
import sys
import time
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random

from landfall.publish.groups import LAKE, WAREHOUSE

from tests.mutations.catalogue import Mutation, catalogue, controls
from tests.mutations.graph import Graph
from tests.mutations.play import Ordinary, Player, Verdict
from tests.mutations.prepare import prepare, traffic
from tests.mutations.stage import Stage

RESULTS = Path(__file__).with_name("results.json")
ORDINARY = Path(__file__).with_name("ordinary.json")


def main(argv: Sequence[str] | None = None) -> int:
    """Play and print; return 1 if a mutation is silent or anything was said of an ordinary day's unchanged data."""
    parser = argparse.ArgumentParser(prog="make mutations", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, default=None, metavar="FROM:TO:STEP,…", help="numbers of the list; all")
    parser.add_argument("--only", default="", metavar="WORDS", help="those with these words in their name")
    parser.add_argument("--seed", type=int, default=1, help="of the ordinary days and of what is chosen")
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--nights", type=int, default=10, help="how many of the days are published one by one")
    parser.add_argument("--events", type=int, default=1500, help="events a day")
    parser.add_argument("--folder", type=Path, default=Path(".local/mutations"), help="scratch folder")
    parser.add_argument("--again", action="store_true", help="use the states that the last run has prepared")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the results are written, or added to")
    parser.add_argument("--ordinary", type=Path, default=ORDINARY, help="where is written what ordinary days were told")
    args = parser.parse_args(argv)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    args.folder.mkdir(parents=True, exist_ok=True)
    stage = Stage(args.folder)
    ordinary = _ordinary(stage, args)
    stage.lake_version = ordinary.version_after
    lake, warehouse = (Graph(stage.manifest(group)) for group in (LAKE, WAREHOUSE))
    player = Player(stage=stage, ordinary=ordinary, lake=lake, warehouse=warehouse)
    every = catalogue([lake.manifest, warehouse.manifest], seed=args.seed)
    chosen = [
        mutation
        for mutation in every
        if (args.seeds is None or mutation.number in args.seeds) and args.only in mutation.name
    ]
    failed = _play(player, chosen, args, numbers={mutation.name: mutation.number for mutation in every})
    return 1 if _alarms(player, args.seed) or failed else 0


def _seeds(text: str) -> set[int]:
    """Return the numbers of `FROM:TO:STEP`, of one number, or of several such with commas between."""
    found: set[int] = set()
    for part in text.split(","):
        first, *rest = (int(number) for number in part.split(":"))
        found.update(range(first, *rest) if rest else [first])
    return found


def _ordinary(stage: Stage, args: argparse.Namespace) -> Ordinary:
    kept = args.folder / "ordinary.pickle"
    if args.again:
        found: Ordinary = pickle.loads(kept.read_bytes())  # noqa: S301 - written by this very command
        return found
    began_at = time.monotonic()
    journal = args.folder / f"journal_{args.seed}.sqlite"
    journal.unlink(missing_ok=True)
    days = traffic(journal=journal, days=args.days, events=args.events, seed=args.seed)
    found, nights = prepare(stage, days, nights=args.nights)
    kept.write_bytes(pickle.dumps(found))
    args.ordinary.write_text(json.dumps([asdict(night) for night in nights], indent=0) + "\n")
    sys.stdout.write(f"{args.days} ordinary days are published on both engines ({time.monotonic() - began_at:.0f} s)\n")
    for night in nights:
        told = ", ".join(f"{said.severity} {said.by} {said.words}" for said in night.said)
        sys.stdout.write(f"  said of ordinary day {night.day}: {told or 'nothing'}\n")
    sys.stdout.flush()
    return found


def _play(player: Player, chosen: Sequence[Mutation], args: argparse.Namespace, *, numbers: Mapping[str, int]) -> bool:
    """Play those chosen, print and keep each verdict; tell whether one was silent or could not be played."""
    began_at, results, counts = time.monotonic(), _read(args.results, numbers), Counter[str]()
    for mutation in chosen:
        started_at = time.monotonic()
        found = _verdict(player, mutation, args.seed)
        counts[found.verdict] += 1
        results[mutation.name] = {"number": mutation.number, "of": mutation.of, "name": mutation.name, **asdict(found)}
        args.results.write_text(json.dumps(sorted(results.values(), key=lambda each: each["number"]), indent=0) + "\n")
        sys.stdout.write(
            f"{mutation.number:4d} {time.monotonic() - started_at:5.1f} s  {found.verdict:8} "
            f"{mutation.name}: {found.severity} {found.by} {found.words}\n"
        )
        sys.stdout.flush()
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    sys.stdout.write(f"{len(chosen)} mutations in {time.monotonic() - began_at:.0f} s: {told}\n")
    return bool(counts["silent"] or counts["failed"])


def _verdict(player: Player, mutation: Mutation, seed: int) -> Verdict:
    """Play one; that cannot be played must not end the others, and is no success."""
    try:
        if mutation.data:
            return player.data(mutation.data, Random(f"{seed}/{mutation.name}"))
        return player.model(mutation.model)
    except Exception as error:
        return Verdict("failed", words=f"{type(error).__name__}: {error}"[:300])


def _alarms(player: Player, seed: int) -> bool:
    """Play what changes nothing and tell whether anybody spoke: for something that a mutation left behind, perhaps."""
    wrong = False
    for control in controls():
        found = _verdict(player, control, seed)
        wrong |= found.verdict != "harmless"
        sys.stdout.write(f"control {found.verdict:8} {control.name}: {found.by} {found.words}\n")
        sys.stdout.flush()
    return wrong


def _read(path: Path, numbers: Mapping[str, int]) -> dict[str, dict[str, object]]:
    """Return the results so far by name, without mutations that are in the list no more, numbered as it is now."""
    entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return {each["name"]: each | {"number": numbers[each["name"]]} for each in entries if each["name"] in numbers}


if __name__ == "__main__":
    sys.exit(main())
