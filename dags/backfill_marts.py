"""# backfill_marts

Builds the lake's marts and extracts of a range of days anew from raw, one day after the other, then audits and
publishes the whole: after a mended model, a corrected contract, or a replay of old records.

**Starts** by hand, or by `airflow dags trigger backfill_marts --conf ...`.

**Says how far it is** on the run's page under *Progress* (days done, time left, what became of the publication), in
each task's log (`12 of 30 tasks are done, about 5 min left`), and in the publication table under group `lake`,
`backfill#<run_id>`. `build_days` is one task a day, named by its day.

**Reads** `raw.*`. **Writes** `intermediate`, `marts`, `extracts`, each day whole; then `transform_lake` tests, audits
and publishes them all at once. Readers see nothing before that. The warehouse is built anew from that version: its
models take in what is new, and would miss rows that changed in old days.

**If it fails**, days that are done stay done, and a task whose process was killed is tried again by itself.

- `RequestError`: the message says which day is wrong.
- `build_days`, `EngineError`: the message names the models. Mend the cause, clear that task with its downstream tasks;
  the other days are not built again.
- `publish_days`: the run of `transform_lake` it links to failed, or a human rejected its candidate: see there.

A night that comes in between publishes the days that are done by then, or fails with *changed during their audit* when
a day is built meanwhile, and readers stay where they were: begin a long backfill after it.

**Example conf.** `{"first_day": "2026-10-01", "last_day": "2026-10-30", "streams": ["orders"]}`
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Param, dag, get_current_context, task
from landfall.contracts.streams import load_stream_contracts
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag
from landfall.publish.causes import publishing_run
from landfall.settings import REPOSITORY

STREAMS = [contract.stream for contract in load_stream_contracts(REPOSITORY / "contracts" / "streams")]


@dag(
    schedule=None,
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=[Tag.TRANSFORM, Tag.PUBLISH, Tag.ATHENA, Tag.ON_DEMAND],
    params={
        "first_day": Param(type="string", format="date", title="First day", description="Built anew, UTC."),
        "last_day": Param(type="string", format="date", title="Last day", description="Built anew too, UTC."),
        "streams": Param(
            [],
            type="array",
            items={"type": "string", "enum": STREAMS},
            examples=STREAMS,  # a list to pick from in the form
            title="Streams",
            description="Only what follows from these; none for all marts.",
        ),
        "days_per_task": Param(
            1, type="integer", minimum=1, maximum=31, title="Days a task", description="More are faster, and coarser."
        ),
    },
)
def backfill_marts() -> None:
    @task(retries=0)
    def plan_days(params: dict[str, Any]) -> list[dict[str, Any]]:
        """Divide the range into tasks."""
        from landfall.night import backfill

        return backfill.begin(params, run_id=get_current_context()["run_id"])

    @task(
        # One after the other: an Iceberg table takes one commit at a time, and a day's merge would lose to another's.
        max_active_tis_per_dagrun=1,
        map_index_template="{{ days }}",
        execution_timeout=timedelta(hours=3),
    )
    def build_days(chunk: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
        """Build the days of one task anew."""
        from landfall.night import backfill
        from landfall.night.progress import Chunk
        from landfall.transform.artifacts import kept_folder

        context = get_current_context()
        days = Chunk(**chunk)
        context["days"] = f"{days.in_words} ({days.number} of {days.of})"
        with kept_folder(context) as folder:
            return backfill.build(days, streams=params["streams"], run_id=context["run_id"], folder=folder)

    publish_days = TriggerDagRunOperator(
        task_id="publish_days",
        trigger_dag_id="transform_lake",
        trigger_run_id=publishing_run("{{ run_id }}"),
        logical_date=None,
        reset_dag_run=True,
        wait_for_completion=True,
        deferrable=True,
        poke_interval=5,
    )
    build_days.expand(chunk=plan_days()) >> publish_days


backfill_marts()
