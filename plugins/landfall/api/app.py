"""The FastAPI application. It knows neither Airflow nor AWS: both are given to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, FastAPI

from landfall.api.data_docs import data_docs_router
from landfall.api.dbt_docs import dbt_docs_router
from landfall.api.dbt_runs import dbt_runs_router
from landfall.api.extracts import RunState, extracts_router
from landfall.api.problems import add_problem_handlers
from landfall.api.progress import progress_router

API_VERSION = "1"


@dataclass(frozen=True, kw_only=True)
class Doors:
    """What the surrounding server decides: the FastAPI dependencies that let a caller in, and how a run stands."""

    may_read_extracts: Callable[..., Any]
    may_read_runs: Callable[..., Any]
    may_read_dbt_docs: Callable[..., Any]
    run_state: Callable[[str], RunState]


def create_app(doors: Doors) -> FastAPI:
    """Return the application: health for anyone; extracts, pages of runs and dbt's documentation by `doors`."""
    app = FastAPI(title="Landfall", version=API_VERSION, docs_url=None, redoc_url=None, openapi_url="/v1/openapi.json")
    add_problem_handlers(app)

    @app.get("/v1/health", tags=["health"])
    def health() -> dict[str, str]:
        """Tell that the API answers."""
        return {"status": "ok"}

    app.include_router(
        extracts_router(doors.run_state), prefix="/v1/extracts", dependencies=[Depends(doors.may_read_extracts)]
    )
    of_runs = {"data-docs": data_docs_router(), "dbt-runs": dbt_runs_router(), "progress": progress_router()}
    for path, router in of_runs.items():
        app.include_router(router, prefix=f"/{path}", dependencies=[Depends(doors.may_read_runs)])
    app.include_router(dbt_docs_router(), prefix="/dbt-docs", dependencies=[Depends(doors.may_read_dbt_docs)])
    return app
