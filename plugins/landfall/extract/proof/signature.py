"""The detached signature of a manifest: ECDSA over the very bytes of manifest.json, as `openssl dgst -verify` reads it.

The manifest names the file of its signature and the key. The name holds a digest of what is certified, so that of two
runs which certify at once neither can put its signature under the other's manifest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from landfall.errors import VerificationError

ALGORITHM = "ECDSA_SHA_256"
SIGNATURE_PREFIX = "manifest-"
SIGNING_KEYS = "signing-keys/"
"""Prefix of the public keys in the extracts bucket, one a key that ever signed there."""

_NAME_DIGITS = 16


def fingerprint(public_key_der: bytes) -> str:
    """Return the SHA-256 of a public key (DER SubjectPublicKeyInfo) in hex, by which manifests name it."""
    return hashlib.sha256(public_key_der).hexdigest()


def to_pem(public_key_der: bytes) -> bytes:
    """Return a public key as PEM."""
    key = serialization.load_der_public_key(public_key_der)
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def with_signature_named(document: Mapping[str, Any], *, public_key_der: bytes) -> dict[str, Any]:
    """Return a manifest with the name of the file its signature will be in, and of the key that will sign."""
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:_NAME_DIGITS]
    return {
        **document,
        "signature": {
            "path": f"{SIGNATURE_PREFIX}{digest}.sig",
            "algorithm": ALGORITHM,
            "public_key_sha256": fingerprint(public_key_der),
        },
    }


def is_signed(manifest: bytes, signature: bytes, *, public_key_der: bytes) -> bool:
    """Tell whether `signature` was made over the bytes of `manifest` with the private half of a key on P-256 (DER)."""
    key = serialization.load_der_public_key(public_key_der)
    return isinstance(key, ec.EllipticCurvePublicKey) and _is_of(key, signature, manifest)


def signature_problem(manifest: bytes, *, named: Mapping[str, Any] | None, folder: Path, key: Path) -> str | None:
    """Return what is wrong with the signature of the bytes of a manifest, None if it was made with `key`.

    `named` is the manifest's own word of its signature, None if it has none. Raises VerificationError if `key` is not
    the PEM file of a public key on P-256.
    """
    public_key, given = _read_key(key)
    if named is None:
        return "the manifest is not signed, though a key was given"
    if named["public_key_sha256"] != given:
        return f"the manifest names the signing key {named['public_key_sha256']}, {key.name} is {given}"
    path = folder / Path(str(named["path"])).name
    if not path.is_file():
        return f"its signature {path.name} is missing; download it beside the manifest"
    if not _is_of(public_key, path.read_bytes(), manifest):
        return f"{path.name} is no signature of this manifest: one of them was changed, or another key signed"
    return None


def _is_of(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _read_key(path: Path) -> tuple[ec.EllipticCurvePublicKey, str]:
    """Return the key in a PEM file and its fingerprint."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise VerificationError(f"{path}: no public key can be read there; `landfall signing-key` prints it") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise VerificationError(
            f"{path}: this is no key on the curve P-256; `landfall signing-key` prints the right one"
        )
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key, fingerprint(der)
