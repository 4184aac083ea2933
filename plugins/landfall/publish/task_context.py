"""What the steps need to know of the Airflow run they are in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from landfall.publish.causes import causes_of


def causes(context: Mapping[str, Any]) -> list[str]:
    """Return the run ids that set this run off: those its triggering asset events carry, or its own by hand."""
    events = context.get("triggering_asset_events") or {}
    return causes_of((event.extra for found in events.values() for event in found), run_id=context["run_id"])


def failed_tasks(context: Mapping[str, Any]) -> list[str]:
    """Return the ids of this run's tasks that have failed so far, sorted."""
    run_id = context["run_id"]
    task_instance = context["ti"]
    states = task_instance.get_task_states(dag_id=task_instance.dag_id, run_ids=[run_id]).get(run_id, {})
    return sorted(task_id for task_id, state in states.items() if state == "failed")
