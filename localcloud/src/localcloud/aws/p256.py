"""ECDSA on the curve P-256, as KMS signs with a key of the spec ECC_NIST_P256 (FIPS 186-5, SEC 1).

In plain Python, so that the local cloud needs no compiled library for its one signature an extract. It takes
milliseconds and keeps no secret from who can measure them: it is for keys that protect nothing but a laptop's trial.
"""

from __future__ import annotations

import secrets
from typing import Final

_P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Number of points of the curve; scalars are from 1 to one less."""

_G: Final = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    1,
)
_SUBJECT_PUBLIC_KEY_INFO: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
"""What DER has before the 64 bytes of a point: id-ecPublicKey, prime256v1, an uncompressed point (RFC 5480)."""

_COORDINATE_BYTES: Final = 32
_Point = tuple[int, int, int]
"""Jacobian coordinates: x = X/Z², y = Y/Z³; Z = 0 is the point at infinity."""


def new_scalar() -> int:
    """Return a private key."""
    return secrets.randbelow(ORDER - 1) + 1


def public_key_der(scalar: int) -> bytes:
    """Return the public key of a private key as DER SubjectPublicKeyInfo."""
    return _SUBJECT_PUBLIC_KEY_INFO + b"".join(each.to_bytes(_COORDINATE_BYTES, "big") for each in _affine(scalar))


def sign(digest: bytes, scalar: int, *, nonce: int | None = None) -> bytes:
    """Return the DER signature of a 32-byte `digest`; the `nonce` is drawn by chance unless a test gives it."""
    while True:
        drawn = nonce or new_scalar()
        r = _affine(drawn)[0] % ORDER
        s = pow(drawn, -1, ORDER) * (int.from_bytes(digest, "big") + r * scalar) % ORDER
        if r and s:
            return _der(r, s)


def _der(r: int, s: int) -> bytes:
    """Return SEQUENCE { INTEGER r, INTEGER s }; both are short enough for lengths of one byte."""
    integers = b"".join(_integer(each) for each in (r, s))
    return bytes((0x30, len(integers))) + integers


def _integer(value: int) -> bytes:
    content = value.to_bytes(value.bit_length() // 8 + 1, "big")  # a leading zero where the sign bit would be set
    return bytes((0x02, len(content))) + content


def _affine(scalar: int) -> tuple[int, int]:
    """Return x and y of `scalar` times the base point."""
    result: _Point = (1, 1, 0)
    for bit in bin(scalar)[2:]:
        result = _double(result)
        if bit == "1":
            result = _add(result, _G)
    x, y, z = result
    inverse = pow(z, -1, _P)
    return x * inverse**2 % _P, y * inverse**3 % _P


def _double(point: _Point) -> _Point:
    """Return twice `point` (dbl-2001-b of the Explicit-Formulas Database; the curve's a is -3)."""
    x, y, z = point
    delta, gamma = z * z % _P, y * y % _P
    beta = x * gamma % _P
    alpha = 3 * (x - delta) * (x + delta) % _P
    new_x = (alpha * alpha - 8 * beta) % _P
    new_z = ((y + z) ** 2 - gamma - delta) % _P
    return new_x, (alpha * (4 * beta - new_x) - 8 * gamma * gamma) % _P, new_z


def _add(left: _Point, right: _Point) -> _Point:
    """Return the sum of two points of which `right` has Z = 1 (madd of the Explicit-Formulas Database)."""
    if left[2] == 0:
        return right
    x, y, z = left
    zz = z * z % _P
    h, r = (right[0] * zz - x) % _P, (right[1] * z * zz - y) % _P
    if h == 0:
        return _double(left) if r == 0 else (1, 1, 0)
    hh = h * h % _P
    hhh, v = h * hh % _P, x * hh % _P
    new_x = (r * r - hhh - 2 * v) % _P
    return new_x, (r * (v - new_x) - y * hhh) % _P, z * h % _P
