"""Athena's API over HTTP: JSON 1.1 with the operation in X-Amz-Target."""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localcloud.athena.api import FIRST_ANSWER_SECONDS, AthenaApi
from localcloud.athena.errors import ApiError

_log = logging.getLogger(__name__)
_PREFIX = "AmazonAthena."
_JSON = "application/x-amz-json-1.1"


def create_app(api: AthenaApi) -> Starlette:
    """The ASGI application."""
    limiter = anyio.CapacityLimiter(32)

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ready", "service": "athena"})

    async def operate(request: Request) -> Response:
        operation = request.headers.get("x-amz-target", "").removeprefix(_PREFIX)
        try:
            body = json.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise ValueError("the body is no JSON object")
        except ValueError as error:
            return _error(ApiError("SerializationException", str(error)))
        try:
            if operation == "GetQueryExecution" and "QueryExecutionId" in body:
                await _await_end(api, str(body["QueryExecutionId"]), limiter)
            answer = await anyio.to_thread.run_sync(api.handle, operation, body, limiter=limiter)
        except ApiError as error:
            return _error(error)
        except Exception as error:
            _log.exception("%s failed", operation)
            return _error(ApiError("InternalServerException", f"{type(error).__name__}: {error}"), status=500)
        return _json(answer, 200)

    return Starlette(routes=[Route("/_localcloud/health", health), Route("/", operate, methods=["POST"])])


async def _await_end(api: AthenaApi, query_id: str, limiter: anyio.CapacityLimiter) -> None:
    """Hold the answer back a little while the query is about to end: it saves the client a pause of its own."""
    execution = api.execution(query_id)
    waited = 0.0
    while not execution.done.is_set() and waited < FIRST_ANSWER_SECONDS:
        await anyio.sleep(0.004)
        waited += 0.004


def _json(body: dict[str, Any], status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(
        json.dumps(body),
        status_code=status,
        media_type=_JSON,
        headers={"x-amzn-RequestId": str(uuid.uuid4()), **(headers or {})},
    )


def _error(error: ApiError, status: int = 400) -> Response:
    body = {"__type": error.code, "Message": error.message, "message": error.message}
    if error.athena_code:
        body["AthenaErrorCode"] = error.athena_code
    return _json(body, status, {"x-amzn-ErrorType": error.code})
