"""One POST to a Slack incoming webhook."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from landfall.errors import LandfallError

_TRIES: Final = 3
_TIMEOUT_SECONDS: Final = 10.0
_LONGEST_PAUSE_SECONDS: Final = 30.0
_TOO_MANY: Final = 429


class SlackError(LandfallError):
    """Slack did not take a message; the text never holds the webhook's address, which is a secret."""


def post(webhook: str, body: Mapping[str, Any]) -> None:
    """Send `body` (text and blocks) to `webhook`; as often as Slack asks to wait or is out of order, three times.

    Raises SlackError with Slack's own word for the error, such as `invalid_blocks` or `no_service`
    (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
    """
    import httpx  # comes with Airflow; takes a while to import

    reason = ""
    for attempt in range(_TRIES):
        pause = 2.0**attempt
        try:
            answer = httpx.post(webhook, json=dict(body), timeout=_TIMEOUT_SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = type(error).__name__
        else:
            if answer.is_success:
                return
            reason = f"HTTP {answer.status_code}: {answer.text[:200]}"
            if answer.status_code != _TOO_MANY and not answer.is_server_error:
                break
            pause = _wanted_pause(answer.headers.get("Retry-After"), pause)
        if attempt + 1 < _TRIES:
            time.sleep(pause)
    raise SlackError(f"the webhook did not take the message: {reason}")


def _wanted_pause(retry_after: str | None, otherwise: float) -> float:
    """Return the pause (seconds) that Slack asks for, at most half a minute."""
    return min(float(retry_after), _LONGEST_PAUSE_SECONDS) if retry_after and retry_after.isdigit() else otherwise
