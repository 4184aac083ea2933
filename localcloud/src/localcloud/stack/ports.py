"""Which ports the stack listens on, all on 127.0.0.1."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields

import psutil

from localcloud.stack.errors import StackError

HOST = "127.0.0.1"
OFFSET_VARIABLE = "LANDFALL_PORT_OFFSET"


@dataclass(frozen=True, kw_only=True)
class Ports:
    """One port a listener; the defaults are what `make up` uses when the environment says nothing."""

    aws: int = 4566
    athena: int = 4567
    redshift_api: int = 4568
    redshift: int = 5439
    airflow: int = 8080

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Ports:
        """Read `LANDFALL_<NAME>_PORT` for each port, plus `LANDFALL_PORT_OFFSET` which moves all of them.

        Raises StackError when one is no port number.
        """
        offset = _whole_number(environ, OFFSET_VARIABLE, 0)
        chosen = {}
        for each in fields(cls):
            variable = variable_of(each.name)
            port = _whole_number(environ, variable, int(str(each.default))) + offset
            if not 0 < port < 65536:
                raise StackError(f"{variable} + {OFFSET_VARIABLE} is {port}: choose a port from 1 to 65535")
            chosen[each.name] = port
        return cls(**chosen)

    @classmethod
    def free(cls) -> Ports:
        """Pick ports that nobody listens on now."""
        names = [each.name for each in fields(cls)]
        return cls(**dict(zip(names, free_ports(len(names)), strict=True)))

    def url(self, name: str) -> str:
        """The HTTP address of the listener `name`."""
        return f"http://{HOST}:{getattr(self, name)}"

    def busy(self) -> Iterator[str]:
        """Yield a sentence for each port that somebody else listens on."""
        for name, port in asdict(self).items():
            try:
                _bound_socket(port).close()
            except OSError:
                yield f"port {port} is busy{_holder(port)}: set {variable_of(name)} (or {OFFSET_VARIABLE}) to move it"


def free_ports(count: int) -> list[int]:
    """Return `count` different ports that nobody listens on now."""
    with ExitStack() as held:
        return [held.enter_context(_bound_socket(0)).getsockname()[1] for _ in range(count)]


def variable_of(name: str) -> str:
    """The environment variable that sets the port `name`."""
    return f"LANDFALL_{name.upper()}_PORT"


def _whole_number(environ: Mapping[str, str], variable: str, default: int) -> int:
    text = environ.get(variable) or str(default)
    try:
        return int(text)
    except ValueError:
        raise StackError(f"{variable}={text!r} is not a whole number") from None


def _bound_socket(port: int) -> socket.socket:
    listener = socket.socket()
    # As servers do: a connection that has ended must not count as a holder of the port.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


def _holder(port: int) -> str:
    """Name the process that listens on `port`, as far as this user may see it."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                command = " ".join(psutil.Process(connection.pid).cmdline())
                return f" (held by process {connection.pid}: {command[:100]})"
    except psutil.Error:
        pass
    return ""
