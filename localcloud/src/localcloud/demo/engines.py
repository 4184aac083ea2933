"""Ask Athena and Redshift what they hold, as any client of AWS would."""

from __future__ import annotations

import time
from typing import Any, Final

import boto3

from localcloud.demo.errors import DemoError

Row = tuple[str, ...]

_TIMEOUT_SECONDS: Final = 120
_FIRST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 1.0


class AthenaQueries:
    """Statements on Athena, results as text."""

    def __init__(self, *, workgroup: str) -> None:
        self._client = boto3.client("athena")
        self._workgroup = workgroup

    def rows(self, sql: str) -> list[Row]:
        """Run `sql` and return its rows; NULL is an empty text. Raises DemoError when it fails or takes too long."""
        query_id = self._client.start_query_execution(QueryString=sql, WorkGroup=self._workgroup)["QueryExecutionId"]
        _wait("Athena", sql, lambda: self._state(query_id))
        pages = self._client.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
        rows = [
            tuple(cell.get("VarCharValue", "") for cell in row["Data"])
            for page in pages
            for row in page["ResultSet"]["Rows"]
        ]
        return rows[1:]

    def number(self, sql: str) -> int:
        """Run `sql`, which gives one whole number."""
        return int(self.rows(sql)[0][0])

    def _state(self, query_id: str) -> tuple[str, str]:
        status = self._client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
        return status["State"], status.get("StateChangeReason", "")


class RedshiftQueries:
    """Statements on Redshift Serverless through its Data API, results as text."""

    def __init__(self, *, workgroup: str, database: str, secret_arn: str) -> None:
        self._client = boto3.client("redshift-data")
        self._where = {"WorkgroupName": workgroup, "Database": database, "SecretArn": secret_arn}

    def rows(self, sql: str) -> list[Row]:
        """Run `sql` and return its rows; NULL is an empty text. Raises DemoError when it fails or takes too long."""
        statement_id = self._client.execute_statement(Sql=sql, **self._where)["Id"]
        _wait("Redshift", sql, lambda: self._state(statement_id))
        pages = self._client.get_paginator("get_statement_result").paginate(Id=statement_id)
        return [tuple(_text(cell) for cell in row) for page in pages for row in page["Records"]]

    def number(self, sql: str) -> int:
        """Run `sql`, which gives one whole number."""
        return int(self.rows(sql)[0][0])

    def _state(self, statement_id: str) -> tuple[str, str]:
        found = self._client.describe_statement(Id=statement_id)
        return found["Status"], found.get("Error", "")


def _wait(engine: str, sql: str, state_of: Any) -> None:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    pause = _FIRST_PAUSE_SECONDS
    while True:
        state, reason = state_of()
        if state in ("SUCCEEDED", "FINISHED"):
            return
        if state in ("FAILED", "CANCELLED", "ABORTED"):
            raise DemoError(f"{engine} ended `{sql}` as {state}: {reason}")
        if time.monotonic() > deadline:
            raise DemoError(f"{engine} has not answered `{sql}` in {_TIMEOUT_SECONDS} s")
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)


def _text(cell: dict[str, Any]) -> str:
    return "" if cell.get("isNull") else str(next(iter(cell.values())))
