"""# nightly_batch

The night's whole way: drain every stream, transform and publish the lake, then the warehouse, start the upkeep, and
report.

**Starts** at 02:00 UTC, or by hand. It only conducts: the work is done by `ingest_<stream>`, `transform_lake`,
`transform_warehouse` and `maintain_lake`, whose runs carry this run's id.

**Ends** green only if both groups were published. The report (rows, what was left, versions, gates, time, cost) is in
the log of `report`, goes to the notification topic and to Slack, and is kept: `nights/reports/<run_id>/` in the ops
bucket, `ops.night_measures` as a table. A night that has not ended after `LANDFALL_NIGHT_DEADLINE_MINUTES` (240) is
told of as late.

**If it fails**, look at the red task; what `report` sent names it too:
- `ingest_<stream>`: open the run it links to; clear it here, with its downstream tasks, once that is mended.
- `await_lake`, `await_warehouse`: the message names the tasks that failed in the transform. After mending, clear
  `drained` with its downstream tasks here; or clear the failed tasks in the transform's run and the wait here.
- A wait that says a gate is *held* is not late: answer where its notification says, within 12 hours.

Running it again, clearing it, or a crash in the middle is safe: loaded objects are not loaded twice, an unchanged lake
keeps its version, and tasks that had ended are not run again. Example conf: none is needed, `{}`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import AsyncCallback, CronTriggerTimetable, DeadlineAlert, DeadlineReference, dag, task
from landfall.assets import raw_drained, raw_stream
from landfall.contracts.streams import load_stream_contracts
from landfall.dag_defaults import DEFAULT_ARGS, Tag
from landfall.night.lateness import deadline, tell_late
from landfall.night.waiting import AwaitPublication
from landfall.settings import REPOSITORY

NIGHT_RUN = "nightly__{}"
STREAMS = [contract.stream for contract in load_stream_contracts(REPOSITORY / "contracts" / "streams")]


def start_run(dag_id: str, **options: Any) -> TriggerDagRunOperator:
    """Return the task that starts `dag_id` under the same id for the same night: clearing it adds no second run."""
    run_id = NIGHT_RUN.format("{{ run_id }}")
    return TriggerDagRunOperator(
        task_id=dag_id, trigger_dag_id=dag_id, trigger_run_id=run_id, logical_date=None, reset_dag_run=True, **options
    )


@dag(
    # No start date and no grace: a new deployment waits for the coming night. `False` would still run the last night's
    # batch at once within a tenth of a day after 02:00.
    schedule=CronTriggerTimetable("0 2 * * *", timezone="UTC", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=[Tag.INGEST, Tag.TRANSFORM, Tag.PUBLISH, Tag.SCHEDULED],
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=deadline(), callback=AsyncCallback(tell_late)
    ),
)
def nightly_batch() -> None:
    ingests = [
        start_run(f"ingest_{stream}", wait_for_completion=True, deferrable=True, poke_interval=2) for stream in STREAMS
    ]

    @task(outlets=[raw_drained])
    def drained(**context: Any) -> dict[str, Any]:
        from landfall.night.steps import end_drain

        found = end_drain(STREAMS, run_id=context["run_id"], began_at=context["dag_run"].start_date)
        context["outlet_events"][raw_drained].extra = {"causes": [context["run_id"]]}
        return found

    # What the night published does not hang on its upkeep, nor does the upkeep on what it published.
    upkeep = start_run("maintain_lake", trigger_rule="all_done")

    @task(trigger_rule="all_done", inlets=[raw_drained, *map(raw_stream, STREAMS)])
    def report(**context: Any) -> dict[str, Any]:
        from landfall.night.steps import report_run

        return report_run(context, streams=STREAMS, load_run_id=NIGHT_RUN.format(context["run_id"]))

    lake = AwaitPublication(task_id="await_lake", group="lake")
    warehouse = AwaitPublication(task_id="await_warehouse", group="warehouse")
    ingests >> drained() >> lake >> warehouse >> upkeep >> report()
    # The run is as green as this leaf: `report` ends well whatever it reports.
    warehouse >> EmptyOperator(task_id="published")


nightly_batch()
