"""Statements of the redshift-data API: run in threads, kept with their results as files for a day."""

from __future__ import annotations

import itertools
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from localcloud.redshift.api import results
from localcloud.redshift.api.errors import ApiError
from localcloud.redshift.api.kept_sessions import KeptSession, KeptSessions
from localcloud.redshift.api.named_parameters import bound_statement
from localcloud.redshift.engine.result import Result
from localcloud.redshift.engine.session import Session
from localcloud.redshift.errors import RedshiftError

log = logging.getLogger(__name__)

_QUERY_IDS = itertools.count(int(time.time()) * 1_000)
KEPT_SECONDS = 24 * 3600
MAX_ACTIVE_STATEMENTS = 500
"""The data API's quota "maximum number of active queries"; over it, ActiveStatementsExceededException."""
FINAL = ("FINISHED", "FAILED", "ABORTED")


@dataclass
class Part:
    """One SQL text of a statement; times are Unix seconds, `duration` nanoseconds."""

    sql: str
    status: str = "SUBMITTED"
    error: str = ""
    created_at: float = field(default_factory=time.time)
    updated_at: float = field(default_factory=time.time)
    duration: int = -1
    has_result: bool = False
    rows: int = -1
    size: int = -1
    query_id: int = 0


@dataclass
class Execution:
    """A call of ExecuteStatement (one part) or BatchExecuteStatement."""

    request: dict[str, Any]
    user: str
    parts: list[Part]
    batch: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "SUBMITTED"
    error: str = ""
    created_at: float = field(default_factory=time.time)
    updated_at: float = field(default_factory=time.time)
    pid: int = 0
    session_id: str = ""
    expires_at: float = field(default_factory=lambda: time.time() + KEPT_SECONDS)

    @property
    def result_format(self) -> str:
        return str(self.request.get("ResultFormat", "JSON"))

    @property
    def is_transaction(self) -> bool:
        """Whether the parts succeed or fail as one."""
        return len(self.parts) > 1 and self.request.get("ExecutionMode", "TRANSACTION") == "TRANSACTION"


Lease = Callable[[], AbstractContextManager[Session]]
"""Opens or takes the session of an execution, and closes it or gives it back."""


class Statements:
    """Runs and remembers executions; thread-safe. `ended` is called with each execution that asks for an event."""

    def __init__(self, *, folder: Path, ended: Callable[[Execution], None], workers: int = 16) -> None:
        self._folder = folder
        self._ended = ended
        self.kept = KeptSessions()
        self._pool = ThreadPoolExecutor(workers, "redshift-data")
        self._sessions: dict[str, Session] = {}
        self._cancelled: set[str] = set()
        self._changed = threading.Condition()
        self.executions: dict[str, Execution] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._load()

    def _load(self) -> None:
        for path in sorted(self._folder.glob("*.statement.json"), key=lambda p: p.stat().st_mtime):
            stored = json.loads(path.read_text())
            execution = Execution(**stored | {"parts": [Part(**part) for part in stored["parts"]]})
            if execution.expires_at < time.time():
                for old in self._folder.glob(f"{execution.id}*"):
                    old.unlink()
                continue
            if execution.status not in FINAL:
                execution.status, execution.error = "FAILED", "The local cloud was stopped while the statement ran"
            self.executions[execution.id] = execution

    def known(self, token: str | None) -> Execution | None:
        """The execution that a request with this ClientToken started before."""
        with self._changed:
            return next((e for e in self.executions.values() if token and e.request.get("ClientToken") == token), None)

    def submit(self, execution: Execution, lease: Lease) -> None:
        """Start an execution; raises ActiveStatementsExceededException."""
        with self._changed:
            if sum(known.status not in FINAL for known in self.executions.values()) >= MAX_ACTIVE_STATEMENTS:
                raise ApiError("ActiveStatementsExceededException", "The number of active statements exceeds the limit")
            self._forget_expired()
            self.executions[execution.id] = execution
        self._save(execution)
        self._pool.submit(self._run, execution, lease)

    def _forget_expired(self) -> None:
        now = time.time()
        for old in [e for e in self.executions.values() if e.expires_at < now and e.status in FINAL]:
            del self.executions[old.id]
            for path in self._folder.glob(f"{old.id}*"):
                path.unlink(missing_ok=True)

    def wait(self, execution: Execution, seconds: int) -> None:
        """Return when the execution has ended, or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: execution.status in FINAL, timeout=seconds)

    def cancel(self, execution: Execution) -> bool:
        """Interrupt an execution, which is ABORTED when it has stopped; False when it had ended already."""
        with self._changed:
            if execution.status in FINAL:
                return False
            self._cancelled.add(execution.id)
            session = self._sessions.get(execution.id)
        if session is not None:
            session.cancel()
        return True

    def page(self, execution: Execution, part: int, start: int) -> results.Page:
        """The rows of a part's result from row `start` on."""
        return results.read(self._result(execution, part), start)

    def close(self) -> None:
        for session in list(self._sessions.values()):
            session.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.kept.close()

    def _result(self, execution: Execution, part: int) -> Path:
        return self._folder / f"{execution.id}.{part}.rows"

    def _save(self, execution: Execution) -> None:
        path = self._folder / f"{execution.id}.statement.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(execution)))
        fresh.replace(path)

    def _run(self, execution: Execution, lease: Lease) -> None:
        error = ""
        try:
            with lease() as session:
                self._refuse_cancelled(execution)
                execution.status = "STARTED"
                execution.pid = session.process_id
                self._sessions[execution.id] = session
                self._run_parts(session, execution)
        except RedshiftError as failure:
            error = str(failure)
        except Exception as failure:
            log.exception("statement %s failed in a way this engine does not know", execution.id)
            error = f"internal error: {type(failure).__name__}: {failure}"
        finally:
            self._sessions.pop(execution.id, None)
            self._finish(execution, error)

    def _finish(self, execution: Execution, error: str) -> None:
        with self._changed:
            stopped = "ABORTED" if execution.id in self._cancelled else "FAILED"
            execution.status = stopped if error else "FINISHED"
            self._cancelled.discard(execution.id)
            execution.error = error if execution.status == "FAILED" else ""
            execution.updated_at = time.time()
            for part in execution.parts:
                if part.status not in FINAL:
                    part.status = "ABORTED" if part.status == "SUBMITTED" else execution.status
                    part.error = execution.error if part.status == "FAILED" else ""
            self._save(execution)
            self._changed.notify_all()
        if execution.request.get("WithEvent"):
            self._ended(execution)

    def _run_parts(self, session: Session, execution: Execution) -> None:
        parameters = {p["name"]: p["value"] for p in execution.request.get("Parameters") or []}
        with session.transactions.script(len(execution.parts)) if execution.is_transaction else nullcontext():
            failed = ""
            for number, part in enumerate(execution.parts):
                self._refuse_cancelled(execution)
                try:
                    self._run_part(session, execution, number, part, parameters)
                except RedshiftError as error:
                    session.transactions.fail()
                    part.status, part.error, failed = "FAILED", str(error), str(error)
                    if execution.is_transaction or len(execution.parts) == 1:
                        raise
        if failed:
            raise RedshiftError("25000", failed.removeprefix("ERROR: "))

    def _refuse_cancelled(self, execution: Execution) -> None:
        if execution.id in self._cancelled:
            raise RedshiftError("57014", "Query cancelled on user's request")

    def _run_part(
        self, session: Session, execution: Execution, number: int, part: Part, parameters: dict[str, str]
    ) -> None:
        part.status, started = "STARTED", time.perf_counter_ns()
        part.query_id = next(_QUERY_IDS)
        try:
            result = session.execute(*bound_statement(part.sql, parameters))
            self._store(execution, number, part, result)
            part.status = "FINISHED"
        finally:
            part.duration, part.updated_at = time.perf_counter_ns() - started, time.time()

    def _store(self, execution: Execution, number: int, part: Part, result: Result) -> None:
        part.rows = result.affected if result.affected is not None else -1
        part.size = 0
        if result.columns is not None:
            part.rows, part.size = results.write(self._result(execution, number), result, execution.result_format)
            part.has_result = True


@contextmanager
def one_off(open_session: Callable[[], Session]) -> Iterator[Session]:
    """A session for one execution."""
    session = open_session()
    try:
        yield session
    finally:
        session.close()


@contextmanager
def leased(kept: KeptSession, sessions: KeptSessions) -> Iterator[Session]:
    """A kept session for one execution, given back afterwards."""
    try:
        yield kept.session
    finally:
        sessions.give_back(kept)
