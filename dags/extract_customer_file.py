"""
### Extract a customer's file

Cuts one product (such as `orders`) for one customer out of the published data and makes it downloadable.

**Inputs.** The form below, or `conf` by the REST API: `customer_id`, `product`, `format` (`csv` and `jsonl` are written
by Redshift, `parquet` by Athena, `xlsx` is made of what Redshift wrote), filters such as a date range, `to_date` not
included, and how files are
written. What does not fit is refused and leaves nothing.

**Outputs.** `s3://<extracts>/<customer_id>/<extract_id>/manifest.json` and the files it names; `extract_id` is the run
id. The manifest is written last: without it no file can be reached. Links that live for minutes come from
`GET /landfall/v1/extracts/<extract_id>`; `landfall verify <manifest> --key <public key>` checks what was
downloaded, and that it was made here: the manifest is signed.

**How many at once** is in `contracts/limits.yaml`: so many of a customer run, more wait in `admit_request` without a
worker (*deferred*), and more still are refused. An engine that takes longer than seconds is waited for in that way too.

**When it fails.** `admit_request`: the message names the field and what would be right; start a new run with it, or
publish first if nothing is published yet. `unload_extract`: the engine's own message is in the log; clear the task,
a new attempt gets a prefix of its own. If Redshift says there that `extract_walls.<table>` does not exist, clear
`publish_lake` of the run that published this version: it makes the views through which extracts read.
`publish_extract`: the files are not what was asked for and stay unreachable; read the Data Docs of the run, then clear
from `unload_extract`. If the message begins with `destination:`, the customer's own key or bucket refuses, and it says
what the customer must mend; then clear the run. A run that has its manifest may be cleared: nothing changes.

**Example conf.**

    {"customer_id": "cus_000042", "product": "orders", "format": "csv", "from_date": "2026-11-01", "to_date": null}
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task
from airflow.sdk.exceptions import AirflowFailException
from landfall.assets import extract_files
from landfall.contracts.extract_product import load_products
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag, notify_failure
from landfall.errors import ExtractEndedError, RequestError
from landfall.extract.door.form import form_schema
from landfall.extract.run.failure_callback import record_failure
from landfall.extract.run.operators import AdmitRequest, UnloadExtract


def form() -> dict[str, Param]:
    """Return the fields of the form; one without a default must be filled in."""
    return {name: Param(**schema) for name, schema in form_schema(load_products()).items()}


@dag(
    schedule=None,
    start_date=START_DATE,
    catchup=False,
    # Runs that wait for their turn are among them, and hold no worker.
    max_active_runs=200,
    default_args={
        **DEFAULT_ARGS,
        "retry_delay": timedelta(seconds=5),
        # What was begun is finished first: a customer's hundred requests must not come before another's last step.
        "weight_rule": "upstream",
        "on_failure_callback": [notify_failure, record_failure],
    },
    params=form(),
    tags=[Tag.EXTRACT, Tag.ON_DEMAND, Tag.ATHENA, Tag.REDSHIFT],
    doc_md=__doc__,
)
def extract_customer_file() -> None:
    admit_request = AdmitRequest(task_id="admit_request")
    unload_extract = UnloadExtract(task_id="unload_extract", admission=admit_request.output)

    @task(outlets=[extract_files])
    def publish_extract(unloaded: dict[str, Any], ti: Any = None, outlet_events: Any = None) -> dict[str, Any]:
        """Check the files, then write the manifest that makes them exist."""
        from landfall.extract.engines.unload import Unloaded
        from landfall.extract.run import course
        from landfall.extract.run.publish import publish_extract as publish
        from landfall.settings import Settings

        settings, attempt = Settings.from_environment(), Unloaded.from_json(unloaded)
        try:
            with ExitStack() as afterwards:  # Data Docs, when the customer has the extract
                course.enter_step(attempt.admission, course.CHECKING, settings=settings)
                published = publish(
                    attempt, settings=settings, dag_id=ti.dag_id, run_id=ti.run_id, afterwards=afterwards
                )
                course.finish(attempt.admission, published, settings=settings)
        except (RequestError, ExtractEndedError) as error:
            raise AirflowFailException(str(error)) from error
        outcome = {
            "manifest": published.manifest_uri,
            "rows": published.rows,
            "files": published.files,
            "bytes": published.bytes,
        }
        outlet_events[extract_files].extra = {**outcome, "cause": ti.run_id}
        return outcome

    publish_extract(unload_extract.output)


extract_customer_file()
