"""`localcloud fault add|list|clear`: the rules of all processes of a running stack."""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from localcloud.faults.gate import ADMIN_PATH
from localcloud.faults.rules import RECORD_KINDS, REQUEST_KINDS, STATEMENT_KINDS, RuleError, read_rule
from localcloud.stack.errors import StackError
from localcloud.stack.layout import Layout
from localcloud.stack.plan import Plan

_PROCESSES = ("aws", "athena", "redshift_api")
_OF_SERVICE = {
    "athena": "athena",
    "redshift": "redshift_api",
    "redshift-data": "redshift_api",
    "redshift-serverless": "redshift_api",
}
"""Where a service lives, if not in the emulated AWS."""
_SHOWN = ("service", "operation", "match", "when", "origin", "rate", "seed", "limit", "seconds")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `localcloud fault` to its parser."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    add = actions.add_parser("add", help="put a rule in force")
    add.add_argument("kind", choices=REQUEST_KINDS + STATEMENT_KINDS + RECORD_KINDS)
    add.add_argument("--service", required=True, help="signing name, such as s3, dynamodb, athena; redshift: the wire")
    add.add_argument("--operation", help="such as PutItem, or a statement's first words; any if left out")
    add.add_argument("--match", help="a text that the path, the body or the statement contains")
    add.add_argument("--when", choices=("before", "after"), help="after: it has its effect, the answer is lost")
    add.add_argument("--origin", choices=("client", "engine", "any"), help="whose requests (default: clients')")
    add.add_argument("--rate", type=float, help="share of requests that are struck (default: 1)")
    add.add_argument("--seed", type=int, help="the same seed and order of requests, the same faults")
    add.add_argument("--limit", type=int, help="how often it strikes at most")
    add.add_argument("--delay-ms", type=int, dest="delay_ms", help="how long `slow` takes (default: 1000)")
    add.add_argument("--seconds", type=float, help="how long the rule is in force")
    add.set_defaults(act=_add)
    listing = actions.add_parser("list", help="show every rule, and how often it struck")
    listing.set_defaults(act=_list)
    clear = actions.add_parser("clear", help="take every rule out of force")
    clear.set_defaults(act=_clear)


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return 0. Raises StackError if the stack is not up or refuses."""
    plan = Plan.load(Layout.choose(args.state).plan_file)
    if plan is None:
        raise StackError("there is no stack here: run `make up` first")
    args.act(args, {name: plan.ports.url(name) for name in _PROCESSES})
    return 0


def _add(args: argparse.Namespace, addresses: Mapping[str, str]) -> None:
    names = ("kind", "service", "operation", "match", "when", "origin", "rate", "seed", "limit", "delay_ms", "seconds")
    rule = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    try:
        read_rule(rule)
    except RuleError as error:
        raise StackError(str(error)) from error
    process = _OF_SERVICE.get(args.service, "aws")
    answer = _ask(addresses[process], "POST", rule)
    sys.stdout.write(f"{answer['id']} is in force\n")


def _list(_args: argparse.Namespace, addresses: Mapping[str, str]) -> None:
    for address in addresses.values():
        for rule in _ask(address, "GET")["faults"]:
            said = ", ".join(f"{name} {rule[name]}" for name in _SHOWN if rule[name] not in ("", None))
            sys.stdout.write(f"{rule['id']}: {rule['kind']}, {said}: struck {rule['struck']} of {rule['matched']}\n")


def _clear(_args: argparse.Namespace, addresses: Mapping[str, str]) -> None:
    removed = sum(_ask(address, "DELETE")["removed"] for address in addresses.values())
    sys.stdout.write(f"{removed} rules are out of force\n")


def _ask(address: str, method: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{address}{ADMIN_PATH}", data, method=method)  # noqa: S310 - our own 127.0.0.1
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        raise StackError(json.load(error).get("detail", str(error))) from error
    except OSError as error:
        raise StackError(f"{address} does not answer: is the stack up? ({error})") from error
