"""## Load what landed of one stream into the lake, exactly once

**When it runs.** Seconds after an object landed: the triggerer watches the stream's queue, and a burst of objects
starts a few runs only. Every hour as well, for what was never announced.

**What it does.** `discover_objects` enters every newly landed object into the ledger, from the queue of S3's
announcements and from a listing of the recent days, so that a lost announcement changes nothing. `load_objects` claims
the open objects in batches, reads each as text lines on Athena, checks every record against the stream's contract and
merges it by key: good ones into `raw.<stream>`, the others with their reason into `quarantine.<stream>`. It closes an
object only if its records = loaded + duplicates + quarantined. `audit_raw` holds the rows that no audit has seen yet
against the raw suite; runs that follow landing share one audit a minute.

**Inputs.** Landed objects `<stream>/dt=YYYY-MM-DD/hr=HH/*.gz`, or those of Kafka's S3 sink; the stream's contract.

**Outputs.** Rows of `raw.<stream>` and `quarantine.<stream>`; the ledger's items; the asset `raw_<stream>`, whose event
carries the counts. The counts are also the return value (XCom) and the last log line of `load_objects`.

**When it fails.**

- `EngineError`: Athena's own reason follows. Clear the task; what was loaded is not loaded again.
- `EngineError ... cannot be read`: all other objects are loaded. Put the named ones right, or restore their older
  version, and trigger with `{"retry_failed": true}`.
- `QuarantineLimitError`: more of a batch breaks the contract than its `quarantineLimit` lets pass, and nothing of the
  batch was loaded. Mend the contract, or trigger with `{"accept_quarantine": true}` and replay what goes to quarantine.
- `LeaseLostError`: another run took the objects over and loads them. Nothing is to be done.
- `ConservationError`: an object's records do not add up, and it stays open. Look for its rows by `_source_object` in
  raw and `source_object` in quarantine, then clear the task.
- `ContractError`: a contract changed a column's type. Give the field a new name, or rebuild the table.
- `GateFailed`: rows in raw break the raw suite. Open the Data Docs named in the log. Nothing is published before the
  gate of the marts passes too.

A run that was killed leaves its objects claimed: the same run takes them over when its task is cleared, another run
after half an hour.

**Example conf.** `{"retry_failed": true}`
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, Param, dag, get_current_context, task
from landfall.assets import landed_stream, raw_stream
from landfall.contracts import StreamContract, load_stream_contracts
from landfall.dag_defaults import DEFAULT_ARGS, Tag
from landfall.settings import REPOSITORY


def ingest_stream(contract: StreamContract) -> DAG:
    """Return the DAG `ingest_<stream>` of one contract."""
    stream = contract.stream
    raw = raw_stream(stream)

    @dag(
        dag_id=f"ingest_{stream}",
        description=f"Load landed {stream} into raw.{stream}, exactly once",
        schedule=AssetOrTimeSchedule(
            assets=landed_stream(stream, topic=contract.kafka_topic),
            # Finds what was never announced; a first start does not load the hour that has just begun.
            timetable=CronTriggerTimetable("0 * * * *", timezone="UTC", run_immediately=timedelta(0)),
        ),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=[Tag.INGEST, Tag.ATHENA, Tag.SCHEDULED],
        doc_md=__doc__,
        params={
            "retry_failed": Param(
                False,
                type="boolean",
                title="Retry failed objects",
                description="Also load the objects that an earlier run could not read and closed as failed.",
            ),
            "accept_quarantine": Param(
                False,
                type="boolean",
                title="Accept quarantine",
                description="Also load batches of which more breaks the contract than its quarantineLimit lets pass.",
            ),
        },
    )
    def ingest() -> None:
        @task
        def discover_objects() -> dict[str, int]:
            """Enter newly landed objects into the ledger."""
            from landfall.ingest import tasks

            return tasks.discover_objects(stream=stream, run_id=get_current_context()["run_id"])

        @task(outlets=[raw])
        def load_objects() -> dict[str, Any]:
            """Load every open object and return the counts."""
            from landfall.ingest import tasks

            context = get_current_context()
            chosen = {name: context["params"][name] for name in ("retry_failed", "accept_quarantine")}
            follows = context["dag_run"].run_type == "asset_triggered"
            report = tasks.load_objects(stream=stream, run_id=context["run_id"], follows=follows, **chosen)
            context["outlet_events"][raw].extra = report
            return report

        @task
        def audit_raw() -> dict[str, Any]:
            """Hold the rows that no audit has seen yet against the raw suite."""
            from landfall.ingest import tasks

            context = get_current_context()
            follows = context["dag_run"].run_type == "asset_triggered"
            return tasks.audit_raw(
                stream=stream, dag_id=context["dag"].dag_id, run_id=context["run_id"], follows=follows
            )

        discover_objects() >> load_objects() >> audit_raw()

    return ingest()


for stream_contract in load_stream_contracts(REPOSITORY / "contracts" / "streams"):
    ingest_stream(stream_contract)
