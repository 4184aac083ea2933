"""Every refusal and failure as problem+json (RFC 9457)."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route
from starlette.types import Scope

from landfall.errors import RequestError, RunsUnavailableError

logger = logging.getLogger(__name__)

UNAVAILABLE_SECONDS: Final = 5
"""What a caller is asked to wait when Airflow does not answer."""

_EXPLAINED: Final = re.compile(r"'?(?P<field>[A-Za-z_][A-Za-z0-9_-]*)'?: (?P<what>.*)", re.DOTALL)


class Problem(BaseModel):
    """What is wrong, where, and what would be right."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    field: str | None = None
    value: str | None = None
    remedy: str | None = None


class Refusal(HTTPException):
    """A refusal that names the field, the refused value and the remedy."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        field: str | None = None,
        value: object = None,
        remedy: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.members = {"field": field, "value": None if value is None else shown(value), "remedy": remedy}


def refusal_of(error: RequestError, given: Mapping[str, Any], *, status: int = 400) -> Refusal:
    """Return a RequestError, whose words are `field: what is wrong; remedy`, as a refusal with the value `given`."""
    match = _EXPLAINED.fullmatch(str(error))
    if match is None:
        return Refusal(status, str(error))
    what, _, remedy = match["what"].rpartition("; ")
    return Refusal(
        status, str(error), field=match["field"], value=given.get(match["field"]), remedy=remedy if what else None
    )


def shown(value: object) -> str:
    """Return a refused value for an answer: quoted, without control characters, and short."""
    return ascii(value)[:60]


def problem(
    status: int, detail: str, *, field: str | None = None, value: str | None = None, remedy: str | None = None
) -> JSONResponse:
    """Return an answer of `status` whose `detail` says what is wrong and what to do."""
    title = HTTPStatus(status).phrase
    body = Problem(title=title, status=status, detail=detail, field=field, value=value, remedy=remedy)
    return JSONResponse(body.model_dump(exclude_none=True), status_code=status, media_type="application/problem+json")


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error of `app` a problem document; what is not explained is logged and told nobody."""

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        members = error.members if isinstance(error, Refusal) else {}
        answer = problem(error.status_code, str(error.detail), **members)
        answer.headers.update(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            answer.headers["Allow"] = ", ".join(sorted(_methods(app, request.scope)))
        return answer

    @app.exception_handler(RequestValidationError)
    async def misshapen(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        name = str(first["loc"][-1])
        return problem(422, f"{name}: {first['msg']}", field=name, value=shown(first.get("input")), remedy=first["msg"])

    @app.exception_handler(RequestError)
    async def wrong(_request: Request, error: RequestError) -> JSONResponse:
        return problem(400, str(error))

    @app.exception_handler(RunsUnavailableError)
    async def unavailable(_request: Request, error: RunsUnavailableError) -> JSONResponse:
        logger.warning("runs: %s", error)
        words = "Airflow does not answer; send the same again with the same Idempotency-Key: nothing is done twice"
        answer = problem(503, words, remedy="wait and send the same again")
        answer.headers["Retry-After"] = str(UNAVAILABLE_SECONDS)
        return answer

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(500, "the server failed; its log says why")


def _methods(app: FastAPI, scope: Scope) -> set[str]:
    """Return the methods that a path has; starlette names those of the first of its routes only."""
    routes = [route for route in app.routes if isinstance(route, Route)]
    path = next(route.path for route in routes if route.matches(scope)[0] != Match.NONE)
    return {method for route in routes if route.path == path for method in route.methods or ()}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI's description of the problems that a route answers with."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content, "headers": _HEADERS.get(status, {})}
        for status in statuses
    }


def _header(words: str) -> dict[str, Any]:
    return {"description": words, "schema": {"type": "string"}}


_HEADERS: Final[Mapping[int, Mapping[str, Any]]] = {
    401: {"WWW-Authenticate": _header("How to log in.")},
    409: {"Retry-After": _header("Seconds to wait, where waiting helps.")},
    429: {"Retry-After": _header("Seconds until there is room again.")},
    503: {"Retry-After": _header("Seconds to wait.")},
}
