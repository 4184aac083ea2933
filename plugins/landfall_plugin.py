"""Registers Landfall with Airflow: the API under /landfall, pages of a run, and the documentation it serves."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin


@cache
def _app() -> Any:
    from landfall.api.airflow_doors import airflow_doors
    from landfall.api.app import create_app

    return create_app(airflow_doors())


async def landfall_api(scope: Any, receive: Any, send: Any) -> None:
    """The API, made on the first request: every Airflow process imports this file, and only one serves it."""
    await _app()(scope, receive, send)


class LandfallPlugin(AirflowPlugin):  # type: ignore[misc]  # Airflow is untyped to mypy here
    """Airflow's view of Landfall."""

    name = "landfall"
    fastapi_apps: ClassVar[list[Any]] = [{"app": landfall_api, "url_prefix": "/landfall", "name": "Landfall"}]
    external_views: ClassVar[list[Any]] = [
        # Without a route it opens in a tab of its own: in a frame its links and downloads would be cut off.
        {"name": "Extracts", "href": "/landfall/extracts/", "destination": "nav", "category": "browse"},
        *(
            {
                "name": name,
                "href": f"/landfall/{page}/{{DAG_ID}}/{{RUN_ID}}/",
                "destination": "dag_run",
                "url_route": page.replace("-", "_"),
            }
            for name, page in (("Progress", "progress"), ("Data Docs", "data-docs"), ("dbt", "dbt-runs"))
        ),
        *(
            {
                "name": f"dbt docs: {target}",
                "href": f"/landfall/dbt-docs/{target}/",
                "destination": "nav",
                "category": "browse",
                "url_route": f"dbt_docs_{target}",
            }
            for target in ("lake", "warehouse")
        ),
    ]
