"""`landfall contacts`: how a customer is told that an extract has ended."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any

from landfall.errors import AddressError
from landfall.extract.door.request import CUSTOMER_ID_PATTERN
from landfall.notify.contacts import Contact, Contacts
from landfall.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `landfall contacts` to its parser."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    for action, told in {
        "show": "show a customer's contact, without its keys",
        "set": "set webhook and e-mail addresses; prints the signing key of a first webhook, once",
        "rotate": "make a new signing key and print it, once; the last one signs too until the next rotation",
        "remove": "tell the customer nothing any more",
    }.items():
        words = actions.add_parser(action, help=told)
        words.add_argument("--customer", required=True, metavar="ID", type=_customer, help="such as cus_000042")
        if action == "set":
            words.add_argument("--webhook", metavar="URL", help="public https address, on port 443")
            words.add_argument("--email", action="append", metavar="ADDRESS", help="may be repeated; replaces all")


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return 0. Raises AddressError for an address that may not be used."""
    contacts = Contacts(Settings.from_environment())
    before = contacts.of(args.customer)
    if args.action != "show":
        contacts.keep(args.customer, _changed(before, args))
    after = contacts.of(args.customer)
    sys.stdout.write(f"{args.customer}  webhook {after.webhook or '-'}  e-mail {', '.join(after.emails) or '-'}\n")
    if after.keys and after.keys[:1] != before.keys[:1]:
        sys.stdout.write(f"{after.keys[0]}\n")
        sys.stderr.write("this is the only time the key is shown: the receiver checks signatures with it\n")
    return 0


def _changed(contact: Contact, args: argparse.Namespace) -> Contact:
    if args.action == "remove":
        return Contact()
    if args.action == "rotate":
        if not contact.webhook:
            raise AddressError(f"customer: {args.customer} has no webhook; set one first")
        return contact.with_new_key()
    if args.webhook:
        contact = contact.with_webhook(args.webhook)
    return contact if args.email is None else contact.with_emails(args.email)


def _customer(value: str) -> Any:
    if not re.fullmatch(CUSTOMER_ID_PATTERN.strip("^$"), value):
        raise argparse.ArgumentTypeError(f"{value[:40]!r} is no customer; use cus_ and 6 digits, such as cus_000042")
    return value
