"""# replay_source_errors

Shows the records of a stream that Firehose could not process, and puts them into landing, each once.

**Starts** by hand. A dry run, the default, ends with what `show_source_errors` returns: for each error output type and
error code its cause (`transformation`, `conversion`, `partitioning`, `delivery`, `unknown`), Firehose's message, the
number of records, how many of them are in landing already, and when they arrived. Otherwise `land_source_errors` writes
the records of the chosen `codes` to landing; the next run of `ingest_<stream>` loads them like any others.

**Reads** `s3://<landing>/landing-errors/<stream>/<type>/dt=YYYY-MM-DD/`. **Writes**
`s3://<landing>/<stream>/dt=YYYY-MM-DD/hr=00/replayed-<hash>.gz`, of the error object's day, and the ledger. The key
follows from the error object and code: run twice, or killed anywhere, there is one object, and it is loaded once.

**When it fails**, clear the task. `not_understood` counts the lines of an error object that are no record of
Firehose's: they are left where they are. Mend what made Firehose fail before you land its records; landing takes what
was sent to Firehose, not what a transformation would have made of it.

**Example conf.**

    {"stream": "orders", "from_date": "2026-11-20", "to_date": "2026-11-21", "codes": ["Lambda.FunctionError"],
     "dry_run": false}
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag
from landfall.errors import RequestError
from landfall.ingest.replay_form import source_errors_form


@dag(
    schedule=None,
    start_date=START_DATE,
    catchup=False,
    max_active_runs=4,
    default_args=DEFAULT_ARGS,
    params=source_errors_form(),
    tags=[Tag.INGEST, Tag.MAINTAIN, Tag.ON_DEMAND],
    doc_md=__doc__,
)
def replay_source_errors() -> None:
    @task
    def show_source_errors(params: dict[str, Any]) -> dict[str, Any]:
        """Read and classify what is there; nothing is written."""
        from landfall.ingest import replay_tasks

        try:
            return replay_tasks.show_source_errors(params)
        except RequestError as error:
            raise AirflowFailException(str(error)) from error

    @task.short_circuit
    def is_to_be_landed(shown: dict[str, Any], params: dict[str, Any]) -> bool:
        """End here after a dry run, or if there is nothing."""
        return bool(shown["records"]) and not params["dry_run"]

    @task
    def land_source_errors(params: dict[str, Any]) -> dict[str, Any]:
        """Write the records to landing and enter the objects into the ledger."""
        from landfall.ingest import replay_tasks

        return replay_tasks.replay_source_errors(params, run_id=get_current_context()["run_id"])

    is_to_be_landed(show_source_errors()) >> land_source_errors()


replay_source_errors()
