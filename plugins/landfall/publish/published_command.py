"""`landfall published`: which versions there are, the tables of one, and a statement pinned to it."""

from __future__ import annotations

import argparse
import sys

from landfall.errors import PublicationError
from landfall.publish.groups import LAKE, TABLES
from landfall.publish.publication import PublicationStore
from landfall.publish.reading import pinned
from landfall.publish.record import Publication
from landfall.settings import Settings

_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `landfall published` to its parser."""
    parser.add_argument("--group", choices=sorted(TABLES), default=LAKE, help="default: lake")
    parser.add_argument("--version", type=int, help="default: the current one")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--history", action="store_true", help=f"list the last {_SHOWN} versions")
    what.add_argument("--sql", help="print this statement over published.<dataset> pinned to the version; - reads it")
    parser.add_argument("--dialect", choices=("athena", "redshift"), default="athena", help="of the statement")


def run(args: argparse.Namespace) -> int:
    """Print what was asked for and return 0; PublicationError if nothing is published."""
    store = PublicationStore(Settings.from_environment())
    current = store.current(args.group)
    if current is None:
        raise PublicationError(f"nothing is published of group {args.group!r}: run transform_{args.group}")
    found = current if args.version is None else store.version(args.group, args.version)
    if args.history:
        after = max(0, found.version - _SHOWN)
        lines = [described(each) for each in store.versions(args.group, after=after, before=found.version + 1)]
    elif args.sql:
        sql = sys.stdin.read() if args.sql == "-" else args.sql
        lines = [pinned(sql, found, dialect=args.dialect)]
    else:
        lines = [f"{name}  {dataset.table}  {dataset.snapshot_id or ''}" for name, dataset in found.datasets.items()]
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


def described(publication: Publication) -> str:
    """Return a line that says of a version when and why it came to be."""
    words = [f"{publication.version}", f"{publication.published_at:%Y-%m-%d %H:%M:%S}", publication.gate]
    if publication.built_from:
        words.append(f"built from lake {publication.built_from}")
    if rollback := publication.rollback:
        words.append(f"rolled back to {rollback.to_version} by {rollback.who}: {rollback.why}")
        words.append("held" if rollback.held else f"released by {rollback.released_by}" * bool(rollback.released_by))
    return "  ".join(word for word in words if word)
