"""`landfall rollback`: move readers back to an older version, or release what a rollback holds."""

from __future__ import annotations

import argparse
import getpass
import sys
import uuid

from landfall.lineage import hooks as lineage
from landfall.publish.groups import LAKE, TABLES
from landfall.publish.publication import PublicationStore
from landfall.publish.rollback import must_build_anew, release, roll_back
from landfall.publish.walls import raise_walls_of
from landfall.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `landfall rollback` to its parser."""
    parser.add_argument("--group", choices=sorted(TABLES), default=LAKE, help="what is rolled back (default: lake)")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--to", type=int, metavar="VERSION", help="the version to go back to; see `landfall published`")
    what.add_argument("--release", action="store_true", help="let publications pass again after a rollback")
    parser.add_argument("--why", required=True, help="the reason, for the record")
    parser.add_argument("--who", default=getpass.getuser(), help="who decided it (default: you)")
    parser.add_argument("--no-hold", action="store_true", help="let the next publication pass without a release")


def run(args: argparse.Namespace) -> int:
    """Roll back or release, say what readers have now and what is left to do, and return 0."""
    settings = Settings.from_environment()
    store = PublicationStore(settings)
    if args.release:
        released = release(store, args.group, who=args.who, why=args.why)
        sys.stdout.write(f"{args.group} is released at version {released.version}: the next audited run is published\n")
        return 0
    moved = roll_back(
        store,
        args.group,
        to_version=args.to,
        who=args.who,
        why=args.why,
        held=not args.no_hold,
        cause_run_id=f"cli__{uuid.uuid4().hex}",
    )
    lineage.published(moved)
    if args.group == LAKE:
        raise_walls_of(moved, settings=settings)
    sys.stdout.write(f"{args.group} is at version {moved.version}, with the content of version {args.to}\n")
    if moved.rollback and moved.rollback.held:
        sys.stdout.write("nothing is published until: landfall rollback --release --why ...\n")
    if must_build_anew(store, lake_version=moved.version):
        sys.stdout.write("the warehouse holds what was withdrawn: trigger transform_warehouse, which builds it anew\n")
    return 0
