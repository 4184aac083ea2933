"""Run statements on Redshift Serverless through its Data API and wait for them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from landfall.aws.clients import client
from landfall.errors import EngineError
from landfall.settings import Settings

_FIRST_POLL_SECONDS = 0.05
_LONGEST_POLL_SECONDS = 2.0


class RedshiftData:
    """Statements on one workgroup, as the user of its secret."""

    def __init__(self, *, settings: Settings) -> None:
        self._target = {
            "WorkgroupName": settings.redshift_workgroup,
            "Database": settings.redshift_database,
            "SecretArn": settings.redshift_secret_arn,
        }

    def run(self, statement: str, *, name: str) -> str:
        """Run `statement` to its end and return its id; `name` tells whose it is in Redshift's own lists.

        Raises EngineError with Redshift's own reason when the statement fails or is aborted.
        """
        service = client("redshift-data")
        statement_id = str(service.execute_statement(Sql=statement, StatementName=name, **self._target)["Id"])
        finished = False
        try:
            self._wait(statement_id)
            finished = True
        except EngineError:
            finished = True
            raise
        finally:
            # A killed task must not leave its statement running: it costs money and may still write.
            if not finished:
                service.cancel_statement(Id=statement_id)
        return statement_id

    def rows(self, statement: str, *, name: str) -> list[tuple[Any, ...]]:
        """Run a query and return its rows: text, numbers and booleans as the Data API has them, None for NULL.

        Raises EngineError as `run` does.
        """
        pages = (
            client("redshift-data").get_paginator("get_statement_result").paginate(Id=self.run(statement, name=name))
        )
        return [tuple(_value(field) for field in record) for page in pages for record in page["Records"]]

    def _wait(self, statement_id: str) -> None:
        pause = _FIRST_POLL_SECONDS
        while True:
            described = client("redshift-data").describe_statement(Id=statement_id)
            if described["Status"] == "FINISHED":
                return
            if described["Status"] in ("FAILED", "ABORTED"):
                reason = described.get("Error", "no reason given")
                raise EngineError(f"Redshift statement {statement_id} {described['Status'].lower()}: {reason}")
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_POLL_SECONDS)


def _value(field: Mapping[str, Any]) -> Any:
    """Return what a field of the Data API holds: one of stringValue, longValue, doubleValue, booleanValue, isNull."""
    return None if field.get("isNull") else next(iter(field.values()))
