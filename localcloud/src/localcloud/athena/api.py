"""The operations of Athena's JSON API."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from localcloud.athena import results
from localcloud.athena.errors import ApiError, invalid_request, not_supported
from localcloud.athena.executions import FINAL, Execution, Executions, Request
from localcloud.athena.metadata_api import MetadataApi
from localcloud.athena.named import NamedStatements
from localcloud.athena.parameters import bind
from localcloud.athena.sql.dialect import parse_query
from localcloud.athena.statement import read_statement
from localcloud.athena.workgroups import WorkGroups
from localcloud.lake.errors import LakeError
from localcloud.lake.session import Lake

Body = dict[str, Any]
MAX_QUERY_BYTES = 262_144
MAX_PAGE_ROWS = 1_000
FIRST_ANSWER_SECONDS = 0.25
"""How long GetQueryExecution waits for a query that is about to end, so that a client's first look finds it done."""
_CACHED_RESULTS = 16
_CATALOG = "AwsDataCatalog"
_KNOWN_ELSEWHERE = re.compile(
    r"(vacuum|prepare|deallocate|analyze|refresh|set|reset|grant|revoke|call|truncate|comment|use|create|drop|show|load)\b",
    re.IGNORECASE,
)
"""Statements that are Athena's or Trino's and that the engine will refuse as not supported."""


class AthenaApi:
    """Answers requests; every public answer is a JSON structure, every refusal an ApiError."""

    def __init__(self, lake: Lake, executions: Executions, workgroups: WorkGroups, named: NamedStatements) -> None:
        self._lake = lake
        self._executions = executions
        self._workgroups = workgroups
        self._named = named
        self._rows: OrderedDict[str, list[list[str | None]]] = OrderedDict()
        metadata = MetadataApi(lake)
        self._operations: dict[str, Callable[[Body], Body]] = {
            "StartQueryExecution": self._start,
            "GetQueryExecution": self._get,
            "BatchGetQueryExecution": self._batch_get,
            "ListQueryExecutions": self._list,
            "StopQueryExecution": self._stop,
            "GetQueryResults": self._results,
            "GetQueryRuntimeStatistics": self._runtime,
            "CreateWorkGroup": self._create_workgroup,
            "GetWorkGroup": lambda body: {"WorkGroup": workgroups.get(body["WorkGroup"])},
            "UpdateWorkGroup": self._update_workgroup,
            "DeleteWorkGroup": self._delete_workgroup,
            "ListWorkGroups": lambda body: {"WorkGroups": workgroups.list()},
            "ListTagsForResource": lambda body: {"Tags": []},
            **metadata.operations(),
            **named.operations(),
        }

    def handle(self, operation: str, body: Body) -> Body:
        """Answer one request; raises ApiError."""
        if operation not in self._operations:
            raise not_supported(operation)
        try:
            return self._operations[operation](body)
        except KeyError as error:
            raise invalid_request(f"{operation} needs the member {error}") from error

    def execution(self, query_id: str) -> Execution:
        """The execution a request names."""
        return self._executions.get(query_id)

    def _start(self, body: Body) -> Body:
        text = body["QueryString"]
        if len(text.encode()) > MAX_QUERY_BYTES:
            raise invalid_request(f"Query string is longer than {MAX_QUERY_BYTES} bytes")
        group_name = body.get("WorkGroup") or "primary"
        group = self._workgroups.get(group_name)
        if group["State"] != "ENABLED":
            raise invalid_request(f"WorkGroup {group_name} is disabled.")
        configuration = group["Configuration"]
        group_location = configuration.get("ResultConfiguration", {}).get("OutputLocation")
        asked = body.get("ResultConfiguration", {}).get("OutputLocation")
        enforced = bool(configuration.get("EnforceWorkGroupConfiguration")) and bool(group_location)
        location = group_location if enforced else asked or group_location
        if not location:
            raise invalid_request(
                "No output location provided. An output location is required either through the Workgroup result"
                " configuration setting or as an API input."
            )
        context = body.get("QueryExecutionContext", {})
        catalog = context.get("Catalog") or _CATALOG
        if catalog.lower() != _CATALOG.lower():
            raise not_supported(f"The data catalog {catalog}")
        parameters = list(body.get("ExecutionParameters") or [])
        try:
            bound = bind(text, parameters, self._named.prepared(group_name))
            statement = read_statement(bound)
            if not statement.subtype and not _KNOWN_ELSEWHERE.match(statement.text):
                raise LakeError(
                    "SYNTAX_ERROR",
                    f"line 1:1: mismatched input '{statement.text.split(None, 1)[0] if statement.text else '<EOF>'}'",
                )
            if statement.type == "DML" and statement.subtype in ("SELECT", "INSERT", "MERGE", "UPDATE", "DELETE"):
                parse_query(statement.text)
        except LakeError as error:
            raise ApiError("InvalidRequestException", error.message, "MALFORMED_QUERY") from error
        request = Request(
            text=text,
            statement=statement,
            database=(context.get("Database") or "default").lower(),
            catalog=catalog,
            workgroup=group_name,
            result_location=location,
            location_enforced=enforced,
            limit_bytes=configuration.get("BytesScannedCutoffPerQuery"),
            parameters=parameters,
        )
        return {"QueryExecutionId": self._executions.start(request, body.get("ClientRequestToken")).id}

    def _get(self, body: Body) -> Body:
        return {"QueryExecution": self._executions.get(body["QueryExecutionId"]).description()}

    def _batch_get(self, body: Body) -> Body:
        found, missing = [], []
        for query_id in body["QueryExecutionIds"]:
            try:
                found.append(self._executions.get(query_id).description())
            except ApiError as error:
                missing.append({"QueryExecutionId": query_id, "ErrorCode": error.code, "ErrorMessage": error.message})
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def _list(self, body: Body) -> Body:
        ids = self._executions.list(body.get("WorkGroup") or "primary")
        return page(ids, body, "QueryExecutionIds", 50)

    def _stop(self, body: Body) -> Body:
        self._executions.stop(body["QueryExecutionId"])
        return {}

    def _results(self, body: Body) -> Body:
        execution = self._executions.get(body["QueryExecutionId"])
        if execution.state in ("QUEUED", "RUNNING"):
            raise invalid_request(f"Query has not yet finished. Current state: {execution.state}")
        if execution.state != "SUCCEEDED" or execution.finished is None:
            raise invalid_request(f"Query did not finish successfully. Final query state: {execution.state}")
        limit = int(body.get("MaxResults") or MAX_PAGE_ROWS)
        if not 1 <= limit <= MAX_PAGE_ROWS:
            raise invalid_request(f"MaxResults is more than maximum allowed length {MAX_PAGE_ROWS}")
        rows = self._result_rows(execution)
        start = _offset(body)
        chosen = rows[start : start + limit]
        answer: Body = {
            "ResultSet": {
                "Rows": [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in chosen],
                "ResultSetMetadata": {"ColumnInfo": [column.info() for column in execution.columns]},
            },
            "UpdateCount": execution.finished.update_count or 0,
        }
        if execution.request.statement.type == "DML" and execution.request.statement.subtype != "SELECT":
            answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"] = []
        if start + limit < len(rows):
            answer["NextToken"] = str(start + limit)
        return answer

    def _result_rows(self, execution: Execution) -> list[list[str | None]]:
        if execution.id not in self._rows and execution.finished is not None:
            self._rows[execution.id] = results.read_rows(self._lake, execution.finished.output_location)
            while len(self._rows) > _CACHED_RESULTS:
                self._rows.popitem(last=False)
        return self._rows[execution.id]

    def _runtime(self, body: Body) -> Body:
        execution = self._executions.get(body["QueryExecutionId"])
        if execution.state not in FINAL:
            raise invalid_request("Query has not yet finished")
        statistics = execution.statistics()
        return {
            "QueryRuntimeStatistics": {
                "Timeline": {
                    "QueryQueueTimeInMillis": statistics["QueryQueueTimeInMillis"],
                    "EngineExecutionTimeInMillis": statistics["EngineExecutionTimeInMillis"],
                    "TotalExecutionTimeInMillis": statistics["TotalExecutionTimeInMillis"],
                },
                "Rows": {"InputBytes": statistics["DataScannedInBytes"]},
            }
        }

    def _create_workgroup(self, body: Body) -> Body:
        if not re.fullmatch(r"[a-zA-Z0-9._-]{1,128}", body["Name"]):
            raise invalid_request(f"'{body['Name']}' is not a valid WorkGroup name")
        self._workgroups.create(body["Name"], body.get("Configuration", {}), body.get("Description", ""))
        return {}

    def _update_workgroup(self, body: Body) -> Body:
        self._workgroups.update(
            body["WorkGroup"], body.get("ConfigurationUpdates", {}), body.get("Description"), body.get("State")
        )
        return {}

    def _delete_workgroup(self, body: Body) -> Body:
        self._workgroups.delete(body["WorkGroup"])
        return {}


def _offset(body: Body) -> int:
    token = body.get("NextToken")
    if token is None:
        return 0
    if not str(token).isdigit():
        raise invalid_request("Malformed NextToken")
    return int(token)


def page(items: list[Any], body: Body, name: str, default: int) -> Body:
    """One page of a list, by MaxResults and NextToken."""
    start, limit = _offset(body), int(body.get("MaxResults") or default)
    answer: Body = {name: items[start : start + limit]}
    if start + limit < len(items):
        answer["NextToken"] = str(start + limit)
    return answer
