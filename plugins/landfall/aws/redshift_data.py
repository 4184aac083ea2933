"""Run statements on Redshift Serverless through its Data API and wait for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from landfall.aws.clients import client
from landfall.aws.polling import Meanwhile, wait_for
from landfall.errors import EngineError
from landfall.settings import Settings


class RedshiftData:
    """Statements on one workgroup, as the user of a secret: of the administrator's unless another is given."""

    def __init__(self, *, settings: Settings, secret_arn: str | None = None) -> None:
        self._target = {
            "WorkgroupName": settings.redshift_workgroup,
            "Database": settings.redshift_database,
            "SecretArn": secret_arn or settings.redshift_secret_arn,
        }

    def run(self, statement: str, *, name: str) -> str:
        """Run `statement` to its end and return its id; `name` tells whose it is in Redshift's own lists.

        Raises EngineError with Redshift's own reason when the statement fails or is aborted.
        """
        statement_id = self.start(statement, name=name)
        wait_for(lambda: self.has_ended(statement_id) or None, stop=lambda: self.stop(statement_id))
        return statement_id

    def start(self, statement: str, *, name: str) -> str:
        """Start `statement` and return its id."""
        request = {"Sql": statement, "StatementName": name, **self._target}
        return str(client("redshift-data").execute_statement(**request)["Id"])

    def start_together(self, statements: Sequence[str], *, name: str) -> str:
        """Start `statements` in one session and one transaction, and return their common id."""
        request = {"Sqls": list(statements), "StatementName": name, **self._target}
        return str(client("redshift-data").batch_execute_statement(**request)["Id"])

    def wait(self, statement_id: str, *, seconds: float, meanwhile: Meanwhile = None) -> bool:
        """Wait for a statement; False if it has not ended within `seconds`. Raises EngineError as `run` does.

        A wait that is broken off stops the statement.
        """
        ended = wait_for(
            lambda: self.has_ended(statement_id) or None,
            stop=lambda: self.stop(statement_id),
            seconds=seconds,
            meanwhile=meanwhile,
        )
        return ended is not None

    def has_ended(self, statement_id: str) -> bool:
        """Tell whether a statement has ended well; EngineError as `run` for one that has not."""
        described = client("redshift-data").describe_statement(Id=statement_id)
        if described["Status"] in ("FAILED", "ABORTED"):
            reason = described.get("Error", "no reason given")
            raise EngineError(f"Redshift statement {statement_id} {described['Status'].lower()}: {reason}")
        return bool(described["Status"] == "FINISHED")

    def stop(self, statement_id: str) -> None:
        """Stop a statement that is under way."""
        client("redshift-data").cancel_statement(Id=statement_id)

    def rows(self, statement: str, *, name: str) -> list[tuple[Any, ...]]:
        """Run a query and return its rows: text, numbers and booleans as the Data API has them, None for NULL.

        Raises EngineError as `run` does.
        """
        pages = (
            client("redshift-data").get_paginator("get_statement_result").paginate(Id=self.run(statement, name=name))
        )
        return [tuple(_value(field) for field in record) for page in pages for record in page["Records"]]


def _value(field: Mapping[str, Any]) -> Any:
    """Return what a field of the Data API holds: one of stringValue, longValue, doubleValue, booleanValue, isNull."""
    return None if field.get("isNull") else next(iter(field.values()))
