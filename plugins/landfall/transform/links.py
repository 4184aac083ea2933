"""The link from a task that ran dbt to what dbt left of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


class DbtRunsLink(BaseOperatorLink):  # type: ignore[misc]  # mypy does not follow Airflow's imports
    """The run's page of dbt's invocations, results, artifacts and logs."""

    name = "dbt artifacts"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the page's path on Airflow's own server."""
        return f"/landfall/dbt-runs/{quote(ti_key.dag_id, safe='')}/{quote(ti_key.run_id, safe='')}/"
