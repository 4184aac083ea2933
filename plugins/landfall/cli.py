"""The `landfall` command. Each subcommand lives beside what it drives and is imported only when it is asked for."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from landfall.errors import LandfallError


@dataclass(frozen=True)
class Subcommand:
    """A word of the command line: the module whose `add_arguments(parser)` and `run(args) -> int` answer it."""

    module: str
    help: str


SUBCOMMANDS = {
    "deploy": Subcommand("landfall.deploy.command", "create or update every AWS resource from infra/"),
    "contracts": Subcommand("landfall.contracts.command", "check the stream contracts and extract products"),
    "published": Subcommand("landfall.publish.published_command", "show published versions; pin a statement to one"),
    "rollback": Subcommand("landfall.publish.rollback_command", "move readers back to an older published version"),
    "lineage": Subcommand("landfall.lineage.command", "what a file was made from, what a column went into"),
    "signing-key": Subcommand("landfall.extract.proof.signing_key_command", "print the public key that signs extracts"),
    "api-key": Subcommand("landfall.api.keys_command", "make, rotate, revoke and list customers' API keys"),
    "destination": Subcommand(
        "landfall.extract.delivery.command", "customers' own keys and buckets for their extracts"
    ),
    "serve-api": Subcommand("landfall.api.serve_command", "serve the extract API alone, beside Airflow"),
    "contacts": Subcommand("landfall.notify.contacts_command", "how a customer is told that an extract has ended"),
    "redeliver": Subcommand("landfall.notify.redeliver_command", "send a channel's dead letters once more"),
    "verify": Subcommand("landfall.extract.proof.verify_command", "check downloaded files against their manifest"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; return 0 for success, 1 when Landfall explains a failure, 2 for a wrong command line."""
    words = list(sys.argv[1:] if argv is None else argv)
    chosen = words[0] if words and words[0] in SUBCOMMANDS else None
    args = _parser(only=chosen).parse_args(words)
    try:
        return int(args.run(args))
    except LandfallError as error:
        print(f"landfall {args.command}: {error}", file=sys.stderr)
        return 1


def _parser(*, only: str | None) -> argparse.ArgumentParser:
    """Return the command line's parser, with the arguments of just the subcommand `only`."""
    parser = argparse.ArgumentParser(prog="landfall", description="Deploy, check and verify Landfall.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, subcommand in SUBCOMMANDS.items():
        subparser = commands.add_parser(name, help=subcommand.help, description=subcommand.help)
        if name == only:
            module = importlib.import_module(subcommand.module)
            module.add_arguments(subparser)
            subparser.set_defaults(run=module.run)
    return parser
