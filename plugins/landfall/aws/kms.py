"""Signatures by a key that never leaves KMS."""

from __future__ import annotations

import hashlib

from landfall.aws.clients import client

ALGORITHM = "ECDSA_SHA_256"
"""What a key of the spec ECC_NIST_P256 signs with; the signature is DER, as openssl reads it."""


def sign(message: bytes, *, key_id: str) -> bytes:
    """Return the DER signature of `message` by the key `key_id` (id, ARN or alias)."""
    # Sign takes messages of at most 4,096 bytes; a longer one is signed by its digest, which comes to the same.
    digest = hashlib.sha256(message).digest()
    answer = client("kms").sign(KeyId=key_id, Message=digest, MessageType="DIGEST", SigningAlgorithm=ALGORITHM)
    return bytes(answer["Signature"])


def public_key(key_id: str) -> bytes:
    """Return the public key as DER SubjectPublicKeyInfo."""
    return bytes(client("kms").get_public_key(KeyId=key_id)["PublicKey"])
