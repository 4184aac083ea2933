"""Signatures of webhooks, as Standard Webhooks 1.0 has them (https://www.standardwebhooks.com), so that receivers can
check them with its libraries.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from landfall.errors import SignatureError

PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32
"""Standard Webhooks asks for 24 to 64 bytes."""

TOLERANCE_SECONDS: Final = 300
"""How far a receiver's clock may be off; what is older may be a replay by somebody who listened."""


def new_secret() -> str:
    """Return a secret for one customer's webhooks: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def headers(*, message_id: str, timestamp: int, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """Return the three headers of a webhook; `timestamp` is seconds since 1970, `keys` are secrets.

    While a secret is replaced both sign, so that a receiver may change over when it likes.
    """
    signatures = " ".join(_signature(key, message_id, timestamp, body) for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signatures}


def verify(received: Mapping[str, str], body: bytes, *, key: str, now: int) -> None:
    """Check a received webhook as a receiver does; raises SignatureError that says what is wrong with it."""
    try:
        message_id, timestamp = received["webhook-id"], int(received["webhook-timestamp"])
        given = received["webhook-signature"].split()
    except (KeyError, ValueError) as error:
        raise SignatureError(f"a header is missing or no number: {error}") from error
    if abs(now - timestamp) > TOLERANCE_SECONDS:
        raise SignatureError(f"it was sent at {timestamp}, more than {TOLERANCE_SECONDS} s from now")
    expected = _signature(key, message_id, timestamp, body)
    if not any(hmac.compare_digest(expected, signature) for signature in given):
        raise SignatureError("no signature of this secret fits")


def _signature(key: str, message_id: str, timestamp: int, body: bytes) -> str:
    try:
        secret = base64.b64decode(key.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise SignatureError("the secret is not whsec_ and base64") from error
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
