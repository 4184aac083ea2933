"""`landfall lineage`: what a file was made from, and what a column or landed object went into."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from landfall.errors import LineageError
from landfall.lineage.graph import Graph
from landfall.lineage.reading import read_runs
from landfall.lineage.rendering import FORMATS, render

EVENTS_VARIABLE = "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH"
"""Where OpenLineage's file transport writes; the command reads there unless told otherwise."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `landfall lineage` to its parser."""
    parser.add_argument("direction", choices=("upstream", "downstream"))
    parser.add_argument(
        "name",
        help="a dataset or the end of its name (marts.fct_orders, raw.orders, the address of an outgoing file), or for "
        "downstream the address of a landed object",
    )
    parser.add_argument("--column", help="follow this column instead of the whole dataset")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how it is shown (default: text)")
    parser.add_argument(
        "--events", type=Path, help=f"file, folder or prefix of the events (default: {EVENTS_VARIABLE})"
    )


def run(args: argparse.Namespace) -> int:
    """Print what was found and return 0; raises LineageError for a name no event knows."""
    graph = Graph(read_runs(args.events or _default_events()))
    landed = graph.landed(args.name) if args.direction == "downstream" else None
    if landed:
        found = graph.downstream(landed[0], only=landed[1])
    else:
        start = graph.find(args.name, args.column)
        found = graph.upstream(start) if args.direction == "upstream" else graph.downstream(start)
    sys.stdout.write(render(found, upstream=args.direction == "upstream", form=args.format) + "\n")
    return 0


def _default_events() -> Path:
    place = os.environ.get(EVENTS_VARIABLE)
    if not place:
        raise LineageError(f"say where the events are: --events, or {EVENTS_VARIABLE} of a file transport")
    return Path(place)
