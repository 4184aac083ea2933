"""Executions on disk: they survive the process, also when it is killed."""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from localcloud.athena.execution import FINAL, Execution
from localcloud.lake.errors import LakeError

MAX_AGE_SECONDS = 45 * 24 * 3600
"""How long an execution is remembered. Source: Athena user guide, 'query history is kept for 45 days'."""
_INTERRUPTED = LakeError(
    "GENERIC_INTERNAL_ERROR", "the service was stopped while the query was queued or running; run it again"
)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS executions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    workgroup TEXT NOT NULL,
    state TEXT NOT NULL,
    token TEXT UNIQUE,
    request_digest TEXT NOT NULL,
    reuse_digest TEXT,
    completed REAL NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS of_workgroup ON executions (workgroup, number);
CREATE INDEX IF NOT EXISTS reusable ON executions (reuse_digest, completed) WHERE reuse_digest IS NOT NULL;
"""


@dataclass(frozen=True)
class Known:
    """The execution that a ClientRequestToken has started."""

    id: str
    request_digest: str


class ExecutionStore:
    """A SQLite file in WAL mode. What was written is there after a SIGKILL; all methods may be called by any thread."""

    def __init__(self, path: Path, most: int) -> None:
        """`most` bounds the number of executions remembered: the oldest go first."""
        self._most = most
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)
        self._fail_interrupted()
        self._forget_oldest()

    def add(self, execution: Execution, token: str | None) -> None:
        """Keep a new execution."""
        with self._lock:
            self._database.execute(
                "INSERT INTO executions (id, workgroup, state, token, request_digest, completed, record)"
                " VALUES (?, ?, ?, ?, ?, 0, ?)",
                (
                    execution.id,
                    execution.request.workgroup,
                    execution.state,
                    token,
                    execution.request.digest(with_reuse=True),
                    execution.record(execution.state),
                ),
            )
            number = self._database.execute("SELECT last_insert_rowid()").fetchone()[0]
        if number % 100 == 0:
            self._forget_oldest()

    def finish(self, execution: Execution, state: str, *, reusable: bool) -> None:
        """Keep how an execution ended; `reusable` says whether later queries may be given its result."""
        digest = execution.request.digest(with_reuse=False) if reusable else None
        with self._lock:
            self._database.execute(
                "UPDATE executions SET state = ?, reuse_digest = ?, completed = ?, record = ? WHERE id = ?",
                (state, digest, execution.completed, execution.record(state), execution.id),
            )

    def find(self, query_id: str) -> Execution | None:
        """An execution by its id."""
        return self._one("SELECT record FROM executions WHERE id = ?", query_id)

    def reusable(self, digest: str, since: float) -> Execution | None:
        """The latest execution whose result answers a digest and which ended at `since` (Unix seconds) or later."""
        return self._one(
            "SELECT record FROM executions WHERE reuse_digest = ? AND completed >= ? ORDER BY completed DESC LIMIT 1",
            digest,
            since,
        )

    def started_by(self, token: str) -> Known | None:
        """What a ClientRequestToken has started."""
        with self._lock:
            row = self._database.execute(
                "SELECT id, request_digest FROM executions WHERE token = ?", (token,)
            ).fetchone()
        return Known(*row) if row else None

    def ids(self, workgroup: str, before: int, most: int) -> list[tuple[int, str]]:
        """Numbers and ids of a work group's executions, newest first; `before` is a number, 0 for the newest."""
        with self._lock:
            return self._database.execute(
                "SELECT number, id FROM executions WHERE workgroup = ? AND (? = 0 OR number < ?)"
                " ORDER BY number DESC LIMIT ?",
                (workgroup, before, before, most),
            ).fetchall()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def _one(self, query: str, *arguments: object) -> Execution | None:
        with self._lock:
            row = self._database.execute(query, arguments).fetchone()
        return Execution.from_record(row[0]) if row else None

    def _fail_interrupted(self) -> None:
        marks = ", ".join("?" * len(FINAL))
        rows = self._database.execute(
            f"SELECT record FROM executions WHERE state NOT IN ({marks})",  # noqa: S608 - only marks
            FINAL,
        ).fetchall()
        for (record,) in rows:
            execution = Execution.from_record(record)
            execution.error, execution.completed = _INTERRUPTED, time.time()
            self.finish(execution, "FAILED", reusable=False)

    def _forget_oldest(self) -> None:
        with self._lock:
            self._database.execute(
                "DELETE FROM executions WHERE state IN ('SUCCEEDED', 'FAILED', 'CANCELLED') AND"
                " (completed < ? OR number <= (SELECT max(number) FROM executions) - ?)",
                (time.time() - MAX_AGE_SECONDS, self._most),
            )
