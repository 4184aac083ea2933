"""boto3 clients, made once a process. Endpoints and credentials come from the environment alone.

Within `acting_as` requests are signed as another: as a role that may do less. A client of its own would take longer
than most requests, and a connection of its own.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from contextvars import ContextVar, Token
from functools import cache
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError

_RETRIES: Final[Any] = {"mode": "standard", "max_attempts": 8}
_THREADS: Final = 50
"""Connections a client keeps: the API answers in up to 40 threads at once (anyio's default)."""

# Signature v4 for presigned URLs: in us-east-1 botocore would still sign them with v2.
_CONFIG = Config(signature_version="s3v4", retries=_RETRIES, max_pool_connections=_THREADS)


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


class _Signing(Credentials):
    """Those of whoever the caller acts as when a request is signed: botocore asks for them each time."""

    def __init__(self, own: Credentials | None) -> None:
        """Sign with the process's `own` where nobody else is acted as."""
        super().__init__(access_key="", secret_key="", method="landfall")
        self._own = own

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the credentials of this moment. Raises NoCredentialsError where there are none."""
        found = _acting.get() or self._own
        if found is None:
            raise NoCredentialsError
        return found.get_frozen_credentials()


class _Clients:
    """The clients of the process, by their services."""

    def __init__(self) -> None:
        self._session: boto3.Session | None = None
        self._made: dict[str, Any] = {}

    def get(self, service: str) -> Any:
        if service not in self._made:
            config = _CONFIG if service == "s3" else Config(retries=_RETRIES, max_pool_connections=_THREADS)
            self._session = self._session or new_session(_Signing(new_session().get_credentials()))
            # Names are checked by boto3 itself; its stubs know them only as literals.
            make: Any = self._session.client
            self._made[service] = make(service, config=config)
        return self._made[service]

    def forget(self) -> None:
        self._session = None
        self._made.clear()


_of_process = _Clients()
_acting: ContextVar[Credentials | None] = ContextVar("_acting", default=None)


def client(service: str) -> Any:
    """Return the client of an AWS `service` by its boto3 name. It signs as whom the caller acts, in this thread."""
    return _of_process.get(service)


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
    """Within it requests are signed with `credentials`, in this thread alone. It may be entered again."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._tokens: list[Token[Credentials | None]] = []

    def __enter__(self) -> None:
        self._tokens.append(_acting.set(self._credentials))

    def __exit__(self, *_: object) -> None:
        _acting.reset(self._tokens.pop())
