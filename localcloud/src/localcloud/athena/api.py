"""The operations of Athena's JSON API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.athena.errors import ApiError, invalid_request, not_supported
from localcloud.athena.execution import FINAL, Execution
from localcloud.athena.executions import Executions
from localcloud.athena.metadata_api import MetadataApi
from localcloud.athena.named import NamedStatements
from localcloud.athena.pages_ahead import PagesAhead
from localcloud.athena.paging import position, token
from localcloud.athena.request_model import RequestModel
from localcloud.athena.run.plans import Plans
from localcloud.athena.submission import Submission
from localcloud.athena.workgroups import WorkGroups
from localcloud.lake.session import Lake

Body = dict[str, Any]
Answer = Body | str
"""A JSON structure, or the text of one."""
MAX_PAGE_ROWS = 1_000
FIRST_ANSWER_SECONDS = 2.0
"""How long GetQueryExecution waits for a query to end: a client that finds it running pauses longer (PyAthena 1 s)."""
_EXECUTIONS_PAGE = 50


class AthenaApi:
    """Answers requests; every refusal is an ApiError."""

    def __init__(
        self, lake: Lake, executions: Executions, workgroups: WorkGroups, named: NamedStatements, plans: Plans
    ) -> None:
        self._pages = PagesAhead(lake)
        self._executions = executions
        self._workgroups = workgroups
        self._model = RequestModel()
        self._submission = Submission(lake, workgroups, named, plans)
        self._operations: Mapping[str, Callable[[Body], Answer]] = {
            "StartQueryExecution": self._start,
            "GetQueryExecution": self._get,
            "BatchGetQueryExecution": self._batch_get,
            "ListQueryExecutions": self._list,
            "StopQueryExecution": self._stop,
            "GetQueryResults": self._results,
            "GetQueryRuntimeStatistics": self._runtime,
            **MetadataApi(lake).operations(),
            **workgroups.operations(),
            **named.operations(),
        }

    def handle(self, operation: str, body: Body) -> Answer:
        """Answer one request; raises ApiError."""
        if operation not in self._model.operations:
            raise ApiError("UnknownOperationException", f"Athena has no operation {operation[:100]!r}")
        if operation not in self._operations:
            raise not_supported(f"The operation {operation}")
        request = self._model.read(operation, body)
        if operation not in _ANY_WORKGROUP and "WorkGroup" in request:
            self._workgroups.get(request["WorkGroup"])
        return self._operations[operation](request)

    def execution(self, query_id: str) -> Execution:
        """The execution a request names."""
        return self._executions.get(query_id)

    def _start(self, body: Body) -> Body:
        request = self._submission.read(body)
        query_id = self._executions.start(request, body.get("ClientRequestToken"))
        if request.statement.subtype == "SELECT":
            execution = self._executions.get(query_id)
            execution.when_ended(lambda: self._read_ahead(execution))
        return {"QueryExecutionId": query_id}

    def _read_ahead(self, execution: Execution) -> None:
        """Begin to read the first page: a client that waited for the query asks for it next."""
        if execution.finished is not None:
            self._pages.begin(execution.finished.output_location, 0, MAX_PAGE_ROWS)

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
        limit = body.get("MaxResults") or _EXECUTIONS_PAGE
        before = position("QueryExecutionIds", body)
        found = self._executions.list(body.get("WorkGroup", "primary"), before, limit + 1)
        answer: Body = {"QueryExecutionIds": [query_id for _, query_id in found[:limit]]}
        if len(found) > limit:
            answer["NextToken"] = token("QueryExecutionIds", found[limit - 1][0])
        return answer

    def _stop(self, body: Body) -> Body:
        self._executions.stop(body["QueryExecutionId"])
        return {}

    def _results(self, body: Body) -> Answer:
        if body.get("QueryResultType") == "DATA_MANIFEST":
            raise not_supported("The query result type DATA_MANIFEST")
        execution = self._executions.get(body["QueryExecutionId"])
        if execution.state not in FINAL:
            raise _not_finished(execution)
        if execution.state != "SUCCEEDED" or execution.finished is None:
            raise invalid_request(f"Query did not finish successfully. Final query state: {execution.state}")
        page = self._pages.read(
            execution.finished.output_location,
            position(execution.id, body),
            body.get("MaxResults", MAX_PAGE_ROWS),
        )
        statement = execution.request.statement
        columns = () if statement.type == "DML" and statement.subtype != "SELECT" else execution.columns
        described = json.dumps({"ColumnInfo": [column.info() for column in columns]})
        rest: Body = {"UpdateCount": execution.finished.update_count or 0}
        if page.next_offset is not None:
            rest["NextToken"] = token(execution.id, page.next_offset)
        return f'{{"ResultSet":{{"Rows":{page.rows},"ResultSetMetadata":{described}}},{json.dumps(rest)[1:]}'

    def _runtime(self, body: Body) -> Body:
        execution = self._executions.get(body["QueryExecutionId"])
        if execution.state not in FINAL:
            raise _not_finished(execution)
        statistics: Body = {"Timeline": execution.timeline()}
        finished = execution.finished
        if finished is not None and not execution.reused:
            amounts = {
                "InputBytes": finished.scanned_bytes,
                "OutputBytes": finished.output_bytes,
                "OutputRows": finished.output_rows,
            }
            statistics["Rows"] = amounts
            statistics["OutputStage"] = {
                "StageId": 0,
                "State": "FINISHED",
                "ExecutionTime": execution.timeline()["EngineExecutionTimeInMillis"],
                **amounts,
            }
        return {"QueryRuntimeStatistics": statistics}


_ANY_WORKGROUP = frozenset(
    ("CreateWorkGroup", "GetWorkGroup", "UpdateWorkGroup", "DeleteWorkGroup", "StartQueryExecution")
)
"""Operations that look their work group up themselves."""


def _not_finished(execution: Execution) -> ApiError:
    return invalid_request(f"Query has not yet finished. Current state: {execution.state}")
