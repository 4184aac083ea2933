"""# transform_lake

Builds the lake's models on Athena, audits the candidate, and publishes it as a new version.

**Starts** when a nightly run has drained every stream (asset `raw_drained`), or by hand at any time.

**Reads** `raw.*`. **Writes** `staging`, `intermediate`, `marts`, `extracts`; on success `published.<dataset>__v<N>`,
the publication record of group `lake` and the asset `published_lake`.

The gate looks at the months in which rows may differ from what was audited before, and at all rows once a week.

**If it fails**, readers stay on the last version: nothing has to be undone.
- A red model below `dbt`: its log has dbt's message. Mend the cause and clear that task with its downstream tasks; only
  these models are built, each alone. `dbt_build` is red only when dbt itself broke off; clear it the same way.
- `audit_marts`: the data is not fit to publish. The log and the Data Docs link name the broken expectations. Mend the
  cause in raw or in the model and trigger the DAG again.
- `approve_held` waits: a check that holds is broken. Under *Required Actions* approve, with a reason and for how many
  hours, or reject. The answer is kept in `ops.gate_overrides`. It is red after a rejection, or 12 hours without answer.
- `publish_lake` with *another publication moved it*: two runs crossed; trigger the DAG again. With *walls between
  customers*: readers have the new version, but extracts that Redshift writes fail until the task is cleared and green.

A run with nothing new keeps the version. Example conf: none is needed, `{}`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException
from landfall.assets import published_lake, raw_drained
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag
from landfall.publish.task_context import causes, failed_tasks
from landfall.quality.approval import HeldGateApproval
from landfall.transform.group import dbt_models


@dag(
    schedule=[raw_drained],
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=[Tag.TRANSFORM, Tag.PUBLISH, Tag.ATHENA],
)
def transform_lake() -> None:
    @task
    def begin_attempt(**context: Any) -> None:
        from landfall.publish import steps

        steps.begin("lake", causes=causes(context), run_id=context["run_id"])
        context["ti"].xcom_push(key="tested_days", value=steps.tested_days("lake"))

    @task
    def audit_marts(**context: Any) -> dict[str, Any]:
        from landfall.publish import steps

        return steps.audit("lake", run_id=context["run_id"], dag_id="transform_lake")

    @task(outlets=[published_lake])
    def publish_lake(audited: dict[str, Any], **context: Any) -> dict[str, Any]:
        from landfall.publish import steps, walls

        published = steps.publish(audited, causes=causes(context), run_id=context["run_id"])
        walls.raise_walls_of_version(published["version"])
        context["outlet_events"][published_lake].extra = published
        return published

    @task(trigger_rule="one_failed", retries=0)
    def record_failure(**context: Any) -> None:
        from landfall.publish import steps

        detail = steps.record_failure(
            "lake", causes=causes(context), run_id=context["run_id"], failed_tasks=failed_tasks(context)
        )
        # The last task of a run decides its color: recorded well, the failure would look like a success.
        raise AirflowFailException(detail)

    begun = begin_attempt()
    models = dbt_models(
        target="lake",
        environment={
            "LANDFALL_TESTED_DAYS": "{{ ti.xcom_pull(task_ids='begin_attempt', key='tested_days') or '' }}",
        },
    )
    audited = audit_marts()
    approved = HeldGateApproval(task_id="approve_held", gate="lake_candidate", audited=audited)
    published = publish_lake(audited)
    begun >> models >> audited
    approved >> published
    [begun, models, audited, approved, published] >> record_failure()


transform_lake()
