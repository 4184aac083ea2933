"""Webhooks over real TLS: to the address that was looked at, with the certificate of the name, and no further."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from landfall.errors import DeliveryError
from landfall.notify import webhook
from landfall.notify.addresses import Destination
from landfall.notify.signing import new_secret

from .receiver import accepts

HOST = "hooks.example.com"
BODY = b'{"type": "extract.done"}'
KEY = new_secret()


class Receiver:
    """A receiver on this machine: what it got, and how it answers."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.status = 204
        self.location: str | None = None
        self.drips = False
        self.got: list[tuple[str, dict[str, str], bytes]] = []


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate of HOST, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_file, key_file


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def receiver(tls: tuple[Path, Path]) -> Iterator[Receiver]:
    """A running receiver."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            if found.drips:
                for _ in range(100):
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nx: y\r\n" if _ == 0 else b"x: y\r\n")
                    self.wfile.flush()
                    time.sleep(0.1)
                return
            self.send_response(found.status)
            if found.location:
                self.send_header("location", found.location)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    found = Receiver(server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


def send(receiver: Receiver, tls: tuple[Path, Path], *, host: str = HOST, trusted: bool = True) -> None:
    context = ssl.create_default_context(cafile=str(tls[0]) if trusted else None)
    destination = Destination(host=host, target="/in?a=1", ip=ipaddress.ip_address("127.0.0.1"))
    asyncio.run(
        webhook.send(destination, message_id="x.done", body=BODY, keys=[KEY], port=receiver.port, context=context)
    )


def test_it_arrives_signed_and_for_the_name(receiver: Receiver, tls: tuple[Path, Path]) -> None:
    send(receiver, tls)

    ((path, headers, body),) = receiver.got
    assert (path, headers["host"], headers["content-type"], body) == ("/in?a=1", HOST, "application/json", BODY)
    assert accepts(headers, body, key=KEY, now=int(time.time()))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, tls: tuple[Path, Path], status: int) -> None:
    receiver.status, receiver.location = status, f"https://127.0.0.1:{receiver.port}/inside"
    with pytest.raises(DeliveryError, match=f"answered {status}"):
        send(receiver, tls)
    assert len(receiver.got) == 1


@pytest.mark.parametrize(("status", "for_good"), [(410, True), (400, False), (404, False), (429, False), (503, False)])
def test_another_answer_is_a_failure_and_410_one_for_good(
    receiver: Receiver, tls: tuple[Path, Path], status: int, for_good: bool
) -> None:
    receiver.status = status
    with pytest.raises(DeliveryError) as raised:
        send(receiver, tls)
    assert raised.value.for_good is for_good


def test_a_certificate_of_another_name_or_of_nobody_is_refused(receiver: Receiver, tls: tuple[Path, Path]) -> None:
    for options in ({"host": "other.example.com"}, {"trusted": False}):
        with pytest.raises(DeliveryError, match="could not be reached"):
            send(receiver, tls, **options)  # type: ignore[arg-type]
    assert not receiver.got


def test_a_receiver_that_never_ends_its_answer_is_left(
    receiver: Receiver, tls: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "MOST_SECONDS", 0.5)
    receiver.drips = True
    with pytest.raises(DeliveryError, match="TimeoutError"):
        send(receiver, tls)


def test_a_proxy_of_the_environment_is_not_asked(
    receiver: Receiver, tls: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    send(receiver, tls)
    assert len(receiver.got) == 1
