"""The HTTP side: one POST door for both JSON 1.1 APIs, and the health answer."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localcloud.redshift.api import model
from localcloud.redshift.api.errors import ApiError, validation
from localcloud.redshift.errors import NOT_SUPPORTED

log = logging.getLogger(__name__)

Operation = Callable[[Mapping[str, Any]], Mapping[str, Any]]
_CONTENT_TYPE = "application/x-amz-json-1.1"


def build(operations: Mapping[str, Operation]) -> Starlette:
    """`operations` by X-Amz-Target, e.g. `RedshiftData.ExecuteStatement`; they run in threads."""

    async def call(request: Request) -> Response:
        target = request.headers.get("x-amz-target", "")
        try:
            operation = operations.get(target)
            if operation is None:
                raise _unknown(target)
            body = _body(await request.body())
            model.check(target, body)
            answer = await run_in_threadpool(operation, body)
        except ApiError as error:
            return _error(error)
        except Exception:
            log.exception("%s failed", target)
            return _error(ApiError("InternalServerException", f"{target} failed: see the local cloud's log", 500))
        return Response(json.dumps(answer), media_type=_CONTENT_TYPE)

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ready", "service": "redshift"})

    return Starlette(routes=[Route("/", call, methods=["POST"]), Route("/_localcloud/health", health)])


def _unknown(target: str) -> ApiError:
    """A target without an operation here: one that the service has, or none at all."""
    known = any(target in model.operations(prefix) for prefix in model.PREFIXES)
    if known:
        return validation(f"{target} is {NOT_SUPPORTED}")
    return ApiError("UnknownOperationException", f"{target or 'A request without X-Amz-Target'} is no operation")


def _body(raw: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(raw or b"{}")
    except (ValueError, RecursionError) as error:
        raise ApiError("SerializationException", f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ApiError("SerializationException", "the body must be a JSON object")
    return body


def _error(error: ApiError) -> Response:
    body = {"__type": error.code, "message": error.message, "Message": error.message, **error.extra}
    return Response(json.dumps(body), error.status, {"x-amzn-errortype": error.code}, _CONTENT_TYPE)
