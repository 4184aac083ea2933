"""One query execution: what was asked, how far it is, and how Athena describes it."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from localcloud.athena.error_types import athena_error
from localcloud.athena.results import ResultColumn
from localcloud.athena.run.engine import Finished
from localcloud.athena.statement import Statement
from localcloud.lake.errors import LakeError
from localcloud.lake.interruption import Interruption

FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
ENGINE_VERSION = {
    "SelectedEngineVersion": "AUTO",
    "EffectiveEngineVersion": "Athena engine version 3",
}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What StartQueryExecution asked for, with the work group's settings applied.

    `result` is the ResultConfiguration that holds, `reuse_minutes` the greatest age of a result to reuse (None: reuse
    none), `limit_bytes` the work group's BytesScannedCutoffPerQuery.
    """

    text: str
    statement: Statement
    database: str
    catalog: str
    workgroup: str
    result: dict[str, Any]
    location_enforced: bool
    limit_bytes: int | None
    parameters: tuple[str, ...]
    reuse_minutes: int | None

    @property
    def location(self) -> str:
        """The S3 folder of the result."""
        return str(self.result["OutputLocation"])

    def digest(self, *, with_reuse: bool) -> str:
        """A hash of all that decides the answer; executions of one digest ask for the same."""
        parts: list[Any] = [self.text, self.database, self.catalog, self.workgroup, self.result, self.parameters]
        if with_reuse:
            parts.append(self.reuse_minutes)
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass
class Execution:
    """One query execution. Only the thread that runs it changes it, but for `cancelled`. Times are Unix seconds."""

    id: str
    request: Request
    state: str = "QUEUED"
    submitted: float = field(default_factory=time.time)
    started: float = 0.0
    completed: float = 0.0
    finished: Finished | None = None
    error: LakeError | None = None
    reused: bool = False
    cancelled: bool = False
    interruption: Interruption | None = None
    _watchers: list[Callable[[], object]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def columns(self) -> tuple[ResultColumn, ...]:
        """The columns of the result."""
        return self.finished.columns if self.finished else ()

    def when_ended(self, watcher: Callable[[], object]) -> None:
        """Call `watcher` once the execution has ended, at once if it has."""
        with self._lock:
            if self.state not in FINAL:
                self._watchers.append(watcher)
                return
        watcher()

    def end(self, state: str) -> None:
        """Give the execution its last state and tell who waits for it, the latest first."""
        with self._lock:
            self.state = state
            watchers, self._watchers = self._watchers, []
        for watcher in reversed(watchers):
            watcher()

    def description(self) -> dict[str, Any]:
        """The QueryExecution structure."""
        request = self.request
        described: dict[str, Any] = {
            "QueryExecutionId": self.id,
            "Query": request.text,
            "StatementType": request.statement.type,
            "ResultConfiguration": request.result | {"OutputLocation": self._output_location()},
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": self._reuse_configuration()},
            "QueryExecutionContext": {"Database": request.database, "Catalog": request.catalog},
            "Status": self._status(),
            "Statistics": self.statistics(),
            "WorkGroup": request.workgroup,
            "EngineVersion": ENGINE_VERSION,
        }
        if request.statement.subtype:
            described["SubstatementType"] = request.statement.subtype
        if request.parameters:
            described["ExecutionParameters"] = list(request.parameters)
        return described

    def timeline(self) -> dict[str, int]:
        """How long each phase took, in milliseconds."""
        end = self.completed or time.time()
        return {
            # At least 1, for clients take 0 for a value that is missing.
            "QueryQueueTimeInMillis": max(1, int(((self.started or end) - self.submitted) * 1000)),
            "ServicePreProcessingTimeInMillis": 0,
            "QueryPlanningTimeInMillis": 0,
            "EngineExecutionTimeInMillis": int((end - self.started) * 1000) if self.started else 0,
            "ServiceProcessingTimeInMillis": 0,
            "TotalExecutionTimeInMillis": int((end - self.submitted) * 1000),
        }

    def statistics(self) -> dict[str, Any]:
        """The QueryExecutionStatistics structure, in milliseconds and bytes; a reused result scans nothing."""
        scanned = self.finished.scanned_bytes if self.finished and not self.reused else 0
        values: dict[str, Any] = {
            **self.timeline(),
            "DataScannedInBytes": scanned,
            "ResultReuseInformation": {"ReusedPreviousResult": self.reused},
        }
        if self.finished and self.finished.manifest_location:
            values["DataManifestLocation"] = self.finished.manifest_location
        return values

    def record(self, state: str) -> str:
        """The execution in a state as JSON, to be kept on disk; the statement's text with bound parameters is not."""
        asked = {part.name: getattr(self.request, part.name) for part in fields(self.request)}
        return json.dumps(
            {
                "id": self.id,
                "request": asked | {"statement": [self.request.statement.type, self.request.statement.subtype]},
                "state": state,
                "times": [self.submitted, self.started, self.completed],
                "finished": asdict(self.finished) if self.finished else None,
                "error": [self.error.code, self.error.message] if self.error else None,
                "reused": self.reused,
            }
        )

    @classmethod
    def from_record(cls, text: str) -> Execution:
        """The execution that `record` wrote."""
        kept = json.loads(text)
        asked = kept["request"]
        kind, subtype = asked.pop("statement")
        asked["parameters"] = tuple(asked["parameters"])
        finished = kept["finished"]
        if finished:
            finished["columns"] = tuple(ResultColumn(**column) for column in finished["columns"])
        submitted, started, completed = kept["times"]
        return cls(
            id=kept["id"],
            request=Request(statement=Statement("", kind, subtype), **asked),
            state=kept["state"],
            submitted=submitted,
            started=started,
            completed=completed,
            finished=Finished(**finished) if finished else None,
            error=LakeError(*kept["error"]) if kept["error"] else None,
            reused=kept["reused"],
        )

    def _status(self) -> dict[str, Any]:
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self.submitted}
        if self.state in FINAL:
            status["CompletionDateTime"] = self.completed
        if self.error:
            status["StateChangeReason"] = str(self.error)
            status["AthenaError"] = athena_error(self.error)
        elif self.state == "CANCELLED":
            status["StateChangeReason"] = "Query cancelled by user"
        return status

    def _reuse_configuration(self) -> dict[str, Any]:
        minutes = self.request.reuse_minutes
        return {"Enabled": False} if minutes is None else {"Enabled": True, "MaxAgeInMinutes": minutes}

    def _output_location(self) -> str:
        if self.finished:
            return self.finished.output_location
        statement = self.request.statement
        suffix = ".csv" if statement.subtype == "SELECT" else "" if statement.type == "DML" else ".txt"
        return f"{self.request.location.rstrip('/')}/{self.id}{suffix}"
