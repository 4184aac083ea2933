"""What a client sends, and whether it is still there."""

from __future__ import annotations

import asyncio


class ClientReader(asyncio.StreamReader):
    """A stream reader that knows that the client has gone although what it sent before is not read yet."""

    gone: bool = False

    def feed_eof(self) -> None:
        self.gone = True
        super().feed_eof()

    def set_exception(self, exc: Exception) -> None:
        """The connection was reset."""
        self.gone = True
        super().set_exception(exc)
