"""`landfall destination`: register, show, try and remove the keys and buckets that customers want extracts in."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, datetime

from landfall.aws.sts import narrowed
from landfall.errors import DestinationError
from landfall.extract.delivery.bucket import try_bucket
from landfall.extract.delivery.destination import ROLE_PREFIX, Destination, new_destination
from landfall.extract.delivery.encryption import require_usable
from landfall.extract.delivery.register import Register
from landfall.extract.engines.isolation import encryption_policy
from landfall.extract.records.audit import Action, AuditEvent, AuditLog
from landfall.extract.records.record import timestamp
from landfall.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `landfall destination` to its parser."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    for action, told in {
        "add": "register a key, a bucket or both; prints the external id that the bucket's role must ask for",
        "list": "show a customer's destinations",
        "test": "write, read and remove a probe under the key and in the bucket",
        "remove": "take no more requests for it; files that were delivered stay where they are",
    }.items():
        words = actions.add_parser(action, help=told)
        words.add_argument("--customer", required=True, metavar="ID", help="such as cus_000042")
        if action != "list":
            words.add_argument("--name", required=True, help="by which requests name it")
        if action == "add":
            words.add_argument("--kms-key", metavar="ARN", help="the customer's key that files are encrypted with")
            words.add_argument("--bucket", help="the customer's bucket that files are delivered to")
            words.add_argument("--prefix", default="", help="folder in the bucket, with a closing slash; default none")
            words.add_argument(
                "--role", metavar="ARN", help=f"role of the bucket's account that writes there: {ROLE_PREFIX}..."
            )


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return 0, or 1 if a test failed. Raises DestinationError for what cannot be."""
    settings = Settings.from_environment()
    register = Register.of(settings)
    if args.action == "list":
        for each in register.of_customer(args.customer):
            sys.stdout.write(f"{_line(each)}\n")
        return 0
    if args.action == "add":
        made = _add(args, settings)
        _audit("destination_added", made, settings)
        sys.stdout.write(f"{_line(made)}\n")
        if made.external_id:
            sys.stderr.write("the role must trust the extract role with this external id; then run `test`\n")
        return 0
    if args.action == "remove":
        _audit("destination_removed", register.remove(args.customer, args.name), settings)
        sys.stdout.write(f"{args.name} is removed\n")
        return 0
    return _test(register, args.customer, args.name, settings)


def _add(args: argparse.Namespace, settings: Settings) -> Destination:
    made = new_destination(
        customer_id=args.customer,
        name=args.name,
        kms_key_arn=args.kms_key,
        bucket=args.bucket,
        prefix=args.prefix,
        role_arn=args.role,
        created_at=timestamp(datetime.now(UTC)),
        created_by=_who(),
        environment=settings.environment,
        region=settings.aws_region,
        own_account=settings.extract_role_arn.split(":")[4],
    )
    Register.of(settings).add(made)
    return made


def _test(register: Register, customer_id: str, name: str, settings: Settings) -> int:
    """Try what a run will do, with the credentials of a run; print a line a part. Return 0 if all works, else 1."""
    found = register.get(customer_id, name)
    failed = 0
    for part, wanted, attempt in (("key", found.kms_key_arn, _try_key), ("bucket", found.bucket, try_bucket)):
        if wanted is None:
            continue
        try:
            attempt(found, settings=settings)
            sys.stdout.write(f"{part}: ok\n")
        except DestinationError as error:
            failed = 1
            sys.stdout.write(f"{part}: FAILED: {error}\n")
    _audit("destination_tested", found, settings, outcome="failed" if failed else "done")
    return failed


def _try_key(destination: Destination, *, settings: Settings) -> None:
    """Use the key as a run does. Raises KeyUnusableError."""
    prefix, key_arn = f"{destination.customer_id}/{destination.name}-test/", str(destination.kms_key_arn)
    policy = encryption_policy(prefix, key_arn=key_arn, settings=settings)
    with narrowed(settings.extract_role_arn, policy=policy, name="landfall-destination-test"):
        require_usable(key_arn, prefix=prefix, settings=settings)


def _line(destination: Destination) -> str:
    where = f"s3://{destination.bucket}/{destination.prefix}" if destination.bucket else "extracts bucket"
    parts = [
        destination.customer_id,
        destination.name,
        where,
        f"key {destination.kms_key_arn or '-'}",
        f"role {destination.role_arn or '-'}",
        f"external id {destination.external_id or '-'}",
    ]
    return "  ".join(parts)


def _audit(action: Action, destination: Destination, settings: Settings, *, outcome: str = "done") -> None:
    AuditLog(settings).append(
        AuditEvent(
            action=action,
            caller=_who(),
            customer_id=destination.customer_id,
            outcome=outcome,
            details={"destination": destination.to_json()},
        )
    )


def _who() -> str:
    return f"cli:{getpass.getuser()}"
