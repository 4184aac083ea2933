"""`localcloud produce` and `localcloud demo`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from localcloud.demo import account, produce
from localcloud.demo.errors import DemoError
from localcloud.demo.generator import DEFAULT_DAYS, DEFAULT_EVENTS, DEFAULT_SEED
from localcloud.demo.journal import Journal
from localcloud.demo.run import Demo, Volume, journal_path
from localcloud.stack.environment import read_env_file
from localcloud.stack.layout import Layout


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that both subcommands take."""
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="the same seed draws the same events")
    parser.add_argument("--events", type=_positive, default=DEFAULT_EVENTS, help="about how many events to send")
    parser.add_argument("--days", type=_positive, default=DEFAULT_DAYS, help="over how many days they happened")


def run_demo(args: argparse.Namespace) -> int:
    """Run the whole demo; return 0 only if everything was right."""
    volume = Volume(seed=args.seed, events=args.events, days=args.days)
    return _explained(Demo(layout=Layout.choose(args.state), volume=volume, console=Console()).run)


def run_produce(args: argparse.Namespace) -> int:
    """Send one wave of events to the streams that the environment names, or else to the stack's."""
    return _explained(lambda: _produce(args))


def _produce(args: argparse.Namespace) -> int:
    layout = Layout.choose(args.state)
    if "LANDFALL_ENVIRONMENT" not in os.environ:
        found = read_env_file(layout.env_file)
        if not found:
            raise DemoError(f"there is no {layout.env_file}: run `make up`, or load the environment of a deployment")
        os.environ.update(found)
    console = Console()
    journal = Journal(path=_journal_of_target(layout))
    try:
        produce.require_exact(journal)
        wave = produce.plan(journal, seed=args.seed, events=args.events, days=args.days)
        console.print(
            f"Wave {wave.number} to {produce.stream_name('*')} at {os.environ.get('AWS_ENDPOINT_URL', 'AWS')}"
        )
        produce.send(journal, console)
        for stream, counts in account.by_stream(journal).items():
            reasons = ", ".join(f"{reason} {count}" for reason, count in counts.quarantined.items())
            console.print(
                f"{stream:<11} {counts.sent:>7,} sent so far: {counts.good:,} good, {counts.duplicates} duplicates, "
                f"{counts.late} late, {counts.glued} glued; {reasons}",
                highlight=False,
            )
    finally:
        journal.close()
    return 0


def _journal_of_target(layout: Layout) -> Path:
    """What goes to real AWS has an account of its own, beside that of the stack."""
    path = journal_path(layout)
    if "AWS_ENDPOINT_URL" in os.environ:
        return path
    region = os.environ.get("AWS_REGION", "default")
    return path.with_name(f"account-{os.environ['LANDFALL_ENVIRONMENT']}-{region}.sqlite3")


def _explained(action: Callable[[], int]) -> int:
    try:
        return action()
    except DemoError as error:
        print(f"\nlocalcloud: {error}", file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(f"\nlocalcloud: AWS at {os.environ.get('AWS_ENDPOINT_URL', 'its own address')}: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nlocalcloud: interrupted; the same command goes on where this one was", file=sys.stderr)
        return 130
    return 1


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive whole number")
    return number
