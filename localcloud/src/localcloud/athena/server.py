"""Athena's API over HTTP: JSON 1.1 with the operation in X-Amz-Target."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from functools import partial
from typing import Any, NoReturn

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localcloud.athena.api import FIRST_ANSWER_SECONDS, Answer, AthenaApi
from localcloud.athena.errors import ApiError

_log = logging.getLogger(__name__)
_PREFIX = "AmazonAthena."
_JSON = "application/x-amz-json-1.1"
_THREADS = 32
MAX_BODY_BYTES = 4 * 1024 * 1024
"""Room for the longest query text with every character escaped."""


def create_app(api: AthenaApi) -> Starlette:
    """The ASGI application: the API at `/` and a health check; refusals are JSON."""
    limiter = anyio.CapacityLimiter(_THREADS)

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ready", "service": "athena"})

    async def operate(request: Request) -> Response:
        try:
            operation, body = _operation(request), _structure(await _body(request))
            if operation == "GetQueryExecution":
                await _await_end(api, body.get("QueryExecutionId"))
                # It takes less time than to hand it to a thread.
                return _json(api.handle(operation, body), 200)
            return _json(await anyio.to_thread.run_sync(api.handle, operation, body, limiter=limiter), 200)
        except ApiError as error:
            return _error(error)
        except ClientDisconnect:
            raise
        except Exception as error:
            _log.exception("%s failed", request.headers.get("x-amz-target"))
            return _error(ApiError("InternalServerException", f"{type(error).__name__}: {error}"), status=500)

    async def refuse(request: Request, error: Exception) -> Response:
        return _error(_unknown(f"{request.method} {request.url.path}"))

    return Starlette(
        routes=[Route("/_localcloud/health", health), Route("/", operate, methods=["POST"])],
        exception_handlers={HTTPException: refuse},
    )


def _operation(request: Request) -> str:
    target = request.headers.get("x-amz-target", "")
    if not target.startswith(_PREFIX):
        raise _unknown(f"the target {target!r}")
    return target.removeprefix(_PREFIX)


def _unknown(what: str) -> ApiError:
    return ApiError(
        "UnknownOperationException", f"Athena takes POST / with X-Amz-Target: {_PREFIX}<operation>, not {what}"
    )


async def _body(request: Request) -> bytes:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > MAX_BODY_BYTES:
            raise ApiError("RequestEntityTooLargeException", f"the body is longer than {MAX_BODY_BYTES} bytes")
    return bytes(received)


def _structure(text: bytes) -> dict[str, Any]:
    try:
        body = json.loads(text or b"{}", parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ApiError("SerializationException", f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise ApiError("SerializationException", "the body is no JSON object")
    return body


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


async def _await_end(api: AthenaApi, query_id: object) -> None:
    """Hold the answer back a little while the query is about to end: it saves the client a pause of its own."""
    if not isinstance(query_id, str):
        return
    try:
        execution = api.execution(query_id)
    except (ApiError, UnicodeEncodeError):
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    execution.when_ended(partial(loop.call_soon_threadsafe, ended.set))
    with anyio.move_on_after(FIRST_ANSWER_SECONDS):
        await ended.wait()


def _json(body: Answer, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(
        body if isinstance(body, str) else json.dumps(body),
        status_code=status,
        media_type=_JSON,
        headers={"x-amzn-RequestId": str(uuid.uuid4()), **(headers or {})},
    )


def _error(error: ApiError, status: int = 400) -> Response:
    body = {"__type": error.code, "Message": error.message, "message": error.message}
    if error.athena_code:
        body["AthenaErrorCode"] = error.athena_code
    if error.reason:
        body["Reason"] = error.reason
    return _json(body, status, {"x-amzn-ErrorType": error.code})
