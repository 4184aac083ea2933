"""How executions look in the answers of DescribeStatement and ListStatements."""

from __future__ import annotations

from typing import Any

from localcloud.redshift.api.statements import Execution, Part


def described(execution: Execution, index: int | None) -> dict[str, Any]:
    """DescribeStatement of an execution, or of the part of a batch with this index."""
    if execution.batch and index is not None:
        return _shared(execution) | _part(execution, index, execution.parts[index])
    first = execution.parts[0]
    answer = _shared(execution) | {
        "Id": execution.id,
        "Status": execution.status,
        "CreatedAt": execution.created_at,
        "UpdatedAt": execution.updated_at,
        "QueryString": first.sql,
        "Duration": sum(max(part.duration, 0) for part in execution.parts),
        "HasResultSet": any(part.has_result for part in execution.parts),
        "ResultRows": first.rows,
        "ResultSize": first.size,
        "RedshiftQueryId": first.query_id,
    }
    if execution.error:
        answer["Error"] = execution.error
    if execution.batch:
        del answer["QueryString"]
        answer["SubStatements"] = [_part(execution, place, part) for place, part in enumerate(execution.parts)]
        answer["ExecutionMode"] = execution.request.get("ExecutionMode", "TRANSACTION")
    return answer


def listed(execution: Execution) -> dict[str, Any]:
    """An entry of ListStatements."""
    sqls = [part.sql for part in execution.parts]
    optional = {"QueryParameters": execution.request.get("Parameters"), "SecretArn": execution.request.get("SecretArn")}
    optional["SessionId"] = execution.session_id or None
    return {
        "Id": execution.id,
        "Status": execution.status,
        "CreatedAt": execution.created_at,
        "UpdatedAt": execution.updated_at,
        "StatementName": execution.request.get("StatementName", ""),
        "IsBatchStatement": execution.batch,
        "ResultFormat": execution.result_format,
        **({"QueryStrings": sqls} if execution.batch else {"QueryString": sqls[0]}),
        **{key: value for key, value in optional.items() if value},
    }


def _shared(execution: Execution) -> dict[str, Any]:
    """What an execution and its parts have in common."""
    request = execution.request
    optional = {
        "SecretArn": request.get("SecretArn"),
        "QueryParameters": request.get("Parameters"),
        "SessionId": execution.session_id,
    }
    return {
        "DbUser": execution.user,
        "Database": request.get("Database", ""),
        "WorkgroupName": request.get("WorkgroupName", ""),
        "RedshiftPid": execution.pid,
        "ResultFormat": execution.result_format,
        **{key: value for key, value in optional.items() if value},
    }


def _part(execution: Execution, index: int, part: Part) -> dict[str, Any]:
    answer = {
        "Id": f"{execution.id}:{index + 1}",
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
