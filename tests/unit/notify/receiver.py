"""A receiver's check of a webhook, written from the specification and not from what signs."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping

TOLERANCE_SECONDS = 300
"""How far the clocks may be apart; what is older may be a replay by somebody who listened."""


def accepts(received: Mapping[str, str], body: bytes, *, key: str, now: int) -> bool:
    """Tell whether a webhook was signed with `key`, `whsec_` and base64, at about `now` (seconds since 1970)."""
    timestamp = received["webhook-timestamp"]
    if not timestamp.isdigit() or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    content = b".".join([received["webhook-id"].encode(), timestamp.encode(), body])
    digest = hmac.digest(base64.b64decode(key.partition("_")[2]), content, "sha256")
    return any(
        hmac.compare_digest(f"v1,{base64.b64encode(digest).decode()}", signature)
        for signature in received["webhook-signature"].split()
    )
