"""A self-signed P-256 certificate made with the standard library, so that `sslmode=require` needs nothing installed.

The certificate protects nothing but lets clients run with the settings they use in the cloud; the server listens on
127.0.0.1 only. Curve and signature follow SEC 1 / FIPS 186-4, the encoding RFC 5280 and RFC 5915.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_Point = tuple[int, int] | None


def server_context(state_dir: Path) -> ssl.SSLContext:
    """TLS context over `state_dir`/redshift-tls.pem, which is made on first use (key and certificate in one file)."""
    path = state_dir / "redshift-tls.pem"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(_key_and_certificate())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _add(a: _Point, b: _Point) -> _Point:
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % _P == 0:
        return None
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, _P) % _P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, _P) % _P
    x = (slope * slope - a[0] - b[0]) % _P
    return x, (slope * (a[0] - x) - a[1]) % _P


def _multiply(scalar: int, point: _Point) -> tuple[int, int]:
    result: _Point = None
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    if result is None:
        raise ValueError("scalar is a multiple of the curve's order")
    return result


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    body = bytes([first * 40 + second])
    for part in rest:
        chunk = [part & 0x7F]
        while part := part >> 7:
            chunk.insert(0, 0x80 | part & 0x7F)
        body += bytes(chunk)
    return _der(0x06, body)


def _bits(data: bytes) -> bytes:
    return _der(0x03, b"\0" + data)


def _sign(message: bytes, key: int) -> bytes:
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    while True:
        nonce = secrets.randbelow(_N - 1) + 1
        r = _multiply(nonce, _G)[0] % _N
        s = pow(nonce, -1, _N) * (digest + r * key) % _N
        if r and s:
            return _der(0x30, _integer(r), _integer(s))


def _key_and_certificate() -> str:
    key = secrets.randbelow(_N - 1) + 1
    x, y = _multiply(key, _G)
    public = b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    curve = _oid("1.2.840.10045.3.1.7")
    algorithm = _der(0x30, _oid("1.2.840.10045.4.3.2"))
    name = _der(0x30, _der(0x31, _der(0x30, _oid("2.5.4.3"), _der(0x0C, b"127.0.0.1"))))
    now = datetime.now(UTC)
    validity = _der(
        0x30,
        *(_der(0x17, f"{t:%y%m%d%H%M%SZ}".encode()) for t in (now - timedelta(days=1), now + timedelta(days=3650))),
    )
    names = _der(0x30, _der(0x82, b"localhost"), _der(0x87, bytes([127, 0, 0, 1])))
    constraints = _der(0x30, _oid("2.5.29.19"), _der(0x04, _der(0x30, _der(0x01, b"\xff"))))
    extensions = _der(0xA3, _der(0x30, constraints, _der(0x30, _oid("2.5.29.17"), _der(0x04, names))))
    public_info = _der(0x30, _der(0x30, _oid("1.2.840.10045.2.1"), curve), _bits(public))
    serial = _integer(secrets.randbits(120))
    to_sign = _der(0x30, _der(0xA0, _integer(2)), serial, algorithm, name, validity, name, public_info, extensions)
    certificate = _der(0x30, to_sign, algorithm, _bits(_sign(to_sign, key)))
    private = _der(0x30, _integer(1), _der(0x04, key.to_bytes(32, "big")), _der(0xA0, curve), _der(0xA1, _bits(public)))
    return _pem("EC PRIVATE KEY", private) + _pem("CERTIFICATE", certificate)


def _pem(label: str, data: bytes) -> str:
    text = base64.b64encode(data).decode()
    lines = "\n".join(text[i : i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"
