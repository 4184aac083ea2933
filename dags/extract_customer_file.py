"""
### Extract a customer's file

Cuts one product (such as `orders`) for one customer out of the published data and makes it downloadable.

**Inputs.** The form below, or `conf` by the REST API: `customer_id`, `product`, `format` (`csv` and `jsonl` are written
by Redshift, `parquet` by Athena), filters such as a date range, `to_date` not included, and how files are
written. What does not fit is refused and leaves nothing.

**Outputs.** `s3://<extracts>/<customer_id>/<extract_id>/manifest.json` and the files it names; `extract_id` is the run
id. The manifest is written last: without it no file can be reached. Links that live for minutes come from
`GET /landfall/v1/extracts/<extract_id>`; `landfall verify <manifest> --key <public key>` checks what was
downloaded, and that it was made here: the manifest is signed.

**When it fails.** `admit_request`: the message names the field and what would be right; start a new run with it, or
publish first if nothing is published yet. `unload_extract`: the engine's own message is in the log; clear the task,
a new attempt gets a prefix of its own. `publish_extract`: the files are not what was asked for and stay unreachable;
read the Data Docs of the run, then clear from `unload_extract`. A run that has its manifest may be cleared: nothing
changes.

**Example conf.**

    {"customer_id": "cus_000042", "product": "orders", "format": "csv", "from_date": "2026-11-01", "to_date": null}
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task
from airflow.sdk.exceptions import AirflowFailException
from landfall.assets import extract_files
from landfall.contracts.extract_product import load_products
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag, notify_failure
from landfall.errors import ExtractEndedError, RequestError
from landfall.extract.failure_callback import record_failure
from landfall.extract.form import form_schema


def form() -> dict[str, Param]:
    """Return the fields of the form; one without a default must be filled in."""
    return {name: Param(**schema) for name, schema in form_schema(load_products()).items()}


@dag(
    schedule=None,
    start_date=START_DATE,
    catchup=False,
    max_active_runs=16,
    default_args={
        **DEFAULT_ARGS,
        "retry_delay": timedelta(seconds=5),
        "on_failure_callback": [notify_failure, record_failure],
    },
    params=form(),
    tags=[Tag.EXTRACT, Tag.ON_DEMAND, Tag.ATHENA, Tag.REDSHIFT],
    doc_md=__doc__,
)
def extract_customer_file() -> None:
    @task
    def admit_request(params: dict[str, Any], run_id: str, dag_run: Any = None) -> dict[str, Any]:
        """Check the request again, whatever door it came through, and pin it to the published version."""
        from landfall.extract.admission import admit
        from landfall.settings import Settings

        try:
            who = f"staff:{dag_run.triggering_user_name or 'unknown'}"
            return admit(dict(params), run_id=run_id, settings=Settings.from_environment(), requested_by=who).to_json()
        except (RequestError, ExtractEndedError) as error:
            raise AirflowFailException(str(error)) from error

    @task
    def unload_extract(admission: dict[str, Any], ti: Any = None) -> dict[str, Any]:
        """Let the engine write the files to a prefix of this attempt."""
        from landfall.extract import course
        from landfall.extract.admission import Admission
        from landfall.extract.unload import unload
        from landfall.settings import Settings

        settings, admitted = Settings.from_environment(), Admission.from_json(admission)
        try:
            course.enter_step(admitted, course.WRITING, settings=settings)
            with course.undone_when_killed(ti.task, admitted, attempt=ti.try_number, settings=settings):
                return unload(admitted, attempt=ti.try_number, settings=settings).to_json()
        except (RequestError, ExtractEndedError) as error:
            raise AirflowFailException(str(error)) from error

    @task(outlets=[extract_files])
    def publish_extract(unloaded: dict[str, Any], ti: Any = None, outlet_events: Any = None) -> dict[str, Any]:
        """Check the files, then write the manifest that makes them exist."""
        from landfall.extract import course
        from landfall.extract.publish import publish_extract as publish
        from landfall.extract.unload import Unloaded
        from landfall.settings import Settings

        settings, attempt = Settings.from_environment(), Unloaded.from_json(unloaded)
        try:
            course.enter_step(attempt.admission, course.CHECKING, settings=settings)
            published = publish(attempt, settings=settings, dag_id=ti.dag_id, run_id=ti.run_id)
            course.finish(attempt.admission, published, settings=settings)
        except ExtractEndedError as error:
            raise AirflowFailException(str(error)) from error
        outcome = {
            "manifest": published.manifest_uri,
            "rows": published.rows,
            "files": published.files,
            "bytes": published.bytes,
        }
        outlet_events[extract_files].extra = {**outcome, "cause": ti.run_id}
        return outcome

    publish_extract(unload_extract(admit_request()))


extract_customer_file()
