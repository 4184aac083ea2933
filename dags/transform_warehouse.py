"""# transform_warehouse

Builds the warehouse's models on Redshift Serverless from one pinned version of the published lake, audits them, and
carries what changed to the schema that readers use.

**Starts** when a new version of the lake is published (asset `published_lake`), or by hand.

**Reads** `published.<dataset>__v<N>` through an external schema. **Writes** schema `warehouse`, the candidates, which
nobody else reads; on success, in one transaction, schema `published_warehouse`, then the publication record of group
`warehouse`, which names the lake version it was built from, and the asset `published_warehouse`.

After a rollback of the lake, every model first forgets the rows it has, in the same transaction, since some may be of
a version that was withdrawn.

**If it fails**, trigger it again once the cause is mended: every model takes up where its own rows end.
- A red model below `dbt`: its log has dbt's message. Clear it with its downstream tasks; only these models are built,
  each alone. `dbt_build` is red only when dbt itself broke off; clear it the same way.
- `audit_warehouse`: the log and the Data Docs link name the broken expectations. Readers stay on the last version. With
  *was last built from lake version*: a model was run alone from another version; trigger the DAG again.
- `approve_held` waits for a human under *Required Actions*, or is red without approval: as in `transform_lake`.
- `publish_warehouse`: readers stay where they were, whatever it says. *Was built again since its audit*, *another
  publication* or *audited against version*: trigger the DAG again.
- `begin_attempt` with *there is none*: no lake version was published yet; run `transform_lake` first.

Example conf: none is needed, `{}`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException
from landfall.assets import published_lake, published_warehouse
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag
from landfall.publish.task_context import causes, failed_tasks
from landfall.quality.approval import HeldGateApproval
from landfall.transform.group import dbt_models


@dag(
    schedule=[published_lake],
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=[Tag.TRANSFORM, Tag.PUBLISH, Tag.REDSHIFT],
)
def transform_warehouse() -> None:
    @task
    def begin_attempt(**context: Any) -> int:
        from landfall.publish import steps

        lake_version = steps.begin("warehouse", causes=causes(context), run_id=context["run_id"])
        context["ti"].xcom_push(key="build_anew", value="yes" if steps.must_build_anew(lake_version) else "")
        context["ti"].xcom_push(key="tested_days", value=steps.tested_days("warehouse"))
        return lake_version

    @task
    def audit_warehouse(lake_version: int, **context: Any) -> dict[str, Any]:
        from landfall.publish import steps

        return steps.audit(
            "warehouse", run_id=context["run_id"], dag_id="transform_warehouse", lake_version=lake_version
        )

    @task(outlets=[published_warehouse])
    def publish_warehouse(audited: dict[str, Any], **context: Any) -> dict[str, Any]:
        from landfall.publish import steps

        published = steps.publish(audited, causes=causes(context), run_id=context["run_id"])
        context["outlet_events"][published_warehouse].extra = published
        return published

    @task(trigger_rule="one_failed", retries=0)
    def record_failure(**context: Any) -> None:
        from landfall.publish import steps

        detail = steps.record_failure(
            "warehouse", causes=causes(context), run_id=context["run_id"], failed_tasks=failed_tasks(context)
        )
        # The last task of a run decides its color: recorded well, the failure would look like a success.
        raise AirflowFailException(detail)

    begun = begin_attempt()
    models = dbt_models(
        target="warehouse",
        environment={
            "LANDFALL_LAKE_VERSION": "{{ ti.xcom_pull(task_ids='begin_attempt') }}",
            "LANDFALL_BUILD_ANEW": "{{ ti.xcom_pull(task_ids='begin_attempt', key='build_anew') }}",
            "LANDFALL_TESTED_DAYS": "{{ ti.xcom_pull(task_ids='begin_attempt', key='tested_days') or '' }}",
        },
    )
    audited = audit_warehouse(begun)
    approved = HeldGateApproval(task_id="approve_held", gate="warehouse_candidate", audited=audited)
    published = publish_warehouse(audited)
    begun >> models >> audited
    approved >> published
    [begun, models, audited, approved, published] >> record_failure()


transform_warehouse()
