"""Airflow's own authentication and run states for the API when it is mounted in Airflow's API server."""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import select

from landfall.api.app import Doors
from landfall.api.extracts import RunState

EXTRACT_DAG = "extract_customer_file"
DOCUMENT_DAG = "document_models"

_STATES: dict[str, RunState] = {"queued": "queued", "running": "running", "failed": "failed", "success": "ready"}


def airflow_doors() -> Doors:
    """Let in whom Airflow lets see the runs of the DAG in question."""
    return Doors(
        may_read_extracts=requires_access_dag("GET", DagAccessEntity.RUN, param_dag_id=EXTRACT_DAG),
        may_read_runs=requires_access_dag("GET", DagAccessEntity.RUN),  # dag_id is in the path
        may_read_dbt_docs=requires_access_dag("GET", DagAccessEntity.RUN, param_dag_id=DOCUMENT_DAG),
        run_state=_run_state,
    )


def _run_state(run_id: str) -> RunState:
    """Return how the extract's run stands, `unknown` if Airflow has it no more."""
    with create_session() as session:
        state = session.scalar(select(DagRun.state).where(DagRun.dag_id == EXTRACT_DAG, DagRun.run_id == run_id))
    return _STATES.get(str(state), "unknown")
