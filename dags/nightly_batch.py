"""# nightly_batch

The night's whole way: drain every stream, transform and publish the lake, then the warehouse, and report.

**Starts** at 02:00 UTC, or by hand. It only conducts: the work is done by `ingest_<stream>`, `transform_lake` and
`transform_warehouse`, whose runs carry this run's id.

**Ends** green only if both groups were published; the report (rows by stream and table, versions, gates) is in the log
of `report` and goes to the notification topic.

**If it fails**, look at the red task:
- `ingest_<stream>`: open the run it links to; clear it here once that is mended.
- `await_lake`, `await_warehouse`: the message names the tasks that failed in the transform. After mending, clear
  `drained` with its downstream tasks here.

Running it again, or clearing it, is safe: loaded objects are not loaded twice, and an unchanged lake keeps its version.
Example conf: none is needed, `{}`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import CronTriggerTimetable, PokeReturnValue, dag, task
from airflow.sdk.exceptions import AirflowFailException
from landfall.assets import raw_drained
from landfall.contracts.streams import load_stream_contracts
from landfall.dag_defaults import DEFAULT_ARGS, Tag
from landfall.settings import REPOSITORY

LOAD_RUN = "nightly__{}"
LOAD_TASK = "load_objects"
LONGEST_TRANSFORM = timedelta(hours=3)
STREAMS = [contract.stream for contract in load_stream_contracts(REPOSITORY / "contracts" / "streams")]


def _is_published(group: str, *, cause: str) -> bool:
    """Tell whether a publication is there; a failed one fails the task at once: a retry would not mend it."""
    from landfall.errors import PublicationError
    from landfall.publish import steps

    try:
        return steps.published(group, cause=cause)
    except PublicationError as error:
        raise AirflowFailException(str(error)) from error


@dag(
    # No start date and no grace: a new deployment waits for the coming night. `False` would still run the last night's
    # batch at once within a tenth of a day after 02:00.
    schedule=CronTriggerTimetable("0 2 * * *", timezone="UTC", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=[Tag.INGEST, Tag.TRANSFORM, Tag.PUBLISH, Tag.SCHEDULED],
)
def nightly_batch() -> None:
    ingests = [
        TriggerDagRunOperator(
            task_id=f"ingest_{stream}",
            trigger_dag_id=f"ingest_{stream}",
            # The same id for the same night, so that clearing this task runs that load again and adds no second one.
            trigger_run_id=LOAD_RUN.format("{{ run_id }}"),
            logical_date=None,
            reset_dag_run=True,
            wait_for_completion=True,
            deferrable=True,
            poke_interval=2,
        )
        for stream in STREAMS
    ]

    @task(outlets=[raw_drained])
    def drained(**context: Any) -> None:
        from landfall.publish import steps

        steps.expect([context["run_id"]])
        context["outlet_events"][raw_drained].extra = {"causes": [context["run_id"]]}

    # They hold a slot instead of being rescheduled: each look would parse this file anew, and on a busy machine one
    # that is queued again before the executor has reported its last end is failed by the scheduler.
    @task.sensor(mode="poke", poke_interval=5, timeout=LONGEST_TRANSFORM)
    def await_lake(**context: Any) -> PokeReturnValue:
        return PokeReturnValue(is_done=_is_published("lake", cause=context["run_id"]))

    @task.sensor(mode="poke", poke_interval=5, timeout=LONGEST_TRANSFORM)
    def await_warehouse(**context: Any) -> PokeReturnValue:
        return PokeReturnValue(is_done=_is_published("warehouse", cause=context["run_id"]))

    @task
    def report(**context: Any) -> dict[str, Any]:
        from landfall.publish.report import send_report

        run_id = context["run_id"]
        loads = {
            stream: context["ti"].xcom_pull(
                dag_id=f"ingest_{stream}", run_id=LOAD_RUN.format(run_id), task_ids=LOAD_TASK
            )
            for stream in STREAMS
        }
        return send_report(run_id=run_id, loads=loads)

    ingests >> drained() >> await_lake() >> await_warehouse() >> report()


nightly_batch()
