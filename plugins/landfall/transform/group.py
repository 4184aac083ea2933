"""dbt's models as a group of Airflow tasks: one that runs dbt, and one for every model, wired as dbt's lineage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import TaskGroup

from landfall.transform.models import Target, models_of
from landfall.transform.operators import DbtBuild, DbtModel

GROUP: Final = "dbt"
BUILD_TASK: Final = "dbt_build"
BUILT_TASK: Final = "built"

LONGEST_WAIT: Final = timedelta(hours=6)
"""How long a model's task waits for dbt: longer than all tries of what stands before it and of dbt itself."""

_RETRIES: Final[dict[str, Any]] = {
    # A model that failed for good is to show red in a minute, not after the pipeline's patient retries.
    "retries": 1,
    "retry_delay": timedelta(seconds=5),
    "retry_exponential_backoff": False,
}


def dbt_models(*, target: Target, environment: Mapping[str, str] | None = None) -> TaskGroup:
    """Return the task group `dbt` that builds and tests the models of `target`.

    One task runs a single `dbt build`; the others follow their model's part of it, turn red with it, and run their
    model alone when they are tried again. `environment` is added to that of dbt; its values may be templates.
    Raises SettingsError without a manifest of the target.
    """
    added = environment or {}
    with TaskGroup(group_id=GROUP, tooltip=f"dbt build --target {target}") as group:
        build = DbtBuild(task_id=BUILD_TASK, target=target, environment=added, **_RETRIES)
        tasks: dict[str, DbtModel] = {}
        for model in models_of(target):
            tasks[model.name] = DbtModel(
                task_id=model.name,
                target=target,
                model=model,
                build_task_id=build.task_id,
                upstream_tasks=[tasks[name].task_id for name in model.upstream],
                environment=added,
                execution_timeout=LONGEST_WAIT,
                **_RETRIES,
            )
            build >> tasks[model.name]
            for name in model.upstream:
                tasks[name] >> tasks[model.name]
        # What comes after the group sees any failure in it at once, although what was not built is merely skipped.
        [build, *tasks.values()] >> EmptyOperator(task_id=BUILT_TASK)
    return group
