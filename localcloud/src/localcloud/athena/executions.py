"""Query executions: queued, run by a bounded number of threads, remembered."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import duckdb

from localcloud.athena import errors
from localcloud.athena.results import ResultColumn
from localcloud.athena.run.context import Context
from localcloud.athena.run.engine import Engine, Finished
from localcloud.athena.statement import Statement
from localcloud.lake.errors import LakeError

_log = logging.getLogger(__name__)
FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
_REMEMBERED = 2_000


@dataclass
class Request:
    """What StartQueryExecution asked for, with the work group's settings applied."""

    text: str
    statement: Statement
    database: str
    catalog: str
    workgroup: str
    result_location: str
    location_enforced: bool
    limit_bytes: int | None
    parameters: list[str]


@dataclass
class Execution:
    """One query execution. Only the thread that runs it changes it, but for `stop`."""

    id: str
    request: Request
    state: str = "QUEUED"
    submitted: float = field(default_factory=time.time)
    started: float = 0.0
    completed: float = 0.0
    finished: Finished | None = None
    error: LakeError | None = None
    done: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False
    cursor: duckdb.DuckDBPyConnection | None = None

    @property
    def columns(self) -> tuple[ResultColumn, ...]:
        """The columns of the result."""
        return self.finished.columns if self.finished else ()

    def description(self) -> dict[str, Any]:
        """The QueryExecution structure."""
        request = self.request
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self.submitted}
        if self.state in FINAL:
            status["CompletionDateTime"] = self.completed
        if self.error:
            status["StateChangeReason"] = str(self.error)
            status["AthenaError"] = errors.athena_error(self.error)
        if self.state == "CANCELLED" and not self.error:
            status["StateChangeReason"] = "Query cancelled by user"
        described: dict[str, Any] = {
            "QueryExecutionId": self.id,
            "Query": request.text,
            "StatementType": request.statement.type,
            "ResultConfiguration": {"OutputLocation": self._output_location()},
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
            "QueryExecutionContext": {"Database": request.database, "Catalog": request.catalog},
            "Status": status,
            "Statistics": self.statistics(),
            "WorkGroup": request.workgroup,
            "EngineVersion": {
                "SelectedEngineVersion": "Athena engine version 3",
                "EffectiveEngineVersion": "Athena engine version 3",
            },
        }
        if request.statement.subtype:
            described["SubstatementType"] = request.statement.subtype
        if request.parameters:
            described["ExecutionParameters"] = request.parameters
        return described

    def statistics(self) -> dict[str, Any]:
        """The Statistics structure, in milliseconds and bytes."""
        end = self.completed or time.time()
        engine = (end - self.started) if self.started else 0.0
        values: dict[str, Any] = {
            "EngineExecutionTimeInMillis": int(engine * 1000),
            "DataScannedInBytes": self.finished.scanned_bytes if self.finished else 0,
            "TotalExecutionTimeInMillis": int((end - self.submitted) * 1000),
            # At least 1, for clients take 0 for a value that is missing.
            "QueryQueueTimeInMillis": max(1, int(((self.started or end) - self.submitted) * 1000)),
            "ServiceProcessingTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        }
        if self.finished and self.finished.manifest_location:
            values["DataManifestLocation"] = self.finished.manifest_location
        return values

    def _output_location(self) -> str:
        if self.finished:
            return self.finished.output_location
        suffix = {"SELECT": ".csv"}.get(
            self.request.statement.subtype, ".txt" if self.request.statement.type != "DML" else ""
        )
        return f"{self.request.result_location.rstrip('/')}/{self.id}{suffix}"


class Executions:
    """Starts, finds and stops executions."""

    def __init__(self, engine: Engine, concurrency: int) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="query")
        self._lock = threading.Lock()
        self._all: OrderedDict[str, Execution] = OrderedDict()
        self._tokens: dict[str, str] = {}

    def start(self, request: Request, token: str | None) -> Execution:
        """Queue a query; a token seen before gives the execution it gave then."""
        with self._lock:
            if token and token in self._tokens:
                known = self._all.get(self._tokens[token])
                if known is not None:
                    if known.request.text != request.text:
                        raise errors.invalid_request("Idempotent parameters do not match")
                    return known
            execution = Execution(str(uuid.uuid4()), request)
            self._all[execution.id] = execution
            if token:
                self._tokens[token] = execution.id
            self._forget_oldest()
        self._pool.submit(self._run, execution)
        return execution

    def get(self, query_id: str) -> Execution:
        """An execution; raises InvalidRequestException if it is not known."""
        with self._lock:
            if query_id not in self._all:
                raise errors.invalid_request(f"QueryExecution {query_id} was not found")
            return self._all[query_id]

    def list(self, workgroup: str) -> list[str]:
        """Ids of a work group's executions, newest first."""
        with self._lock:
            return [item.id for item in reversed(self._all.values()) if item.request.workgroup == workgroup]

    def stop(self, query_id: str) -> None:
        """Cancel an execution: a queued one never runs, a running one is interrupted."""
        execution = self.get(query_id)
        if execution.state in FINAL:
            return
        execution.cancelled = True
        cursor = execution.cursor
        if cursor is not None:
            cursor.interrupt()

    def close(self) -> None:
        """Cancel what runs and wait for it."""
        for execution in list(self._all.values()):
            if execution.state not in FINAL:
                self.stop(execution.id)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _forget_oldest(self) -> None:
        while len(self._all) > _REMEMBERED:
            oldest = next(iter(self._all.values()))
            if oldest.state not in FINAL:
                return
            del self._all[oldest.id]
            self._tokens = {token: query for token, query in self._tokens.items() if query != oldest.id}

    def _run(self, execution: Execution) -> None:
        execution.started = time.time()
        cursor = self._engine.cursor()
        execution.cursor = cursor
        try:
            if execution.cancelled:
                self._end(execution, "CANCELLED")
                return
            execution.state = "RUNNING"
            request = execution.request
            context = Context(
                self._engine.lake,
                cursor,
                request.database,
                execution.id,
                request.result_location,
                request.location_enforced,
                request.limit_bytes,
            )
            execution.finished = self._engine.run(request.statement, context)
            self._end(execution, "SUCCEEDED")
        except LakeError as error:
            execution.error = None if execution.cancelled else error
            self._end(execution, "CANCELLED" if execution.cancelled or error.code == "CANCELLED" else "FAILED")
        except Exception as error:
            _log.exception("query %s failed inside the engine", execution.id)
            execution.error = LakeError("GENERIC_INTERNAL_ERROR", f"{type(error).__name__}: {error}")
            self._end(execution, "FAILED")
        finally:
            execution.cursor = None
            cursor.close()

    def _end(self, execution: Execution, state: str) -> None:
        execution.completed = time.time()
        execution.state = state
        execution.done.set()
