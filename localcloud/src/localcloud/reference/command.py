"""`localcloud reference`: write docs/reference/local-cloud.md, or say that it is stale."""

from __future__ import annotations

import argparse
import sys

from localcloud.stack.layout import REPOSITORY

PAGE = REPOSITORY / "docs" / "reference" / "local-cloud.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `localcloud reference` to its parser."""
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the page is stale")


def run(args: argparse.Namespace) -> int:
    """Write the page, or compare it; return 0, or 1 if it is stale."""
    from localcloud.reference.page import page  # the engines take a second to import

    text = page()
    if not args.check:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    sys.stdout.write(f"{PAGE.relative_to(REPOSITORY)} is stale: run `make docs`\n")
    return 1
