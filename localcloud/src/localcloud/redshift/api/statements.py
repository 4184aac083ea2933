"""Statements of the redshift-data API: run in threads, kept with their results as files for a day."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlglot import exp

from localcloud.redshift.api.fields import column_metadata, to_field
from localcloud.redshift.engine.result import Result
from localcloud.redshift.engine.session import Session
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.statement import Statement, split

log = logging.getLogger(__name__)

KEPT_SECONDS = 24 * 3600
MAX_RESULT_BYTES = 500 * 1024 * 1024
_PAGE_ROWS = 1_000
_PAGE_BYTES = 1024 * 1024
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


class Statements:
    """Runs and remembers executions; thread-safe."""

    def __init__(self, *, folder: Path, workers: int = 16) -> None:
        self._folder = folder
        self._pool = ThreadPoolExecutor(workers, "redshift-data")
        self._sessions: dict[str, Session] = {}
        self._changed = threading.Condition()
        self.executions: dict[str, Execution] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._load()

    def _load(self) -> None:
        for path in sorted(self._folder.glob("*.statement.json"), key=lambda p: p.stat().st_mtime):
            stored = json.loads(path.read_text())
            execution = Execution(**stored | {"parts": [Part(**part) for part in stored["parts"]]})
            if execution.created_at < time.time() - KEPT_SECONDS:
                for old in self._folder.glob(f"{execution.id}*"):
                    old.unlink()
                continue
            if execution.status not in FINAL:
                execution.status, execution.error = "FAILED", "The local cloud was stopped while the statement ran"
            self.executions[execution.id] = execution

    def submit(self, execution: Execution, open_session: Callable[[], Session]) -> Execution:
        """Start an execution; a repeated ClientToken gives the one that it started before."""
        token = execution.request.get("ClientToken")
        with self._changed:
            for known in self.executions.values():
                if token and known.request.get("ClientToken") == token:
                    return known
            self.executions[execution.id] = execution
        self._save(execution)
        self._pool.submit(self._run, execution, open_session)
        return execution

    def wait(self, execution: Execution, seconds: int) -> None:
        """Return when the execution has ended, or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: execution.status in FINAL, timeout=seconds)

    def cancel(self, execution: Execution) -> bool:
        """Interrupt an execution; False when it had ended already."""
        with self._changed:
            if execution.status in FINAL:
                return False
            execution.status = "ABORTED"
            session = self._sessions.get(execution.id)
        if session is not None:
            session.cancel()
        return True

    def page(self, execution: Execution, part: int, start: int) -> tuple[list[Any], list[Any], int | None]:
        """Column metadata, records from row `start` on (about 1 MB), and the next page's first row."""
        with self._result(execution, part).open() as lines:
            metadata = json.loads(next(lines))
            records: list[Any] = []
            size = 0
            for number, line in enumerate(lines):
                if number < start:
                    continue
                if len(records) == _PAGE_ROWS or size > _PAGE_BYTES:
                    return metadata, records, number
                records.append(json.loads(line))
                size += len(line)
        return metadata, records, None

    def close(self) -> None:
        for session in list(self._sessions.values()):
            session.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _result(self, execution: Execution, part: int) -> Path:
        return self._folder / f"{execution.id}.{part}.rows"

    def _save(self, execution: Execution) -> None:
        path = self._folder / f"{execution.id}.statement.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(execution)))
        fresh.replace(path)

    def _run(self, execution: Execution, open_session: Callable[[], Session]) -> None:
        session: Session | None = None
        error = ""
        try:
            if execution.status != "ABORTED":
                execution.status = "STARTED"
                session = open_session()
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
            if session is not None:
                session.close()
            self._finish(execution, error)

    def _finish(self, execution: Execution, error: str) -> None:
        with self._changed:
            if execution.status != "ABORTED":
                execution.status = "FAILED" if error else "FINISHED"
            execution.error = error if execution.status == "FAILED" else ""
            execution.updated_at = time.time()
            for part in execution.parts:
                if part.status not in FINAL:
                    part.status = "ABORTED" if part.status == "SUBMITTED" else execution.status
                    part.error = execution.error if part.status == "FAILED" else ""
            self._save(execution)
            self._changed.notify_all()

    def _run_parts(self, session: Session, execution: Execution) -> None:
        parameters = {p["name"]: p["value"] for p in execution.request.get("Parameters") or []}
        execution.status = "STARTED" if execution.status != "ABORTED" else execution.status
        with session.script(len(execution.parts)):
            for number, part in enumerate(execution.parts):
                if execution.status == "ABORTED":
                    raise RedshiftError("57014", "Query cancelled on user's request")
                part.status, started = "STARTED", time.perf_counter_ns()
                statement, literals = bound_statement(part.sql, parameters)
                result = session.execute(statement, literals)
                self._store(execution, number, part, result)
                part.duration, part.updated_at = time.perf_counter_ns() - started, time.time()
                part.query_id = session.process_id
                part.status = "FINISHED"

    def _store(self, execution: Execution, number: int, part: Part, result: Result) -> None:
        part.rows = result.affected if result.affected is not None else -1
        part.size = 0
        if result.columns is None:
            return
        part.has_result, part.rows = True, 0
        with self._result(execution, number).open("w") as out:
            out.write(json.dumps([column_metadata(column) for column in result.columns]) + "\n")
            while rows := result.fetch(_PAGE_ROWS):
                for row in rows:
                    line = json.dumps([to_field(value) for value in row])
                    out.write(line + "\n")
                    part.size += len(line)
                part.rows += len(rows)
                if part.size > MAX_RESULT_BYTES:
                    raise RedshiftError("54000", "The result of a statement can't be larger than 500 MB: use UNLOAD")


def bound_statement(sql: str, parameters: Mapping[str, str]) -> tuple[Statement, Sequence[exp.Expression]]:
    """The one statement in `sql` with `:name` replaced by `$n`, and the values of `$1`, `$2`, … as string literals."""
    statements = split(_numbered(sql, list(parameters)))
    if len(statements) != 1:
        raise RedshiftError(
            "42601", "Cannot execute multiple queries at one time" if statements else "the statement is empty"
        )
    return statements[0], [exp.Literal.string(value) for value in parameters.values()]


def used_names(sql: str) -> set[str]:
    """Names written as `:name` outside strings and comments."""
    return {after.text for _, after in _named(sql)}


def _named(sql: str) -> list[tuple[Any, Any]]:
    from localcloud.redshift.sql.statement import tokenize

    tokens = tokenize(sql)
    return [
        (before, after)
        for before, after in pairwise(tokens)
        if before.text == ":" and after.start == before.end + 1 and after.text[:1].isalpha()
    ]


def _numbered(sql: str, names: Sequence[str]) -> str:
    for before, after in reversed(_named(sql)):
        if after.text in names:
            sql = f"{sql[: before.start]}${names.index(after.text) + 1}{sql[after.end + 1 :]}"
    return sql
