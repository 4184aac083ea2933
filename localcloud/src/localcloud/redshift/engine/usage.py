"""RPU-seconds as Redshift Serverless bills them.

"You pay for the workloads you run in RPU-hours on a per-second basis (with a 60-second minimum charge)": a period of
use lasts from the first statement's start to the last one's end and is charged with at least 60 seconds; statements
that start inside what is charged already extend it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DEFAULT_CAPACITY = 128
"""RPUs of a workgroup that was created without baseCapacity."""
MINIMUM_CHARGE_SECONDS = 60.0
KEPT_SECONDS = 7 * 24 * 3600
"""How long SYS_SERVERLESS_USAGE shows a minute."""
_STORED_SECONDS = 31 * 24 * 3600
"""Limits by the month look at more than the view shows."""
_SAVE_SECONDS = 2.0


@dataclass
class Minute:
    """What was used in one minute, in RPU-seconds; `capacity` in RPUs."""

    compute: float = 0.0
    charged: float = 0.0
    capacity: float = 0.0


class Meter:
    """Counts a namespace's use by the minute; thread-safe. Kept in `path`, written at most every two seconds."""

    def __init__(self, *, path: Path | None = None, capacity: Callable[[], float] = lambda: DEFAULT_CAPACITY) -> None:
        self._path = path
        self._capacity = capacity
        self._lock = threading.Lock()
        self._active = 0
        self._counted_to = 0.0
        self._charged_to = 0.0
        self._saved_at = 0.0
        self._minutes: dict[int, Minute] = {}
        if path is not None and path.exists():
            stored = json.loads(path.read_text())
            self._charged_to = stored["charged_to"]
            self._minutes = {int(minute): Minute(*values) for minute, values in stored["minutes"].items()}

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time that passes inside; what runs at the same time counts once."""
        with self._lock:
            self._count(time.time())
            self._active += 1
        try:
            yield
        finally:
            with self._lock:
                self._count(time.time())
                self._active -= 1
                if time.monotonic() - self._saved_at > _SAVE_SECONDS:
                    self._save()

    def minutes(self, since: float = 0.0) -> list[tuple[float, Minute]]:
        """Minutes with use that began at `since` (Unix seconds) or later, oldest first."""
        with self._lock:
            if self._active:
                self._count(time.time())
            return [(minute * 60.0, use) for minute, use in sorted(self._minutes.items()) if minute * 60 >= since]

    def charged_seconds(self, since: float) -> float:
        """RPU-seconds charged since then."""
        return sum(use.charged for _, use in self.minutes(since))

    def close(self) -> None:
        """Write what is not yet written."""
        with self._lock:
            self._save()

    def _count(self, now: float) -> None:
        """Bring the counts up to `now`; the first statement of a period is charged its minimum at once."""
        capacity = self._capacity()
        minute = self._minutes.setdefault(int(now // 60), Minute())
        minute.capacity = capacity
        if self._active:
            minute.compute += max(now - self._counted_to, 0.0) * capacity
        if now > self._charged_to and not self._active:
            minute.charged += MINIMUM_CHARGE_SECONDS * capacity
            self._charged_to = now + MINIMUM_CHARGE_SECONDS
        elif now > self._charged_to:
            minute.charged += (now - self._charged_to) * capacity
            self._charged_to = now
        self._counted_to = now

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        oldest = (time.time() - _STORED_SECONDS) // 60
        self._minutes = {minute: use for minute, use in self._minutes.items() if minute >= oldest}
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        minutes = {minute: (use.compute, use.charged, use.capacity) for minute, use in self._minutes.items()}
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps({"charged_to": self._charged_to, "minutes": minutes}))
        fresh.replace(self._path)
