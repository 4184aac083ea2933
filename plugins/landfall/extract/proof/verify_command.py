"""`landfall verify <manifest>`: check downloaded extract files offline."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from landfall.extract.proof.verify import Verification, verify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `landfall verify` to its parser."""
    parser.add_argument("location", type=Path, help="the manifest.json, or the folder it was downloaded to")
    parser.add_argument(
        "--key", type=Path, metavar="PEM", help="public key of whoever made the extract: its signature is checked too"
    )


def run(args: argparse.Namespace) -> int:
    """Print a line a file and the verdict; return 0 if all is as certified, else 1."""
    found = verify(args.location, key=args.key)
    sys.stdout.write(report(found) + "\n")
    return 1 if found.problems else 0


def report(found: Verification) -> str:
    """Return the result as a table and one sentence."""
    lines = [("file", "rows", "bytes", "result")]
    lines += [(check.path, f"{check.rows}", f"{check.bytes}", check.problem or "ok") for check in found.files]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    table = [
        f"{path:<{widths[0]}}  {rows:>{widths[1]}}  {size:>{widths[2]}}  {result}" for path, rows, size, result in lines
    ]
    manifest = found.manifest
    subject = f"extract {manifest.extract_id} of customer {manifest.shape.customer_id}"
    if found.problems:
        verdict = f"NOT VERIFIED: {subject}: {'; '.join(found.problems)}"
    else:
        verdict = f"verified: {subject}: {manifest.rows} rows in {len(manifest.files)} files, {_signed(found)}"
    return "\n".join([*table, verdict])


def _signed(found: Verification) -> str:
    if found.is_signature_checked:
        return "signature good"
    if found.manifest.signature is None:
        return "NOT SIGNED: nothing tells who wrote the manifest"
    return "signature NOT CHECKED: give the public key by --key to know who wrote the manifest"
