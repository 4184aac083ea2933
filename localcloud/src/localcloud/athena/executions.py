"""Query executions: queued, run by a bounded number of threads, remembered on disk."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from botocore.exceptions import ClientError

from localcloud.athena.errors import ApiError, invalid_request
from localcloud.athena.execution import FINAL, Execution, Request
from localcloud.athena.execution_store import ExecutionStore
from localcloud.athena.named import NamedStatements
from localcloud.athena.reuse import is_reusable
from localcloud.athena.run.context import Context
from localcloud.athena.run.engine import Engine
from localcloud.faults.statements import struck
from localcloud.lake.errors import LakeError
from localcloud.lake.interruption import Interruption
from localcloud.lake.objects import split_uri

_log = logging.getLogger(__name__)
_TOO_MANY = (
    "You have exceeded the limit for the number of queries you can run concurrently. Please reduce the number of"
    " concurrent queries submitted by this account. Contact customer support to request a concurrent query limit"
    " increase."
)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many queries may be active (queued or running), and how many of them run at once.

    Source of the defaults of `dml` and `ddl`: 'Service Quotas', active queries in us-east-1.
    """

    running: int = 8
    dml: int = 200
    ddl: int = 20

    def active(self, kind: str) -> int:
        """The limit for a StatementType."""
        return self.dml if kind == "DML" else self.ddl


class Executions:
    """Starts, finds and stops executions."""

    def __init__(self, engine: Engine, store: ExecutionStore, limits: Limits, named: NamedStatements) -> None:
        self._engine = engine
        self._named = named
        self._store = store
        self._limits = limits
        self._pool = ThreadPoolExecutor(max_workers=limits.running, thread_name_prefix="query")
        self._lock = threading.Lock()
        self._active: dict[str, Execution] = {}

    def start(self, request: Request, token: str | None) -> str:
        """Queue a query and give its id; a token seen before gives the id it gave then.

        Raises ApiError: InvalidRequestException where the token was used for another request,
        TooManyRequestsException where too many queries are active.
        """
        with self._lock:
            known = self._store.started_by(token) if token else None
            if known is not None:
                if known.request_digest != request.digest(with_reuse=True):
                    raise invalid_request("Idempotent parameters do not match")
                return known.id
            self._require_room(request.statement.type)
            execution = Execution(str(uuid.uuid4()), request)
            self._store.add(execution, token)
            self._active[execution.id] = execution
        self._pool.submit(self._run, execution)
        return execution.id

    def get(self, query_id: str) -> Execution:
        """An execution; raises InvalidRequestException if it is not known."""
        execution = self._active.get(query_id) or self._store.find(query_id)
        if execution is None:
            raise invalid_request(f"QueryExecution {query_id} was not found")
        return execution

    def list(self, workgroup: str, before: int, most: int) -> list[tuple[int, str]]:
        """Numbers and ids of a work group's executions, newest first; see ExecutionStore.ids."""
        return self._store.ids(workgroup, before, most)

    def stop(self, query_id: str) -> None:
        """Cancel an execution: a queued one never runs, a running one is interrupted, an ended one stays as it is."""
        execution = self.get(query_id)
        if execution.state in FINAL:
            return
        execution.cancelled = True
        interruption = execution.interruption
        if interruption is not None:
            interruption.request()

    def close(self) -> None:
        """Cancel what runs and wait for it."""
        for query_id in list(self._active):
            self.stop(query_id)
        self._pool.shutdown(wait=True)
        self._store.close()

    def _require_room(self, kind: str) -> None:
        kinds = [item.request.statement.type == "DML" for item in self._active.values()]
        if kinds.count(kind == "DML") >= self._limits.active(kind):
            raise ApiError("TooManyRequestsException", _TOO_MANY, reason="CONCURRENT_QUERY_LIMIT_EXCEEDED")

    def _run(self, execution: Execution) -> None:
        execution.started = time.time()
        state, reusable = "CANCELLED", False
        try:
            if not execution.cancelled:
                execution.state = "RUNNING"
                reusable = is_reusable(execution.request.statement)
                if not (reusable and self._reuse(execution)):
                    self._execute(execution)
                state = "SUCCEEDED"
        except LakeError as error:
            execution.error = None if execution.cancelled else error
            state = "CANCELLED" if execution.cancelled or error.code == "CANCELLED" else "FAILED"
        except Exception as error:
            _log.exception("query %s failed inside the engine", execution.id)
            execution.error = LakeError("GENERIC_INTERNAL_ERROR", f"{type(error).__name__}: {error}")
            state = "FAILED"
        execution.completed = time.time()
        fresh = state == "SUCCEEDED" and not execution.reused
        self._store.finish(execution, state, reusable=fresh and reusable)
        execution.end(state)
        with self._lock:
            del self._active[execution.id]

    def _execute(self, execution: Execution) -> None:
        request = execution.request
        cursor = self._engine.cursor()
        execution.interruption = Interruption(cursor.interrupt)
        try:
            context = Context(
                self._engine.lake,
                cursor,
                request.database,
                execution.id,
                request.location,
                request.location_enforced,
                self._named.of_group(request.workgroup),
                request.limit_bytes,
                request.result,
                request.statement.parsed,
                self._engine.plans,
            )
            _fail_if_struck(request, when="before")
            with execution.interruption.running():
                if execution.cancelled:
                    raise LakeError("CANCELLED", "Query cancelled by user")
                execution.finished = self._engine.run(request.statement, context)
            _fail_if_struck(request, when="after")
        finally:
            cursor.close()

    def _reuse(self, execution: Execution) -> bool:
        """Give an execution the result of an earlier one, if the request allows it and one is young enough."""
        request = execution.request
        if request.reuse_minutes is None:
            return False
        earliest = time.time() - 60 * request.reuse_minutes
        earlier = self._store.reusable(request.digest(with_reuse=False), earliest)
        if earlier is None or earlier.finished is None or not self._is_there(earlier.finished.output_location):
            return False
        execution.finished = replace(earlier.finished)
        execution.reused = True
        return True

    def _is_there(self, uri: str) -> bool:
        bucket, key = split_uri(uri)
        try:
            self._engine.lake.s3.head_object(Bucket=bucket, Key=key)
        except ClientError:
            return False
        return True


def _fail_if_struck(request: Request, *, when: str) -> None:
    """Fail as a fault rule has it; after a statement its effect stays, as with a real failure on the last metre."""
    rule = struck("athena", request.statement.subtype, request.text, when=when)
    if rule is None:
        return
    if rule.kind == "commit_conflict":
        raise LakeError("ICEBERG_COMMIT_ERROR", "Failed to commit Iceberg update to table: struck by a fault rule")
    raise LakeError("GENERIC_INTERNAL_ERROR", "Internal error: struck by a fault rule")
