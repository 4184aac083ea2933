"""What the demo says when it cannot go on."""

from __future__ import annotations


class DemoError(Exception):
    """A station failed or was too slow; the message names it and what to look at."""


class AccountInexactError(DemoError):
    """Sending was cut off earlier, so nobody knows exactly what the streams took."""
