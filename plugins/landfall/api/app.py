"""The FastAPI application. It knows neither Airflow nor who serves it: runs and staff's login are given to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI
from fastapi.openapi.utils import get_openapi

from landfall.api import downloads, endings, extracts, products
from landfall.api.answers import Health
from landfall.api.callers import StaffDoor
from landfall.api.data_docs import data_docs_router
from landfall.api.dbt_docs import dbt_docs_router
from landfall.api.dbt_runs import dbt_runs_router
from landfall.api.problems import Problem, add_problem_handlers
from landfall.api.progress import progress_router
from landfall.api.runs import Runs
from landfall.api.staff import staff_router

API_VERSION: Final = "1"


@dataclass(frozen=True, kw_only=True)
class Doors:
    """What the surrounding server gives: runs and, where it has them, staff's login and who may read its pages."""

    runs: Runs
    staff: StaffDoor | None = None
    may_read_runs: Callable[..., Any] | None = None
    may_read_dbt_docs: Callable[..., Any] | None = None


def create_app(doors: Doors) -> FastAPI:
    """Return the application: health for anyone, the rest for API keys and for whom `doors` let in."""
    app = FastAPI(
        title="Landfall",
        version=API_VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        redirect_slashes=False,  # an address with a slash too many is wrong, and is told so
    )
    app.state.doors = doors
    add_problem_handlers(app)

    @app.get("/v1/health", tags=["health"])
    def health() -> Health:
        """Tell that the API answers."""
        return Health()

    app.include_router(products.router, prefix="/v1/products")
    for routes in (extracts, endings, downloads):
        app.include_router(routes.router, prefix="/v1/extracts")
    of_runs = {"data-docs": data_docs_router(), "dbt-runs": dbt_runs_router(), "progress": progress_router()}
    for path, pages in of_runs.items():
        _include_pages(app, f"/{path}", pages, doors.may_read_runs)
    _include_pages(app, "/dbt-docs", dbt_docs_router(), doors.may_read_dbt_docs)
    if doors.staff is not None:
        app.include_router(staff_router(), prefix="/extracts", include_in_schema=False)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


def _include_pages(app: FastAPI, prefix: str, routes: APIRouter, door: Callable[..., Any] | None) -> None:
    """Serve pages for staff, which are no part of the API, where there is a door to let them in."""
    if door is not None:
        app.include_router(routes, prefix=prefix, dependencies=[Depends(door)], include_in_schema=False)


def _described(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with the shape of problems and the way to log in."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, routes=app.routes, description=_DESCRIPTION)
        components = found.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema()
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        components["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "bearerFormat": "lfk_<id>_<secret>"}
        }
        for path, operations in found["paths"].items():
            for operation in operations.values():
                operation["security"] = [] if path == "/v1/health" else [{"key": []}]
        app.openapi_schema = found
    return app.openapi_schema


_DESCRIPTION: Final = (
    "A customer's data as files: ask, wait until the extract is done, fetch its files and check them with its "
    "certificate. Every refusal is a problem document (RFC 9457) that says what would be right."
)
