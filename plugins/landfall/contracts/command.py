"""`landfall contracts check`: read every stream contract as the pipeline would, and say what is in them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from landfall.contracts.streams import load_stream_contracts
from landfall.settings import REPOSITORY


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `landfall contracts` to its parser."""
    parser.add_argument("action", choices=["check"], help="read all contracts; the first wrong one is refused")
    parser.add_argument(
        "--directory",
        type=Path,
        default=REPOSITORY / "contracts" / "streams",
        help="where the stream contracts stand (default: contracts/streams)",
    )


def run(args: argparse.Namespace) -> int:
    """Print a line a stream and return 0. Raises ContractError for a contract that cannot be kept."""
    for contract in load_stream_contracts(args.directory):
        personal = [field.name for field in contract.fields if field.is_pii]
        sys.stdout.write(
            f"{contract.stream} {contract.version}: {len(contract.fields)} fields, key {', '.join(contract.key)}, "
            f"by day of {contract.time_field}, fresh within {contract.freshness_minutes} min, "
            f"personal data: {', '.join(personal) or 'none'}\n"
        )
    return 0
