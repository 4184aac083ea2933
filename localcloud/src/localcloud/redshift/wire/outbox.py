"""What is told to the client, sent together: a packet a message would wake the client as many times."""

from __future__ import annotations

import asyncio

_SEND_BYTES = 8_192
"""PostgreSQL's PQ_SEND_BUFFER_SIZE."""


class Outbox:
    """Keeps messages until `send`, or until there are enough of them for a packet of their own."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._waiting = bytearray()

    def add(self, message: bytes) -> None:
        """Keep a message for when something is sent."""
        self._waiting += message
        if len(self._waiting) >= _SEND_BYTES:
            self.send()

    def send(self) -> None:
        """Hand what waits to the connection."""
        if self._waiting:
            self._writer.write(bytes(self._waiting))
            self._waiting.clear()

    async def drained(self) -> None:
        """Wait while the client is slow to take what was sent."""
        await self._writer.drain()
