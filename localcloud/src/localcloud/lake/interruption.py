"""Interrupting DuckDB for certain: an interrupt that comes between two of its statements is forgotten by it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

_AGAIN_SECONDS = 0.05


class Interruption:
    """Interrupts a connection until the work begun with `running` has ended; any thread may ask for it."""

    def __init__(self, interrupt: Callable[[], None]) -> None:
        self._interrupt = interrupt
        self._lock = threading.Lock()
        self._running: threading.Event | None = None
        self._insisting = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """The work that may be interrupted; none of it is any more once this has ended."""
        ended = threading.Event()
        with self._lock:
            self._running, self._insisting = ended, False
        try:
            yield
        finally:
            with self._lock:
                self._running = None
            ended.set()

    def held_off(self) -> AbstractContextManager[bool]:
        """No interrupt comes inside: COMMIT and ROLLBACK are done or not, and the client is told which."""
        return self._lock

    def request(self) -> None:
        """Interrupt what is running, and go on until it has ended; harmless when nothing is."""
        with self._lock:
            ended = self._running
            if ended is None or self._insisting:
                return
            self._insisting = True
        threading.Thread(target=self._insist, args=(ended,), name="interruption", daemon=True).start()

    def _insist(self, ended: threading.Event) -> None:
        while True:
            with self._lock:
                if self._running is not ended:
                    return
                self._interrupt()
            ended.wait(_AGAIN_SECONDS)
