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

**Steps**, of the one task `make_extract`, as its log, the staff's page and the API tell them: the request is admitted,
the engine writes the files, they are checked and certified, and delivered where the customer has a bucket for them.

**How many at once** is in `contracts/limits.yaml`: so many of a customer run, more wait for their turn without a worker
(*deferred*), and more still are refused. An engine that takes longer than seconds is waited for in that way too.

**When it fails.** The task's message says why; clear the task where nothing else is said here: a new attempt gets a
prefix of its own, and a run that has its manifest already only goes on from there.

- A field is named: the request is wrong, or nothing is published yet. Start a new run with what the message asks for.
- An engine is named: its own message is in the log. If Redshift says that `extract_walls.<table>` does not exist, clear
  `publish_lake` of the run that published this version first: it makes the views through which extracts read.
- The files are not what was asked for: they stay unreachable. Read the Data Docs of the run before you clear it.
- `destination:` is said: the customer's own key or bucket refuses, and the message says what the customer must mend.

**Example conf.**

    {"customer_id": "cus_000042", "product": "orders", "format": "csv", "from_date": "2026-11-01", "to_date": null}
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Param, dag
from landfall.assets import extract_files
from landfall.contracts.extract_product import load_products
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag, notify_failure
from landfall.extract.door.form import form_schema
from landfall.extract.run.failure_callback import record_failure
from landfall.extract.run.operators import MakeExtract


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
        "on_failure_callback": [notify_failure, record_failure],
    },
    params=form(),
    tags=[Tag.EXTRACT, Tag.ON_DEMAND, Tag.ATHENA, Tag.REDSHIFT],
    doc_md=__doc__,
)
def extract_customer_file() -> None:
    MakeExtract(task_id="make_extract", outlets=[extract_files])


extract_customer_file()
