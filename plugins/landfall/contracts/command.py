"""`landfall contracts`: check the contracts, generate what follows from them, begin a new one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from landfall.contracts.model import StreamContract
from landfall.contracts.streams import load_stream_contracts
from landfall.errors import ContractError
from landfall.settings import REPOSITORY


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `landfall contracts` to its parser."""
    parser.add_argument("--repository", type=Path, default=REPOSITORY, help="where contracts/ stands")
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    check = actions.add_parser("check", help="read all contracts; the first wrong one is refused")
    check.set_defaults(act=_check)
    generate = actions.add_parser("generate", help="write what follows from the contracts, and put them in force")
    generate.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    generate.set_defaults(act=_generate)
    new = actions.add_parser("new-stream", help="begin a contract with the fields every stream has")
    new.add_argument("stream", help="its name: 2 to 30 lower-case letters, digits and _")
    new.set_defaults(act=_new_stream)


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return the exit code. Raises ContractError for a contract that cannot be kept."""
    return int(args.act(args))


def _check(args: argparse.Namespace) -> int:
    for contract in _contracts(args.repository):
        personal = [field.name for field in contract.fields if field.is_pii]
        sys.stdout.write(
            f"{contract.stream} {contract.version}: {len(contract.fields)} fields, key {', '.join(contract.key)}, "
            f"by day of {contract.time_field}, fresh within {contract.freshness_minutes} min, "
            f"personal data: {', '.join(personal) or 'none'}\n"
        )
    return 0


def _generate(args: argparse.Namespace) -> int:
    from landfall.contracts.artifacts import artifacts, released_path
    from landfall.contracts.changes import Kind, check_version
    from landfall.contracts.released import read_released

    contracts = _contracts(args.repository)
    for contract in contracts:
        released = read_released(args.repository / released_path(contract.stream))
        if released is not None and (kind := check_version(released, contract)) is not Kind.NONE:
            sys.stdout.write(
                f"{contract.stream}: {kind.name.lower()} change, {released.version} -> {contract.version}\n"
            )
    stale = {path: text for path, text in artifacts(contracts).items() if _differs(args.repository / path, text)}
    if args.check:
        sys.stdout.writelines(f"{path} is stale: run `landfall contracts generate`\n" for path in stale)
        return 1 if stale else 0
    for path, text in stale.items():
        (args.repository / path).parent.mkdir(parents=True, exist_ok=True)
        (args.repository / path).write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {path}\n")
    return 0


def _new_stream(args: argparse.Namespace) -> int:
    from landfall.contracts.skeleton import skeleton

    path = args.repository / "contracts" / "streams" / f"{args.stream}.yaml"
    text = skeleton(args.stream)
    if path.exists():
        raise ContractError(f"{path}: the stream is there already: choose another name, or edit its contract")
    path.write_text(text, encoding="utf-8")
    sys.stdout.write(
        f"wrote {path}: describe its fields, then run `landfall contracts generate` and `landfall deploy`\n"
    )
    return 0


def _contracts(repository: Path) -> Sequence[StreamContract]:
    return load_stream_contracts(repository / "contracts" / "streams")


def _differs(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") != text
