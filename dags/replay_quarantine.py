"""# replay_quarantine

Loads quarantined records that are good after all, each exactly once: under the contract in force, which may let through
by now what it refused, or with a correction of `contracts/corrections/<name>.yaml` (rename, default, map values, drop,
cast). A record keeps the identity it landed with, so each landed object's sum still holds.

**Starts** by hand. A dry run, the default, ends with the counts `preview_replay` returns: what would be loaded, what
is a duplicate or a conflict, what would still be broken and why. Otherwise `replay_records` does the same for good; for
more records than `approval_above` somebody must first approve under *Required Actions*, within a day.

**Reads and writes** `quarantine.<stream>`, where the columns `replay_...` say what became of each record, when and by
which run; `raw.<stream>`; the asset `raw_<stream>`.

**When it fails**, nothing is loaded twice by clearing it or starting it again, with another correction too.

- `RequestError`, `ContractError`: the message names the field or the file's place, and what would be right.
- `ReplayRunningError`: another replay of the stream is under way, or died; the message says when to try again.
- `EngineError`, `ConservationError`: clear the task. `LeaseLostError`: another run took over; nothing is to be done.
- `GateFailed`: rows that were loaded break the raw suite. Open the Data Docs named in the log.

**Example conf.**

    {"stream": "orders", "from_date": "2026-11-20", "to_date": "2026-11-21", "reasons": ["missing_field"],
     "correction": "shop_release_42", "dry_run": false}
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import AssetAlias, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException
from landfall.assets import raw_stream
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag
from landfall.errors import ContractError, RequestError
from landfall.ingest.replay_form import replay_form

replayed_raw = AssetAlias("replayed_raw")


@dag(
    schedule=None,
    start_date=START_DATE,
    catchup=False,
    max_active_runs=4,
    default_args=DEFAULT_ARGS,
    params=replay_form(),
    tags=[Tag.INGEST, Tag.MAINTAIN, Tag.ATHENA, Tag.ON_DEMAND],
    doc_md=__doc__,
)
def replay_quarantine() -> None:
    @task
    def admit_replay(params: dict[str, Any]) -> dict[str, Any]:
        """Check the form, whatever door it came through, and pin the contract's version and the correction."""
        from landfall.ingest import replay_tasks

        try:
            return replay_tasks.admit_replay(params)
        except (RequestError, ContractError) as error:
            raise AirflowFailException(str(error)) from error

    @task
    def preview_replay(request: dict[str, Any]) -> dict[str, Any]:
        """Count what would become of the records; nothing is written."""
        from landfall.ingest import replay_tasks

        return replay_tasks.preview_replay(request)

    @task.branch
    def choose_way(preview: dict[str, Any], params: dict[str, Any]) -> str | None:
        """End here, ask first, or replay."""
        if params["dry_run"] or not preview["records"]:
            return None
        return "approve_replay" if preview["records"] > params["approval_above"] else "replay_records"

    approve_replay = ApprovalOperator(
        task_id="approve_replay",
        subject="Replay {{ ti.xcom_pull('preview_replay')['records'] }} records of {{ params.stream }}?",
        body="```json\n{{ ti.xcom_pull('preview_replay') | tojson(indent=2) }}\n```",
        response_timeout=timedelta(days=1),
        execution_timeout=None,
        retries=0,
    )

    @task(outlets=[replayed_raw], trigger_rule="none_failed_min_one_success")
    def replay_records(request: dict[str, Any], preview: dict[str, Any]) -> dict[str, Any]:
        """Load what is good now and mark every record with what became of it."""
        from landfall.ingest import replay_tasks

        context = get_current_context()
        report = replay_tasks.replay_records(request, most_records=preview["records"], run_id=context["run_id"])
        context["outlet_events"][replayed_raw].add(raw_stream(request["stream"]), extra=report)
        return report

    @task
    def audit_raw(report: dict[str, Any]) -> dict[str, Any]:
        """Hold the rows that were loaded against the raw suite, with what else no audit has seen yet."""
        from landfall.ingest import tasks

        context = get_current_context()
        return tasks.audit_raw(stream=report["stream"], dag_id=context["dag"].dag_id, run_id=context["run_id"])

    request = admit_replay()
    preview = preview_replay(request)
    replayed = replay_records(request, preview)
    choose_way(preview) >> [approve_replay, replayed]
    approve_replay >> replayed
    audit_raw(replayed)


replay_quarantine()
