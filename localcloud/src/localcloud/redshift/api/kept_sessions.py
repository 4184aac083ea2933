"""Sessions of the data API that outlive a statement: SessionKeepAliveSeconds and SessionId."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from localcloud.redshift.api.errors import ApiError, validation
from localcloud.redshift.engine.session import Session

MAX_SESSIONS = 500
"""The data API's quota "maximum number of active sessions"; over it, ActiveSessionsExceededException."""


@dataclass(eq=False)
class KeptSession:
    """A session that serves one statement at a time until `seconds` have passed without one."""

    session: Session
    target: dict[str, str]
    user: str
    seconds: int
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    busy: bool = True
    idle_since: float = field(default_factory=time.monotonic)


class KeptSessions:
    """Thread-safe. Sessions whose time is up are closed when the next request comes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[str, KeptSession] = {}

    def open(self, open_session: Callable[[], Session], target: dict[str, str], user: str, seconds: int) -> KeptSession:
        """A new session, taken for one statement; raises ActiveSessionsExceededException."""
        self._expire()
        with self._lock:
            if len(self._sessions) >= MAX_SESSIONS:
                raise ApiError("ActiveSessionsExceededException", "The number of active sessions exceeds the limit")
        kept = KeptSession(open_session(), target, user, seconds)
        with self._lock:
            self._sessions[kept.id] = kept
        return kept

    def take(self, identifier: str, seconds: int | None) -> KeptSession:
        """A kept session for one statement; raises ValidationException when there is none, or it is busy."""
        self._expire()
        with self._lock:
            kept = self._sessions.get(identifier)
            if kept is None:
                raise validation(f"Session {identifier} does not exist or has expired")
            if kept.busy:
                raise validation(f"Session {identifier} is busy with another statement")
            kept.busy = True
            kept.seconds = kept.seconds if seconds is None else seconds
            return kept

    def give_back(self, kept: KeptSession) -> None:
        """The statement has ended."""
        with self._lock:
            kept.busy, kept.idle_since = False, time.monotonic()

    def close(self) -> None:
        with self._lock:
            sessions, self._sessions = list(self._sessions.values()), {}
        for kept in sessions:
            kept.session.cancel()
            if not kept.busy:
                kept.session.close()

    def _expire(self) -> None:
        now = time.monotonic()
        with self._lock:
            ended = [k for k in self._sessions.values() if not k.busy and now - k.idle_since > k.seconds]
            for kept in ended:
                del self._sessions[kept.id]
        for kept in ended:
            kept.session.close()
