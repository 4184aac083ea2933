"""The redshift-data API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from localcloud.lake.session import LakeSettings
from localcloud.redshift.api.app import Operation
from localcloud.redshift.api.describing import described, listed
from localcloud.redshift.api.errors import ApiError, number, only, text, validation
from localcloud.redshift.api.events import publisher, statement_event
from localcloud.redshift.api.listings import TARGET, Listings
from localcloud.redshift.api.named_parameters import used_names
from localcloud.redshift.api.paging import paged
from localcloud.redshift.api.statements import Execution, Part, Statements, leased, one_off
from localcloud.redshift.engine.session import Session
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.namespaces import ACCOUNT, IAM_USER, Namespace, Registry, Workgroup

Request = Mapping[str, Any]
_EXECUTE = TARGET | {
    "StatementName",
    "WithEvent",
    "ClientToken",
    "Parameters",
    "WaitTimeSeconds",
    "ResultFormat",
    "SessionId",
    "SessionKeepAliveSeconds",
}
_MAX_SQL_BYTES = 100_000
_MAX_WAIT_SECONDS = 30
_MAX_BATCH = 40


class DataApi:
    """Each public method is an operation of the API: request fields in, answer fields out; raises ApiError."""

    def __init__(self, *, registry: Registry, settings: LakeSettings) -> None:
        self._registry = registry
        client = {
            "endpoint_url": settings.aws_endpoint,
            "region_name": settings.region,
            "aws_access_key_id": settings.access_key,
            "aws_secret_access_key": settings.secret_key,
        }
        self._secrets = boto3.client("secretsmanager", **client)
        self._publish = publisher(settings.aws_endpoint)
        self.statements = Statements(folder=settings.state_dir / "redshift-data", ended=self._announce)

    def operations(self) -> dict[str, Operation]:
        methods = (
            self.execute_statement,
            self.batch_execute_statement,
            self.describe_statement,
            self.get_statement_result,
            self.get_statement_result_v2,
            self.cancel_statement,
            self.list_statements,
        )
        own = {f"RedshiftData.{m.__name__.title().replace('_', '')}": m for m in methods}
        return {**own, **Listings(registry=self._registry, identify=self._identity).operations()}

    def execute_statement(self, request: Request) -> Request:
        only(request, _EXECUTE | {"Sql"})
        return self._start(request, [text(request, "Sql")], batch=False)

    def batch_execute_statement(self, request: Request) -> Request:
        only(request, _EXECUTE | {"Sqls", "ExecutionMode"})
        sqls = request["Sqls"]
        if not 1 <= len(sqls) <= _MAX_BATCH or not all(sqls):
            raise validation(f"Sqls must be a list of 1 to {_MAX_BATCH} statements")
        return self._start(request, sqls, batch=True)

    @staticmethod
    def _names(sql: str) -> set[str]:
        try:
            return used_names(sql)
        except RedshiftError:
            # The statement itself will fail and say so.
            return set()

    def _start(self, request: Request, sqls: list[str], *, batch: bool) -> Request:
        if any(len(sql.encode(errors="replace")) > _MAX_SQL_BYTES for sql in sqls):
            raise validation(f"a statement can't be longer than {_MAX_SQL_BYTES} bytes")
        used: set[str] = set().union(*(self._names(sql) for sql in sqls))
        unused = {p["name"] for p in request.get("Parameters") or []} - used
        if unused:
            raise validation(f"Parameters list contains unused parameters. Unused parameters: {sorted(unused)}")
        execution = self.statements.known(request.get("ClientToken"))
        if execution is None:
            execution = self._submit(request, [Part(sql) for sql in sqls], batch=batch)
        self.statements.wait(execution, number(request, "WaitTimeSeconds", 0, 0, _MAX_WAIT_SECONDS))
        target = execution.request
        answer = {"Id": execution.id, "CreatedAt": execution.created_at, "DbUser": execution.user, "DbGroups": []}
        answer |= {key: target[key] for key in ("Database", "WorkgroupName", "SecretArn") if target.get(key)}
        return answer | ({"SessionId": execution.session_id} if execution.session_id else {})

    def _submit(self, request: Request, parts: list[Part], *, batch: bool) -> Execution:
        seconds = request.get("SessionKeepAliveSeconds")
        if request.get("SessionId"):
            if TARGET & set(request):
                raise validation("A statement of a session takes its workgroup, database and login from the session")
            kept = self.statements.kept.take(text(request, "SessionId"), seconds)
        else:
            namespace, user, database = self._identity(request)
            target = {"Database": database, "WorkgroupName": text(request, "WorkgroupName")}

            def opened() -> Session:
                return self._registry.open(namespace, database, user)

            if not seconds:
                execution = Execution({**request, **target}, user, parts, batch)
                self.statements.submit(execution, lambda: one_off(opened))
                return execution
            try:
                kept = self.statements.kept.open(opened, target, user, seconds)
            except RedshiftError as error:
                raise validation(str(error)) from error
        execution = Execution({**request, **kept.target}, kept.user, parts, batch, session_id=kept.id)
        self.statements.submit(execution, lambda: leased(kept, self.statements.kept))
        return execution

    def _announce(self, execution: Execution) -> None:
        """Send the event of an execution that ended."""
        workgroup = self._workgroup(execution.request["WorkgroupName"])
        arn = f"arn:aws:redshift-serverless:{self._registry.region}:{ACCOUNT}:workgroup/{workgroup.id}"
        last = execution.parts[-1]
        self._publish(
            statement_event(
                arn=arn,
                statement_id=execution.id,
                name=execution.request.get("StatementName", ""),
                state=execution.status,
                rows=last.rows,
                query_id=last.query_id or -1,
                expires_at=execution.expires_at,
                principal=f"arn:aws:iam::{ACCOUNT}:root",
            )
        )

    def _workgroup(self, name: str) -> Workgroup:
        """A workgroup by its name, its id or an ARN; raises ValidationException."""
        wanted = name.partition(":workgroup/")[2].rpartition("/")[2] or name
        for workgroup in list(self._registry.workgroups.values()):
            if wanted in (workgroup.name, workgroup.id):
                return workgroup
        raise validation(f"Redshift endpoint doesn't exist in this region: workgroup {name}")

    def _identity(self, request: Request) -> tuple[Namespace, str, str]:
        """Namespace, database user and database of a request; checks the secret when there is one."""
        workgroup = self._workgroup(text(request, "WorkgroupName"))
        namespace = self._registry.namespaces[workgroup.namespace]
        database = text(request, "Database", namespace.database)
        if request.get("DbUser"):
            # As the service says it: "DbUser … Required when connecting to a cluster … as a database user".
            raise validation("DbUser can't be used with a workgroup, whose database user follows from the caller")
        if request.get("SecretArn") is None:
            return namespace, IAM_USER, database
        login = self._login(text(request, "SecretArn"))
        if not self._registry.check_password(namespace, login["username"], login["password"]):
            raise validation(f'FATAL: password authentication failed for user "{login["username"]}"')
        return namespace, login["username"], database

    def _login(self, arn: str) -> dict[str, str]:
        try:
            secret = json.loads(self._secrets.get_secret_value(SecretId=arn)["SecretString"])
            return {"username": secret["username"], "password": secret["password"]}
        except ClientError as error:
            raise validation(f"the secret {arn} can't be read: {error.response['Error']['Message']}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise validation(f"the secret {arn} must be a JSON object with username and password") from error

    def describe_statement(self, request: Request) -> Request:
        only(request, {"Id", "WaitTimeSeconds"})
        execution, index = self._find(text(request, "Id"))
        self.statements.wait(execution, number(request, "WaitTimeSeconds", 0, 0, _MAX_WAIT_SECONDS))
        return described(execution, index)

    def get_statement_result(self, request: Request) -> Request:
        answer, _ = self._page(request, "JSON")
        return answer

    def get_statement_result_v2(self, request: Request) -> Request:
        answer, records = self._page(request, "CSV")
        return answer | {"Records": [{"CSVRecords": "".join(records)}], "ResultFormat": "CSV"}

    def _page(self, request: Request, result_format: str) -> tuple[dict[str, Any], list[Any]]:
        """A page of a result in the format that the operation gives, and its rows."""
        only(request, {"Id", "NextToken", "WaitTimeSeconds"})
        execution, index = self._find(text(request, "Id"))
        self.statements.wait(execution, number(request, "WaitTimeSeconds", 0, 0, _MAX_WAIT_SECONDS))
        part = execution.parts[index or 0]
        if part.status != "FINISHED" or execution.status not in ("FINISHED", "FAILED"):
            raise ApiError("ResourceNotFoundException", f"Query is not finished: its status is {execution.status}")
        if not part.has_result:
            raise ApiError(
                "ResourceNotFoundException",
                "Query does not have result. Please check query status with DescribeStatement.",
            )
        if execution.result_format != result_format:
            other = "GetStatementResultV2" if result_format == "JSON" else "GetStatementResult"
            raise validation(f"The result's format is {execution.result_format}: use {other}")
        start = text(request, "NextToken", "0")
        if not (start.isascii() and start.isdigit() and len(start) < 19):
            raise validation("NextToken is not one that this API gave out")
        page = self.statements.page(execution, index or 0, int(start))
        answer = {"ColumnMetadata": page.metadata, "Records": page.records, "TotalNumRows": part.rows}
        return (answer if page.following is None else answer | {"NextToken": str(page.following)}), page.records

    def cancel_statement(self, request: Request) -> Request:
        execution, _ = self._find(text(request, "Id"))
        if not self.statements.cancel(execution):
            raise validation(
                f"Could not cancel a query that is already in {execution.status} state with ID: {execution.id}"
            )
        return {"Status": True}

    def list_statements(self, request: Request) -> Request:
        """RoleLevel makes no difference: the local cloud has one role."""
        only(request, {"Status", "StatementName", "MaxResults", "NextToken", "RoleLevel", "Database", "WorkgroupName"})
        wanted = text(request, "Status", "ALL")
        prefix = text(request, "StatementName", "")
        keys = [key for key in ("WorkgroupName", "Database") if request.get(key)]
        found = [
            execution
            for execution in sorted(self.statements.executions.values(), key=lambda e: -e.created_at)
            if wanted in ("ALL", execution.status)
            and execution.request.get("StatementName", "").startswith(prefix)
            and all(execution.request.get(key) == request[key] for key in keys)
        ]
        return paged(request, "Statements", [listed(execution) for execution in found])

    def _find(self, identifier: str) -> tuple[Execution, int | None]:
        """An execution by its id, or one part of a batch by `id:n` (n from 1)."""
        base, _, position = identifier.partition(":")
        execution = self.statements.executions.get(base)
        number_given = position.isascii() and position.isdigit() and len(position) <= len(str(_MAX_BATCH))
        if execution is None or (position and not (number_given and 0 < int(position) <= len(execution.parts))):
            raise ApiError(
                "ResourceNotFoundException", f"Query does not exist: {identifier}", extra={"ResourceId": identifier}
            )
        return execution, int(position) - 1 if position else None
