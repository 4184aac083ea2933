"""Airflow's own login and runs for the API when it is mounted in Airflow's API server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.api.common.trigger_dag import trigger_dag
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import get_user, requires_access_dag
from airflow.exceptions import AirflowException, DagRunAlreadyExists
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from airflow.utils.types import DagRunTriggeredByType
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError

from landfall.api.app import Doors
from landfall.errors import RunsUnavailableError
from landfall.extract.records.record import RunState
from landfall.extract.run.line import EXTRACT_DAG

DOCUMENT_DAG = "document_models"

_STATES: dict[str, RunState] = {"queued": "queued", "running": "running", "failed": "failed", "success": "success"}
_bearer = HTTPBearer(auto_error=False)


def airflow_doors() -> Doors:
    """Let in whom Airflow lets see, or start, the runs of the DAG in question."""
    return Doors(
        runs=AirflowRuns(),
        staff=_staff,
        may_read_runs=requires_access_dag("GET", DagAccessEntity.RUN),  # dag_id is in the path
        may_read_dbt_docs=requires_access_dag("GET", DagAccessEntity.RUN, param_dag_id=DOCUMENT_DAG),
    )


async def _staff(request: Request) -> str:
    """Return the name of the user whom Airflow's login vouches for; to change things takes the right to start runs."""
    user = await get_user(request, None, await _bearer(request))
    method = "GET" if request.method in ("GET", "HEAD") else "POST"
    # The caller's rights are in Airflow's database.
    await run_in_threadpool(
        requires_access_dag(method, DagAccessEntity.RUN, param_dag_id=EXTRACT_DAG), request=request, user=user
    )
    return str(user.get_name())


class AirflowRuns:
    """Runs in the database of the Airflow that serves this process."""

    def start(self, run_id: str, conf: Mapping[str, Any], *, who: str) -> None:
        """Start the run, or find that it is there already."""
        try:
            trigger_dag(
                EXTRACT_DAG,
                triggered_by=DagRunTriggeredByType.REST_API,
                triggering_user_name=who,
                run_id=run_id,
                conf=dict(conf),
            )
        except (DagRunAlreadyExists, IntegrityError):
            if self.state(run_id) == "unknown":
                raise
        except (AirflowException, OperationalError) as error:
            raise RunsUnavailableError(f"Airflow did not start {EXTRACT_DAG}: {type(error).__name__}") from error

    def state(self, run_id: str) -> RunState:
        """Return how the run stands."""
        with create_session() as session:
            state = session.scalar(select(DagRun.state).where(DagRun.dag_id == EXTRACT_DAG, DagRun.run_id == run_id))
        return _STATES.get(str(state), "unknown")

    def again(self, run_id: str) -> None:
        """Clear all tasks of a run, which begins it anew."""
        if self.state(run_id) == "unknown":
            raise RunsUnavailableError(f"Airflow has no run {run_id!r} of {EXTRACT_DAG} any more")
        with create_session() as session:
            dag = DBDagBag().get_latest_version_of_dag(EXTRACT_DAG, session=session)
            dag.clear(run_id=run_id, session=session)

    def stop(self, run_id: str) -> None:
        """Mark a run that has not ended as failed: Airflow then kills its tasks."""
        from airflow.api.common.mark_tasks import set_dag_run_state_to_failed

        if self.state(run_id) not in ("queued", "running"):
            return
        with create_session() as session:
            dag = DBDagBag().get_latest_version_of_dag(EXTRACT_DAG, session=session)
            set_dag_run_state_to_failed(dag=dag, run_id=run_id, commit=True, session=session)
