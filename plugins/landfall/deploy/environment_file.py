"""The environment that a deployment gives to everything else, as a file a shell can load."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from landfall.aws.redshift_serverless import WarehouseLogin

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def environment_of(*, environment: str, outputs: Mapping[str, str], login: WarehouseLogin) -> dict[str, str]:
    """Return a deployment's variables: `LANDFALL_<OUTPUT>` an output of its stacks, and the warehouse login."""
    named = {f"LANDFALL_{_WORD_START.sub('_', name).upper()}": value for name, value in outputs.items()}
    return {
        "LANDFALL_ENVIRONMENT": environment,
        **named,
        "LANDFALL_REDSHIFT_HOST": login.host,
        "LANDFALL_REDSHIFT_PORT": str(login.port),
        "LANDFALL_REDSHIFT_USER": login.user,
        "LANDFALL_REDSHIFT_PASSWORD": login.password,
    }


def write_environment_file(path: Path, variables: Mapping[str, str]) -> None:
    """Write `variables` as `export NAME='value'` lines, readable by the owner alone: a password is among them."""
    text = "".join(f"export {name}={_quoted(value)}\n" for name, value in sorted(variables.items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)


def _quoted(value: str) -> str:
    # shlex leaves a plain word bare; quotes around every value are what a reader of the file may count on.
    return shlex.quote(value) if "'" in value else f"'{value}'"
