"""The two kinds of task below `dbt`: the one that runs dbt, and a model's, which follows it without a process."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.triggers.base import StartTriggerArgs

from landfall.errors import TransformError
from landfall.transform.links import DbtRunsLink
from landfall.transform.models import Model, models_of
from landfall.transform.outcomes import Status, status_of

if TYPE_CHECKING:
    from airflow.sdk import Context

logger = logging.getLogger(__name__)

TRIGGER = "landfall.transform.trigger.ModelTrigger"


class DbtBuild(BaseOperator):  # type: ignore[misc]  # mypy does not follow Airflow's imports
    """Build and test all models of `target` in one `dbt build`, and tell each model's task what became of it.

    A model that fails does not fail this task: its own is red. `environment` is added to dbt's; templated.
    """

    template_fields: Sequence[str] = ("environment",)
    operator_extra_links = (DbtRunsLink(),)
    ui_color = "#ffe3d9"

    def __init__(self, *, target: str, environment: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = target
        self.environment = dict(environment)

    def execute(self, context: Context) -> None:
        """Run dbt; TransformError when it broke off, or something failed that is no model's."""
        from landfall.transform import invocation
        from landfall.transform.artifacts import kept_folder
        from landfall.transform.reporter import Reporter

        instance = context["ti"]
        reporter = Reporter(models_of(self.target), attempt=str(instance.id), push=instance.xcom_push)
        reporter.begin()
        with kept_folder(context) as folder:
            results = invocation.build(
                target=self.target,
                folder=folder,
                environment=self.environment,
                on_event=reporter.on_event,
            )
        strays = reporter.finish(results)
        if strays:
            raise TransformError("dbt failed outside of the models: " + "; ".join(strays))
        logger.info("dbt has ended: %s", _counted(results))


class DbtModel(BaseOperator):  # type: ignore[misc]  # mypy does not follow Airflow's imports
    """Follow one model through the run's `dbt build`, or build it alone when it is tried again.

    The task waits in the triggerer from the beginning of the run, without a worker (`start_from_trigger`), so its
    trigger rule is `always` and the trigger itself looks at what stands before it. Its log has dbt's lines of the model
    and of its tests.
    """

    template_fields: Sequence[str] = ("environment",)
    operator_extra_links = (DbtRunsLink(),)
    start_from_trigger = True
    ui_color = "#d9ecff"

    def __init__(
        self,
        *,
        target: str,
        model: Model,
        build_task_id: str,
        upstream_tasks: Sequence[str],
        environment: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(trigger_rule="always", **kwargs)
        self.target = target
        self.selectors = list(model.selectors)
        self.environment = dict(environment)
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=TRIGGER,
            trigger_kwargs={
                "model": model.unique_id,
                "build_task_id": build_task_id,
                "upstream_tasks": list(upstream_tasks),
            },
            next_method="build_alone",
        )

    def execute(self, context: Context) -> None:
        """Build the model alone: where no triggerer started the task, nothing has built it."""
        self.build_alone(context)

    def build_alone(self, context: Context, event: Any = None) -> None:
        """Run `dbt build` of the model and its tests; TransformError when one of them fails."""
        from landfall.transform import invocation
        from landfall.transform.artifacts import kept_folder

        with kept_folder(context) as folder:
            results = invocation.build(
                target=self.target, folder=folder, environment=self.environment, selectors=self.selectors
            )
        if status_of(str(result.status) for result in results) != Status.BUILT or not results:
            raise TransformError(f"{self.task_id} was not built: {_counted(results)}; dbt's message is above")


def _counted(results: Iterable[Any]) -> str:
    counts: dict[str, int] = {}
    for result in results:
        counts[str(result.status)] = counts.get(str(result.status), 0) + 1
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "nothing was selected"
