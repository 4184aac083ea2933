"""The Airflow task that a step runs in, by the ids that Airflow's OpenLineage provider gives its own events.

The provider's helpers are not called: to import them takes a task most of a second. A test holds both together.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from openlineage.client.uuid import generate_static_uuid

from landfall.lineage.steps import Parent


def namespace() -> str:
    """Return the namespace of jobs: `[openlineage] namespace`, else OPENLINEAGE_NAMESPACE, else `default`."""
    return os.environ.get("AIRFLOW__OPENLINEAGE__NAMESPACE") or os.environ.get("OPENLINEAGE_NAMESPACE") or "default"


def current_parent() -> Parent | None:
    """Return the task that is running here, None outside Airflow."""
    from airflow.sdk import get_current_context

    try:
        context: Mapping[str, Any] = get_current_context()
    except RuntimeError:
        return None
    return parent_of(context)


def parent_of(context: Mapping[str, Any]) -> Parent:
    """Return the task of an Airflow context."""
    task, run = context["ti"], context["dag_run"]
    at = run.logical_date or run.run_after
    spot = f"{namespace()}.{task.dag_id}"
    return Parent(
        dag_id=task.dag_id,
        task_id=task.task_id,
        task_run_id=str(
            generate_static_uuid(instant=at, data=f"{spot}.{task.task_id}.{task.try_number}.{task.map_index}".encode())
        ),
        dag_run_id=str(generate_static_uuid(instant=at, data=f"{spot}.{run.clear_number or 0}".encode())),
    )
