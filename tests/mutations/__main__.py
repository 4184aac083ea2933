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
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random

from landfall.publish.groups import LAKE, WAREHOUSE

from tests.mutations.catalogue import Mutation, catalogue
from tests.mutations.graph import Graph
from tests.mutations.play import Ordinary, Player, Verdict
from tests.mutations.prepare import prepare, traffic
from tests.mutations.stage import Stage

RESULTS = Path(__file__).with_name("results.json")


def main(argv: Sequence[str] | None = None) -> int:
    """Play and print; return 1 if a mutation is silent."""
    parser = argparse.ArgumentParser(prog="make mutations", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, default=None, metavar="FROM:TO:STEP", help="numbers of the list; all")
    parser.add_argument("--only", default="", metavar="WORDS", help="those with these words in their name")
    parser.add_argument("--seed", type=int, default=1, help="of the ordinary days and of what is chosen")
    parser.add_argument("--days", type=int, default=16)
    parser.add_argument("--events", type=int, default=1500, help="events a day")
    parser.add_argument("--folder", type=Path, default=Path(".local/mutations"), help="scratch folder")
    parser.add_argument("--again", action="store_true", help="use the states that the last run has prepared")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the results are written, or added to")
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
    chosen = [
        mutation
        for mutation in catalogue([lake.manifest, warehouse.manifest], seed=args.seed)
        if (args.seeds is None or mutation.number in args.seeds) and args.only in mutation.name
    ]
    return _play(player, chosen, args)


def _seeds(text: str) -> range:
    first, *rest = (int(number) for number in text.split(":"))
    return range(first, *rest) if rest else range(first, first + 1)


def _ordinary(stage: Stage, args: argparse.Namespace) -> Ordinary:
    kept = args.folder / "ordinary.pickle"
    if args.again:
        found: Ordinary = pickle.loads(kept.read_bytes())  # noqa: S301 - written by this very command
        return found
    began_at = time.monotonic()
    journal = args.folder / f"journal_{args.seed}.sqlite"
    journal.unlink(missing_ok=True)
    found = prepare(stage, traffic(journal=journal, days=args.days, events=args.events, seed=args.seed))
    kept.write_bytes(pickle.dumps(found))
    sys.stdout.write(f"{args.days} ordinary days are published on both engines ({time.monotonic() - began_at:.0f} s)\n")
    for said in sorted(found.said):
        sys.stdout.write(f"  said of the ordinary day: {said.severity} {said.by} {said.words}\n")
    return found


def _play(player: Player, chosen: Sequence[Mutation], args: argparse.Namespace) -> int:
    began_at, results, counts = time.monotonic(), _read(args.results), Counter[str]()
    for mutation in chosen:
        started_at = time.monotonic()
        chance = Random(f"{args.seed}/{mutation.number}")
        try:
            found = player.data(mutation.data, chance) if mutation.data else player.model(mutation.model)
        except Exception as error:  # one that cannot be played must not end the others, and is no success
            found = Verdict("failed", words=f"{type(error).__name__}: {error}"[:300])
        counts[found.verdict] += 1
        results[mutation.name] = {"number": mutation.number, "of": mutation.of, "name": mutation.name, **asdict(found)}
        args.results.write_text(json.dumps(sorted(results.values(), key=lambda each: each["number"]), indent=0) + "\n")
        sys.stdout.write(
            f"{mutation.number:4d} {time.monotonic() - started_at:5.1f} s  {found.verdict:8} "
            f"{mutation.name}: {found.severity} {found.by} {found.words}\n"
        )
        sys.stdout.flush()
    seconds = time.monotonic() - began_at
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    sys.stdout.write(f"{len(chosen)} mutations in {seconds:.0f} s: {told}\n")
    return 1 if counts["silent"] or counts["failed"] else 0


def _read(path: Path) -> dict[str, dict[str, object]]:
    if not path.exists():
        return {}
    return {entry["name"]: entry for entry in json.loads(path.read_text(encoding="utf-8"))}


if __name__ == "__main__":
    sys.exit(main())
