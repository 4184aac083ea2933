"""The `localcloud` command."""

from __future__ import annotations

import argparse
import fcntl
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console

from localcloud.demo import command as demo_command
from localcloud.faults import command as fault_command
from localcloud.reference import command as reference_command
from localcloud.stack.down import down
from localcloud.stack.errors import StackError
from localcloud.stack.layout import Layout
from localcloud.stack.plan import Plan
from localcloud.stack.ports import Ports
from localcloud.stack.status import as_table, measure
from localcloud.stack.supervisor import Supervisor
from localcloud.stack.up import Address, Stack

GLANCE_SECONDS = 0.5


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; return 0 for success, 1 when the stack cannot or is not up, 2 for a wrong command line."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except StackError as error:
        print(f"localcloud {args.command}: {error}", file=sys.stderr)
        return 1


def _up(args: argparse.Namespace) -> int:
    layout = Layout.choose(args.state)
    layout.make()
    with _alone(layout):
        plan = _plan(layout, args)
        was_up = Plan.load(layout.plan_file) == plan and measure(layout, seconds=0).is_up
        address = Stack(layout, plan, say=_say).up()
        _say("The stack was up already." if was_up else "The stack is up.")
    _print_address(address)
    return 0


def _down(args: argparse.Namespace) -> int:
    layout = Layout.choose(args.state)
    if not layout.state.exists():
        _say(f"There is no stack in {layout.state}.")
        return 0
    with _alone(layout):
        down(layout, purge=args.purge, say=_say)
    return 0


def _status(args: argparse.Namespace) -> int:
    layout = Layout.choose(args.state)
    status = measure(layout, seconds=args.measure)
    if not status.rows:
        _say(f"There is no stack in {layout.state}.")
        return 1
    Console().print(as_table(status))
    return 0 if status.is_up else 1


def _plan(layout: Layout, args: argparse.Namespace) -> Plan:
    """A running stack keeps its ports and its Airflow; free ports are kept from run to run while they stay free."""
    known = Plan.load(layout.plan_file)
    if known and Supervisor(layout).pid:
        return Plan(known.ports, known.with_airflow or not args.without_airflow)
    if args.ports == "fixed":
        ports = Ports.from_environment()
    else:
        ports = known.ports if known and not list(known.ports.busy()) else Ports.free()
    return Plan(ports, not args.without_airflow)


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Let one command at a time change a stack; a second one waits for the first."""
    with (layout.state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"Another command is changing the stack in {layout.state}; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _print_address(address: Address) -> None:
    if address.airflow_url:
        print(f"\n  Airflow   {address.airflow_url}")
        print(f"  login     {address.airflow_user} / {address.airflow_password}")
    print(f"  clients   . {address.env_file}\n", flush=True)


def _say(text: str) -> None:
    print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="localcloud", description="An AWS region on a laptop, and Airflow beside it.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--state", help="the stack's folder (default: LANDFALL_STATE, or .local in the checkout)")

    up = commands.add_parser("up", parents=[common], help="start the stack, or what is missing of it")
    up.add_argument("--without-airflow", action="store_true", help="start the emulated AWS, Athena and Redshift only")
    up.add_argument("--ports", choices=("fixed", "free"), default="fixed", help="use the usual ports, or any free ones")
    up.set_defaults(run=_up)

    ended = commands.add_parser("down", parents=[common], help="end the stack")
    ended.add_argument("--purge", action="store_true", help="remove its state too")
    ended.set_defaults(run=_down)

    status = commands.add_parser("status", parents=[common], help="show the processes; exit 1 when one is not up")
    status.add_argument("--measure", type=float, default=GLANCE_SECONDS, metavar="SECONDS", help="watch CPU that long")
    status.set_defaults(run=_status)

    produce = commands.add_parser("produce", parents=[common], help="send events of the example business to Kinesis")
    demo_command.add_arguments(produce)
    produce.set_defaults(run=demo_command.run_produce)

    fault = commands.add_parser("fault", parents=[common], help="let the running local cloud fail on demand")
    fault_command.add_arguments(fault)
    fault.set_defaults(run=fault_command.run)

    reference = commands.add_parser("reference", help="write docs/reference/local-cloud.md from the code")
    reference_command.add_arguments(reference)
    reference.set_defaults(run=reference_command.run)

    demo = commands.add_parser("demo", parents=[common], help="up, produce, nightly batch, extract; check all of it")
    demo_command.add_arguments(demo)
    demo.set_defaults(run=demo_command.run_demo)
    return parser
