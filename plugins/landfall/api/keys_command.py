"""`landfall api-key`: make, rotate, revoke and list customers' API keys. A token is printed once and kept nowhere."""

from __future__ import annotations

import argparse
import getpass
import re
import sys

from landfall.api.keys import GRACE_HOURS, LONGEST_DAYS, ApiKey, ApiKeyStore
from landfall.contracts.extract_product import load_products
from landfall.errors import ApiKeyError
from landfall.extract.door.request import CUSTOMER_ID_PATTERN
from landfall.extract.records.audit import Action, AuditEvent, AuditLog
from landfall.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `landfall api-key` to its parser."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    create = actions.add_parser("create", help="make a key and print its token, once")
    create.add_argument("--customer", required=True, metavar="ID", help="whose data it opens, such as cus_000042")
    create.add_argument("--name", required=True, help="what the key is for, such as the system that will use it")
    create.add_argument(
        "--product", action="append", default=[], help="a product it opens; may be repeated; default all"
    )
    create.add_argument("--pii", action="store_true", help="let it have personal data unmasked")
    rotate = actions.add_parser("rotate", help=f"make a successor; the old key is taken for {GRACE_HOURS} hours more")
    rotate.add_argument("key_id")
    for action in (create, rotate):
        action.add_argument("--days", type=int, default=90, help=f"expires after, 1 to {LONGEST_DAYS} (default: 90)")
    revoke = actions.add_parser("revoke", help="close a key at once and for good")
    revoke.add_argument("key_id")
    shown = actions.add_parser("list", help="show a customer's keys: scope, expiry and last use")
    shown.add_argument("--customer", required=True, metavar="ID")


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return 0. Raises ApiKeyError for what cannot be."""
    settings = Settings.from_environment()
    store, who = ApiKeyStore.of(settings), f"cli:{getpass.getuser()}"
    if args.action == "list":
        for key in sorted(store.of_customer(_customer(args.customer)), key=lambda key: key.created_at):
            sys.stdout.write(f"{_line(key)}\n")
        return 0
    if args.action == "revoke":
        _audit("key_revoked", store.revoke(args.key_id), who, settings)
        sys.stdout.write(f"{args.key_id} is revoked\n")
        return 0
    if args.action == "rotate":
        key, token = store.rotate(args.key_id, days=args.days, rotated_by=who)
        _audit("key_rotated", key, who, settings)
    else:
        key, token = store.create(
            customer_id=_customer(args.customer),
            name=args.name,
            products=_products(args.product),
            pii=args.pii,
            days=args.days,
            created_by=who,
        )
        _audit("key_created", key, who, settings)
    sys.stdout.write(f"{_line(key)}\n{token}\n")
    sys.stderr.write("this is the only time the token is shown: send it as `Authorization: Bearer <token>`\n")
    return 0


def _customer(value: str) -> str:
    if not re.fullmatch(CUSTOMER_ID_PATTERN.strip("^$"), value):
        raise ApiKeyError(f"customer: {value[:40]!r} is no customer; use cus_ and 6 digits, such as cus_000042")
    return value


def _products(names: list[str]) -> tuple[str, ...]:
    offered = load_products()
    for name in names:
        if name not in offered:
            raise ApiKeyError(f"product: {name[:40]!r} is not offered; use some of {', '.join(sorted(offered))}")
    return tuple(sorted(set(names)))


def _line(key: ApiKey) -> str:
    state = f"revoked {key.revoked_at}" if key.revoked_at else f"expires {key.expires_at}"
    scope = f"{','.join(key.products) or 'all products'}{' with PII' if key.pii else ''}"
    return f"{key.key_id}  {key.customer_id}  {key.name}  {scope}  {state}  last used {key.last_used_at or 'never'}"


def _audit(action: Action, key: ApiKey, who: str, settings: Settings) -> None:
    details = {"key_id": key.key_id, "products": key.products, "pii": key.pii, "expires_at": key.expires_at}
    AuditLog(settings).append(
        AuditEvent(action=action, caller=who, customer_id=key.customer_id, outcome="done", details=details)
    )
