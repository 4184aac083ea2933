"""What Airflow asks of a deployment while it makes a task: its cluster policies, which it finds beside plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance

__all__ = ["task_instance_mutation_hook"]


def task_instance_mutation_hook(task_instance: TaskInstance, dag_run: DagRun | None = None) -> None:
    """Give an extract its place among the extracts that wait for a worker; other tasks keep what their DAG says."""
    from landfall.extract.run.line import EXTRACT_DAG, weight

    if task_instance.dag_id == EXTRACT_DAG and dag_run is not None:
        task_instance.priority_weight = weight(dag_run)
