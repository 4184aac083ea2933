"""boto3 clients, made once a process or session. Endpoints and credentials come from the environment alone.

Within `acting_as` they are those of another session: of a role that may do less.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from contextvars import ContextVar, Token
from functools import cache
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials

_RETRIES: Final[Any] = {"mode": "standard", "max_attempts": 8}
_THREADS: Final = 50
"""Connections a client keeps: the API answers in up to 40 threads at once (anyio's default)."""

# Signature v4 for presigned URLs: in us-east-1 botocore would still sign them with v2.
_CONFIG = Config(signature_version="s3v4", retries=_RETRIES, max_pool_connections=_THREADS)


class _Clients:
    """The clients of the session that `open_session` returns when the first is asked for."""

    def __init__(self, open_session: Callable[[], boto3.Session]) -> None:
        self._open_session = open_session
        self._session: boto3.Session | None = None
        self._made: dict[str, Any] = {}

    def get(self, service: str) -> Any:
        if service not in self._made:
            config = _CONFIG if service == "s3" else Config(retries=_RETRIES, max_pool_connections=_THREADS)
            self._session = self._session or self._open_session()
            # Names are checked by boto3 itself; its stubs know them only as literals.
            make: Any = self._session.client
            self._made[service] = make(service, config=config)
        return self._made[service]

    def forget(self) -> None:
        self._session = None
        self._made.clear()


@cache
def _pattern() -> boto3.Session:
    """Return the session that all are copies of: it has no credentials, and takes ten milliseconds and more to make.

    botocore's descriptions of services, megabytes of JSON, are read once for all.
    """
    return boto3.Session(botocore_session=botocore.session.get_session())


def new_session(credentials: Credentials | None = None) -> boto3.Session:
    """Return a session with these credentials, or those of the environment; all share what they know of services."""
    # Neither has a method for it. A client copies what it has of its session, the hooks, and changes nothing in it.
    found: Any = copy.copy(_pattern())
    found._session = copy.copy(found._session)
    found._session._credentials = credentials
    return found  # type: ignore[no-any-return]


_of_process = _Clients(new_session)
_current: ContextVar[_Clients] = ContextVar("_current", default=_of_process)


def client(service: str) -> Any:
    """Return the client of an AWS `service` by its boto3 name, of the session that the caller acts as."""
    return _current.get().get(service)


def make_clients(services: Iterable[str]) -> None:
    """Make the clients of the process before others are forked from it; none has a connection before its first request.

    Raises what botocore does where the environment names no region, or a profile that there is none of.
    """
    for service in services:
        _of_process.get(service)


def forget() -> None:
    """Make every client of the process anew when it is asked for: a forked process must not use its parent's."""
    _of_process.forget()


class acting_as:  # noqa: N801 - used as the word of a with statement
    """Within it every client that is asked for, in this thread, is one of `session`. It may be entered again."""

    def __init__(self, session: boto3.Session) -> None:
        self._clients = _Clients(lambda: session)
        self._tokens: list[Token[_Clients]] = []

    def __enter__(self) -> None:
        self._tokens.append(_current.set(self._clients))

    def __exit__(self, *_: object) -> None:
        _current.reset(self._tokens.pop())
