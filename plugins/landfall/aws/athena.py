"""Run statements on Athena and wait for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlglot import exp

from landfall.aws.clients import client
from landfall.aws.polling import Meanwhile, wait_for
from landfall.errors import EngineError
from landfall.settings import Settings

MAX_STATEMENT_BYTES = 262_144
"""Longest query text Athena takes (Athena service quotas)."""


@dataclass(frozen=True)
class AthenaResult:
    """A finished statement: its id, its rows as Athena's strings (None for NULL) and what it scanned."""

    query_execution_id: str
    rows: tuple[tuple[str | None, ...], ...]
    scanned_bytes: int
    engine_ms: int


class Athena:
    """Statements in one workgroup, which enforces where results go and how much may be scanned."""

    def __init__(self, *, settings: Settings) -> None:
        self._workgroup = settings.athena_workgroup

    def run(
        self,
        statement: exp.Expression | str,
        *,
        database: str | None = None,
        parameters: Sequence[str] = (),
        fetch: bool = False,
    ) -> AthenaResult:
        """Run `statement` to its end, as `start` begins it; rows are read only if `fetch`.

        Raises EngineError with Athena's own reason when the statement fails or is cancelled.
        """
        query_id = self.start(statement, database=database, parameters=parameters)
        ended = wait_for(lambda: self.ended(query_id), stop=lambda: self.stop(query_id))
        return replace(ended, rows=self.rows(query_id)) if fetch else ended

    def start(
        self, statement: exp.Expression | str, *, database: str | None = None, parameters: Sequence[str] = ()
    ) -> str:
        """Start `statement`, with `parameters` bound to its `?` marks, and return its id.

        Text is for statements that hold no value from outside; anything else is a syntax tree or bound.
        """
        text = statement if isinstance(statement, str) else statement.sql(dialect="athena")
        size = len(text.encode())
        if size > MAX_STATEMENT_BYTES:
            raise EngineError(
                f"the statement has {size} bytes, Athena takes {MAX_STATEMENT_BYTES}: make the batch smaller"
            )
        request: dict[str, object] = {"QueryString": text, "WorkGroup": self._workgroup}
        if database:
            request["QueryExecutionContext"] = {"Database": database}
        if parameters:
            request["ExecutionParameters"] = list(parameters)
        return str(client("athena").start_query_execution(**request)["QueryExecutionId"])

    def wait(self, query_id: str, *, seconds: float, meanwhile: Meanwhile = None) -> AthenaResult | None:
        """Return what became of a statement, without its rows; None if it has not ended within `seconds`.

        Raises EngineError as `run` does. A wait that is broken off stops the statement.
        """
        return wait_for(
            lambda: self.ended(query_id), stop=lambda: self.stop(query_id), seconds=seconds, meanwhile=meanwhile
        )

    def ended(self, query_id: str) -> AthenaResult | None:
        """Return what became of a statement, without its rows, None while it runs; EngineError as `run`."""
        execution = client("athena").get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        status = execution["Status"]
        if status["State"] in ("FAILED", "CANCELLED"):
            reason = status.get("StateChangeReason", "no reason given")
            raise EngineError(f"Athena statement {query_id} {status['State'].lower()}: {reason}")
        if status["State"] != "SUCCEEDED":
            return None
        statistics = execution.get("Statistics", {})
        return AthenaResult(
            query_execution_id=query_id,
            rows=(),
            scanned_bytes=int(statistics.get("DataScannedInBytes", 0)),
            engine_ms=int(statistics.get("EngineExecutionTimeInMillis", 0)),
        )

    def scans(self, *, began_at: datetime, ended_at: datetime) -> Iterator[int]:
        """Yield the bytes that each statement of the workgroup scanned, whoever sent it, submitted in that time.

        Failed ones are left out, for they are not charged. Athena lists statements by their submission, the latest
        first, and keeps them for 45 days (https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html).
        """
        pages = client("athena").get_paginator("list_query_executions").paginate(WorkGroup=self._workgroup)
        for page in pages:
            found = client("athena").batch_get_query_execution(QueryExecutionIds=page["QueryExecutionIds"])
            executions = found["QueryExecutions"]
            yield from (
                int(each.get("Statistics", {}).get("DataScannedInBytes", 0))
                for each in executions
                if began_at <= each["Status"]["SubmissionDateTime"] < ended_at and each["Status"]["State"] != "FAILED"
            )
            if all(each["Status"]["SubmissionDateTime"] < began_at for each in executions):
                return

    def stop(self, query_id: str) -> None:
        """Stop a statement; nothing happens to one that has ended."""
        client("athena").stop_query_execution(QueryExecutionId=query_id)

    def rows(self, query_id: str) -> tuple[tuple[str | None, ...], ...]:
        """Return the rows of a finished statement as Athena's strings (None for NULL)."""
        rows: list[tuple[str | None, ...]] = []
        for page in client("athena").get_paginator("get_query_results").paginate(QueryExecutionId=query_id):
            rows.extend(tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in page["ResultSet"]["Rows"])
        return tuple(rows[1:])  # the first row of a SELECT's result holds the column names
