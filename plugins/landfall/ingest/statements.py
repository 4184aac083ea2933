"""Run the load's statements: those that lose the race for a commit are run again."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Sequence
from datetime import date
from typing import Protocol

from sqlglot import exp

from landfall.aws.athena import AthenaResult
from landfall.errors import EngineError

logger = logging.getLogger(__name__)

_COMMIT_TRIES = 8
_COMMIT_CONFLICT = "ICEBERG_COMMIT_ERROR"
_UNREADABLE = ("HIVE_CURSOR_ERROR", "HIVE_BAD_DATA", "HIVE_CANNOT_OPEN_SPLIT", "HIVE_FILE_NOT_FOUND")


class Engine(Protocol):
    """What the load needs of Athena; see landfall.aws.athena.Athena."""

    def run(self, statement: exp.Expression | str, *, fetch: bool = False) -> AthenaResult:
        """Run a statement to its end; EngineError if it fails."""


class Statements:
    """The engine, with the bytes its statements scanned so far."""

    def __init__(self, *, engine: Engine) -> None:
        self._engine = engine
        self.scanned_bytes = 0

    def run(self, statement: exp.Expression) -> None:
        """Run a statement that may be repeated, again if another writer committed to its table first."""
        for attempt in range(1, _COMMIT_TRIES + 1):
            try:
                self.scanned_bytes += self._engine.run(statement).scanned_bytes
            except EngineError as error:
                if _COMMIT_CONFLICT not in str(error) or attempt == _COMMIT_TRIES:
                    raise
                logger.warning("commit conflict, try %d of %d: %s", attempt, _COMMIT_TRIES, error)
                time.sleep(random.uniform(0, 0.2 * 2**attempt))  # noqa: S311 - spreads retries, guards nothing
            else:
                return

    def rows(self, query: exp.Expression) -> Sequence[tuple[str | None, ...]]:
        """Return the rows of a query as Athena's texts."""
        result = self._engine.run(query, fetch=True)
        self.scanned_bytes += result.scanned_bytes
        return result.rows


def is_unreadable_data(error: EngineError) -> bool:
    """Whether a statement failed because of a file it read, as Athena names such causes."""
    return any(cause in str(error) for cause in _UNREADABLE)


def day_counts(rows: Sequence[tuple[str | None, ...]]) -> tuple[dict[date, int], int]:
    """Split the rows of select_days into good records by day and the number of bad records."""
    days = {date.fromisoformat(day): int(count or 0) for day, count in rows if day is not None}
    return days, sum(int(count or 0) for day, count in rows if day is None)
