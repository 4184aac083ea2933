"""From a StartQueryExecution request to the execution it asks for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from localcloud.athena.errors import ApiError, invalid_request, not_supported
from localcloud.athena.execution import Request
from localcloud.athena.named import NamedStatements
from localcloud.athena.parameters import bind
from localcloud.athena.run.plans import Plans
from localcloud.athena.sql.dialect import parse_query
from localcloud.athena.statement import Statement, read_statement
from localcloud.athena.workgroups import WorkGroups
from localcloud.lake.errors import LakeError
from localcloud.lake.session import Lake

Body = dict[str, Any]
MAX_QUERY_BYTES = 262_144
"""Source: Athena API reference, StartQueryExecution."""
_QUERIES = ("SELECT", "INSERT", "MERGE", "UPDATE", "DELETE")
"""Statements in the dialect of Trino, whose syntax is checked before they are queued."""
CATALOG = "AwsDataCatalog"
_DEFAULT_REUSE_MINUTES = 60
_LOCATION = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/.*)?")
_KNOWN_ELSEWHERE = re.compile(
    r"(vacuum|analyze|refresh|set|reset|grant|revoke|call|truncate|comment|use|create|drop|show|load)\b",
    re.IGNORECASE,
)
"""Statements that are Athena's or Trino's and that the engine will refuse as not supported."""


class Submission:
    """Reads StartQueryExecution requests with the settings of their work groups."""

    def __init__(self, lake: Lake, workgroups: WorkGroups, named: NamedStatements, plans: Plans) -> None:
        self._lake = lake
        self._workgroups = workgroups
        self._named = named
        self._plans = plans
        self._known_buckets: set[str] = set()

    def read(self, body: Body) -> Request:
        """What is to be run; raises ApiError where it cannot be meant or is no SQL."""
        text = body["QueryString"]
        if len(text.encode()) > MAX_QUERY_BYTES:
            raise invalid_request(f"Query string is longer than {MAX_QUERY_BYTES} bytes")
        group_name = body.get("WorkGroup") or "primary"
        group = self._workgroups.get(group_name)
        if group["State"] != "ENABLED":
            raise invalid_request(f"WorkGroup {group_name} is disabled.")
        if "EngineConfiguration" in body:
            raise not_supported("EngineConfiguration")
        configuration = group["Configuration"]
        of_group, asked = configuration.get("ResultConfiguration", {}), body.get("ResultConfiguration", {})
        enforced = bool(configuration.get("EnforceWorkGroupConfiguration")) and "OutputLocation" in of_group
        result = of_group if enforced else {**of_group, **asked}
        self._check_result(result)
        context = body.get("QueryExecutionContext", {})
        require_catalog(context.get("Catalog", CATALOG))
        parameters = tuple(body.get("ExecutionParameters", ()))
        database = _database(context.get("Database", "default"))
        return Request(
            text=text,
            statement=self._statement(text, parameters, group_name, database),
            database=database,
            catalog=context.get("Catalog", CATALOG),
            workgroup=group_name,
            result=result,
            location_enforced=enforced,
            limit_bytes=configuration.get("BytesScannedCutoffPerQuery"),
            parameters=parameters,
            reuse_minutes=_reuse_minutes(body),
        )

    def _check_result(self, result: Body) -> None:
        location = result.get("OutputLocation")
        if not location:
            raise invalid_request(
                "No output location provided. An output location is required either through the Workgroup result"
                " configuration setting or as an API input."
            )
        match = _LOCATION.fullmatch(location)
        if not match:
            raise invalid_request("outputLocation is not a valid S3 path.")
        if result.get("EncryptionConfiguration", {}).get("EncryptionOption") == "CSE_KMS":
            raise not_supported("client-side encryption of results (CSE_KMS)")
        if match[1] not in self._known_buckets:
            try:
                self._lake.s3.head_bucket(Bucket=match[1])
            except ClientError as error:
                raise invalid_request(f"Unable to verify/create output bucket {match[1]}") from error
            self._known_buckets.add(match[1])

    def _statement(self, text: str, parameters: tuple[str, ...], group: str, database: str) -> Statement:
        try:
            statement = read_statement(bind(text, parameters, self._named.prepared(group)))
            if not statement.subtype and not _KNOWN_ELSEWHERE.match(statement.text):
                raise LakeError(
                    "SYNTAX_ERROR",
                    f"line 1:1: mismatched input '{statement.text.split(None, 1)[0] if statement.text else '<EOF>'}'",
                )
            # What has a plan has been parsed before; its tree is wanted only if the plan is out of date.
            if statement.subtype in _QUERIES and not self._plans.has(statement.text, database):
                statement = replace(statement, parsed=parse_query(statement.text))
        except LakeError as error:
            raise ApiError("InvalidRequestException", error.message, "MALFORMED_QUERY") from error
        except RecursionError as error:
            raise ApiError(
                "InvalidRequestException",
                "line 1:1: statement is too large (stack overflow while parsing)",
                "MALFORMED_QUERY",
            ) from error
        return statement


def require_catalog(name: str) -> None:
    """Refuse every data catalog but Glue's own."""
    if name.lower() != CATALOG.lower():
        raise not_supported(f"The data catalog {name}")


def _database(name: str) -> str:
    """The name as Glue has it; Athena's Hive takes it in backticks too, as awswrangler gives it for MSCK."""
    unquoted = name[1:-1] if len(name) > 2 and name[0] == name[-1] == "`" else name
    return unquoted.lower()


def _reuse_minutes(body: Body) -> int | None:
    by_age = body.get("ResultReuseConfiguration", {}).get("ResultReuseByAgeConfiguration", {})
    return by_age.get("MaxAgeInMinutes", _DEFAULT_REUSE_MINUTES) if by_age.get("Enabled") else None
