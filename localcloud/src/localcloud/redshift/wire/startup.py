"""What a start-up packet asks for: its parameters, and the session settings among them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from localcloud.redshift.engine import settings
from localcloud.redshift.engine.session import Session
from localcloud.redshift.errors import RedshiftError

_READ_ONLY = frozenset({"server_version", "server_encoding", "is_superuser", "integer_datetimes", "user", "database"})


def parameters(body: bytes) -> dict[str, str]:
    """Names and values of a start-up packet; raises RedshiftError 08P01 when it is not made of pairs of strings."""
    words = body.decode(errors="replace").split("\0")
    if words[-2:] != ["", ""] or len(words) % 2:
        raise RedshiftError("08P01", "invalid startup packet layout: expected terminator as last byte")
    return dict(zip(words[:-2:2], words[1:-2:2], strict=True))


def apply(session: Session, given: dict[str, str]) -> None:
    """Set what the packet sets; names that are no settings here, such as a driver's version, have no effect."""
    for name, value in (*given.items(), *_options(given.get("options", ""))):
        folded = name.lower()
        if folded in settings.DEFAULTS and folded not in _READ_ONLY:
            quoted = value.replace("'", "''")
            statement = session.parse(f"SET {folded} TO '{quoted}'")
            session.execute(statement[0], [])


def _options(text: str) -> Iterator[tuple[str, str]]:
    """The settings in `options`: `-c name=value` or `--name=value`; raises RedshiftError 22023 for anything else."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise RedshiftError("22023", f"invalid command-line options: {error}") from error
    waiting = iter(words)
    for word in waiting:
        written = next(waiting, "") if word == "-c" else word.removeprefix("-c").removeprefix("--")
        name, equals, value = written.partition("=")
        if not word.startswith("-") or not equals:
            raise RedshiftError("22023", f'invalid command-line argument for server process: "{word}"')
        yield name.replace("-", "_"), value
