"""The redshift-data API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from localcloud.lake.session import LakeSettings
from localcloud.redshift.api.app import Operation
from localcloud.redshift.api.errors import ApiError, number, only, text, validation
from localcloud.redshift.api.listings import TARGET, Listings, paged
from localcloud.redshift.api.statements import Execution, Part, Statements, used_names
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.namespaces import IAM_USER, Namespace, Registry

Request = Mapping[str, Any]
_EXECUTE = TARGET | {"StatementName", "WithEvent", "ClientToken", "Parameters", "WaitTimeSeconds", "ResultFormat"}
_MAX_SQL_BYTES = 100_000
_MAX_WAIT_SECONDS = 30


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
        self.statements = Statements(folder=settings.state_dir / "redshift-data")

    def operations(self) -> dict[str, Operation]:
        methods = (
            self.execute_statement,
            self.batch_execute_statement,
            self.describe_statement,
            self.get_statement_result,
            self.cancel_statement,
            self.list_statements,
        )
        own = {f"RedshiftData.{m.__name__.title().replace('_', '')}": m for m in methods}
        return {**own, **Listings(registry=self._registry, identify=self._identity).operations()}

    def execute_statement(self, request: Request) -> Request:
        only(request, _EXECUTE | {"Sql"})
        sql = text(request, "Sql")
        unused = {p["name"] for p in request.get("Parameters") or []} - self._names(sql)
        if unused:
            raise validation(f"Parameters list contains unused parameters. Unused parameters: {sorted(unused)}")
        return self._start(request, [sql], batch=False)

    def batch_execute_statement(self, request: Request) -> Request:
        only(request, _EXECUTE | {"Sqls"})
        sqls = request.get("Sqls")
        if not isinstance(sqls, list) or not 1 <= len(sqls) <= 40 or not all(isinstance(sql, str) for sql in sqls):
            raise validation("Sqls must be a list of 1 to 40 statements")
        return self._start(request, sqls, batch=True)

    @staticmethod
    def _names(sql: str) -> set[str]:
        try:
            return used_names(sql)
        except RedshiftError:
            # The statement itself will fail and say so.
            return set()

    def _start(self, request: Request, sqls: list[str], *, batch: bool) -> Request:
        if any(len(sql.encode()) > _MAX_SQL_BYTES for sql in sqls):
            raise validation(f"a statement can't be longer than {_MAX_SQL_BYTES} bytes")
        if request.get("ResultFormat", "JSON") != "JSON":
            raise validation("ResultFormat CSV is not supported by the local cloud")
        if request.get("WithEvent"):
            # EventBridge takes no events of AWS's own sources from outside, in the local cloud as in AWS.
            raise validation("WithEvent is not supported by the local cloud")
        namespace, user, database = self._identity(request)
        execution = Execution(dict(request), user, [Part(sql) for sql in sqls], batch)
        execution = self.statements.submit(execution, lambda: self._registry.open(namespace, database, user))
        self.statements.wait(execution, number(request, "WaitTimeSeconds", 0, 0, _MAX_WAIT_SECONDS))
        answer = {
            "Id": execution.id,
            "CreatedAt": execution.created_at,
            "DbUser": user,
            "Database": database,
            "WorkgroupName": request["WorkgroupName"],
        }
        return answer | ({"SecretArn": request["SecretArn"]} if request.get("SecretArn") else {})

    def _identity(self, request: Request) -> tuple[Namespace, str, str]:
        """Namespace, database user and database of a request; checks the secret when there is one."""
        workgroup_name = text(request, "WorkgroupName").rpartition("/")[2]
        workgroup = self._registry.workgroups.get(workgroup_name) or next(
            (w for w in self._registry.workgroups.values() if w.id == workgroup_name), None
        )
        if workgroup is None:
            raise validation(f"Redshift endpoint doesn't exist in this region: workgroup {workgroup_name}")
        namespace = self._registry.namespaces[workgroup.namespace]
        database = text(request, "Database", namespace.database)
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
        part = execution.parts[index or 0]
        answer = {
            "Id": text(request, "Id"),
            "DbUser": execution.user,
            "Database": execution.request.get("Database", ""),
            "WorkgroupName": execution.request["WorkgroupName"],
            "Status": execution.status,
            "CreatedAt": execution.created_at,
            "UpdatedAt": execution.updated_at,
            "RedshiftPid": execution.pid,
            "QueryString": part.sql,
            "Duration": part.duration,
            "HasResultSet": any(p.has_result for p in execution.parts),
            "ResultRows": part.rows,
            "ResultSize": part.size,
            "RedshiftQueryId": part.query_id,
        }
        for key, value in (("Error", execution.error), ("SecretArn", execution.request.get("SecretArn"))):
            if value:
                answer[key] = value
        if execution.request.get("Parameters"):
            answer["QueryParameters"] = execution.request["Parameters"]
        if execution.batch and index is None:
            answer["SubStatements"] = [
                _sub_statement(execution, number, each) for number, each in enumerate(execution.parts)
            ]
        return answer

    def get_statement_result(self, request: Request) -> Request:
        only(request, {"Id", "NextToken", "WaitTimeSeconds"})
        execution, index = self._find(text(request, "Id"))
        self.statements.wait(execution, number(request, "WaitTimeSeconds", 0, 0, _MAX_WAIT_SECONDS))
        part = execution.parts[index or 0]
        if execution.status != "FINISHED":
            raise ApiError("ResourceNotFoundException", f"Query is not finished: its status is {execution.status}")
        if not part.has_result:
            raise ApiError(
                "ResourceNotFoundException",
                "Query does not have result. Please check query status with DescribeStatement.",
            )
        start = text(request, "NextToken", "0")
        if not start.isdigit():
            raise validation("NextToken is not one that this API gave out")
        metadata, records, following = self.statements.page(execution, index or 0, int(start))
        answer = {"ColumnMetadata": metadata, "Records": records, "TotalNumRows": part.rows}
        return answer if following is None else answer | {"NextToken": str(following)}

    def cancel_statement(self, request: Request) -> Request:
        execution, _ = self._find(text(request, "Id"))
        if not self.statements.cancel(execution):
            raise validation(
                f"Could not cancel a query that is already in {execution.status} state with ID: {execution.id}"
            )
        return {"Status": True}

    def list_statements(self, request: Request) -> Request:
        only(request, {"Status", "StatementName", "MaxResults", "NextToken", "RoleLevel", "Database", "WorkgroupName"})
        wanted = text(request, "Status", "ALL")
        prefix = text(request, "StatementName", "")
        found = [
            execution
            for execution in reversed(self.statements.executions.values())
            if wanted in ("ALL", execution.status)
            and execution.request.get("StatementName", "").startswith(prefix)
            and request.get("WorkgroupName", execution.request["WorkgroupName"]) == execution.request["WorkgroupName"]
        ]
        return paged(request, "Statements", [_listed(execution) for execution in found])

    def _find(self, identifier: str) -> tuple[Execution, int | None]:
        """An execution by its id, or one part of a batch by `id:n` (n from 1)."""
        base, _, position = identifier.partition(":")
        execution = self.statements.executions.get(base)
        if execution is None or (position and not (position.isdigit() and 0 < int(position) <= len(execution.parts))):
            raise ApiError(
                "ResourceNotFoundException", f"Query does not exist: {identifier}", extra={"ResourceId": identifier}
            )
        return execution, int(position) - 1 if position else None


def _sub_statement(execution: Execution, position: int, part: Part) -> dict[str, Any]:
    answer = {
        "Id": f"{execution.id}:{position + 1}",
        "QueryString": part.sql,
        "Status": part.status,
        "CreatedAt": part.created_at,
        "UpdatedAt": part.updated_at,
        "Duration": part.duration,
        "HasResultSet": part.has_result,
        "ResultRows": part.rows,
        "ResultSize": part.size,
        "RedshiftQueryId": part.query_id,
    }
    return answer | ({"Error": part.error} if part.error else {})


def _listed(execution: Execution) -> dict[str, Any]:
    sqls = [part.sql for part in execution.parts]
    return {
        "Id": execution.id,
        "Status": execution.status,
        "CreatedAt": execution.created_at,
        "UpdatedAt": execution.updated_at,
        "StatementName": execution.request.get("StatementName", ""),
        "IsBatchStatement": execution.batch,
        **({"QueryStrings": sqls} if execution.batch else {"QueryString": sqls[0]}),
    }
