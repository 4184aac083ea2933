"""Where a webhook may be sent: a public https address, looked at once it is resolved, so that none leads inside."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from landfall.errors import AddressError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[Address]]

LONGEST_URL: Final = 2000
"""Characters of an address; longer ones are cut by proxies on the way."""

_PORT: Final = 443
_HOST = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PRINTABLE = re.compile(r"[!-~]+")

# What Python 3.11 takes for global and is not the public internet's (IANA's special-purpose address registries), and
# addresses that carry another one inside them, to which a router on the way would send them on.
_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "fec0::/10",  # site-local, RFC 3879
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
        "::ffff:0:0/96",  # IPv4-mapped, RFC 4291
        "::/96",  # IPv4-compatible, RFC 4291
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # NAT64 of a site, RFC 8215
        "2002::/16",  # 6to4, RFC 3056
        "2001::/32",  # Teredo, RFC 4380
    )
)


@dataclass(frozen=True)
class Destination:
    """A checked address: what to ask for, of whom, and the one IP address to connect to."""

    host: str
    target: str
    ip: Address


def check_url(url: str) -> tuple[str, str]:
    """Return host and request target of a webhook's `url`; nothing is resolved.

    Raises AddressError for anything but https to a named host on port 443, without user name and fragment.
    """
    if not isinstance(url, str) or len(url) > LONGEST_URL or not _PRINTABLE.fullmatch(url):
        raise AddressError(f"webhook: an address has up to {LONGEST_URL} printable ASCII characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressError(f"webhook: this is no address: {error}") from error
    host = parts.hostname or ""
    if parts.scheme != "https" or port not in (None, _PORT):
        raise AddressError("webhook: use an address that begins with https:// and has no port, or 443")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise AddressError("webhook: no user name, password or #fragment may be in the address")
    if not _HOST.fullmatch(host):
        raise AddressError(f"webhook: {host[:60]!r} is no name of a public host; use one such as hooks.example.com")
    return host, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def locate(url: str, *, resolve: Resolve | None = None) -> Destination:
    """Return the destination of `url`, whose host must have public addresses only.

    The connection is to be made to the address that was looked at: asked a second time, a name server could answer with
    another. Raises AddressError for one private, local, reserved, multicast or carrying address among them, or none.
    """
    host, target = check_url(url)
    found = (resolve or resolve_by_system)(host, _PORT)
    if not found:
        raise AddressError(f"webhook: the host {host} has no address")
    for address in found:
        if not is_public(address):
            raise AddressError(f"webhook: the host {host} leads to an address that is not public")
    return Destination(host=host, target=target, ip=found[0])


def is_public(address: Address) -> bool:
    """Tell whether `address` is one of the public internet's, and carries no other."""
    return address.is_global and not address.is_multicast and not any(address in network for network in _NOT_PUBLIC)


def resolve_by_system(host: str, port: int) -> list[Address]:
    """Return every address the system's resolver has of `host`; none when it has no such name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
