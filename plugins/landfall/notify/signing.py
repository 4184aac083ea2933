"""Signatures of webhooks, as Standard Webhooks 1.0 has them (https://www.standardwebhooks.com), so that receivers can
check them with its libraries.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32
"""Standard Webhooks asks for 24 to 64 bytes."""


def new_secret() -> str:
    """Return a secret for one customer's webhooks: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def headers(*, message_id: str, timestamp: int, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """Return the three headers of a webhook; `timestamp` is seconds since 1970, `keys` are secrets.

    While a secret is replaced both sign, so that a receiver may change over when it likes.
    """
    signatures = " ".join(_signature(key, message_id, timestamp, body) for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signatures}


def _signature(key: str, message_id: str, timestamp: int, body: bytes) -> str:
    secret = base64.b64decode(key.removeprefix(PREFIX), validate=True)
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
