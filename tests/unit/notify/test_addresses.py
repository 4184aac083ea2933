"""Where webhooks may go: nothing that leads inside, whatever its spelling."""

from __future__ import annotations

import ipaddress

import pytest
from landfall.errors import AddressError
from landfall.notify.addresses import Address, check_url, locate

PUBLIC = ipaddress.ip_address("93.184.215.14")

INSIDE = (
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104
    "169.254.169.254",  # the instance's credentials on AWS
    "169.254.170.2",  # the container's
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "255.255.255.255",
    "240.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fd00:ec2::254",
    "fc00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "2002:a00:1::",
    "2001:0:53aa:64c:0:7fff:f5ff:fffe",
    "2001:db8::1",
    "192.88.99.1",
    "fec0::1",
    "3fff::1",
    "5f00::1",
)

NO_ADDRESSES = (
    "",
    "http://hooks.example.com/",
    "HTTP://hooks.example.com/",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "gopher://hooks.example.com/",
    "//hooks.example.com/",
    "hooks.example.com",
    "https://",
    "https:///path",
    "https://localhost/",
    "https://hooks/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://hooks.example.com:8443/",
    "https://hooks.example.com:0/",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com:443a/",
    "https://user@hooks.example.com/",
    "https://user:secret@hooks.example.com/",
    "https://@hooks.example.com/",
    "https://hooks.example.com#@169.254.169.254/",
    "https://hooks.example.com\\@169.254.169.254/",
    "https://hooks.example.com/\r\nHost: inside",
    "https://hooks.example.com/\x00",
    "https://hooks.example.com/ a",
    "https://hööks.example.com/",
    "https://hooks。example.com/",
    "https://hooks.example.com./",
    "https://-hooks.example.com/",
    "https://hooks..example.com/",
    "https://" + "a" * 64 + ".example.com/",
    "https://hooks.example.com/" + "a" * 2000,
)


def resolving(*addresses: str) -> object:
    found: list[Address] = [ipaddress.ip_address(address) for address in addresses]
    return lambda host, port: found


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    with pytest.raises(AddressError, match="not public"):
        locate("https://hooks.example.com/x", resolve=resolving(address))  # type: ignore[arg-type]


@pytest.mark.parametrize("address", INSIDE)
def test_one_address_inside_among_public_ones_is_enough_to_refuse(address: str) -> None:
    with pytest.raises(AddressError, match="not public"):
        locate("https://hooks.example.com/x", resolve=resolving(str(PUBLIC), address))  # type: ignore[arg-type]


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_public_https_address_is_refused_before_it_is_resolved(url: str) -> None:
    with pytest.raises(AddressError, match=r"^webhook: "):
        check_url(url)


def test_the_destination_is_the_address_that_was_looked_at() -> None:
    found = locate("https://Hooks.Example.com/in?a=1&b=2", resolve=resolving(str(PUBLIC)))  # type: ignore[arg-type]
    assert (found.host, found.target, found.ip) == ("hooks.example.com", "/in?a=1&b=2", PUBLIC)


@pytest.mark.parametrize("address", ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "8.8.8.8"])
def test_public_addresses_may_be_sent_to(address: str) -> None:
    assert str(locate("https://hooks.example.com", resolve=resolving(address)).ip) == address  # type: ignore[arg-type]


def test_a_name_without_an_address_is_refused() -> None:
    with pytest.raises(AddressError, match="has no address"):
        locate("https://hooks.example.com/", resolve=resolving())  # type: ignore[arg-type]
