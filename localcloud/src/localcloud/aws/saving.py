"""Know whether the state was saved: ministack logs a failure and goes on to end as if all were well."""

from __future__ import annotations

import logging

_LOGGER = "persistence"


class SaveFailures(logging.Handler):
    """Counts what ministack's persistence reports as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0

    def install(self) -> None:
        """Listen to ministack's persistence."""
        logging.getLogger(_LOGGER).addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Count one error."""
        self.count += 1
