"""# document_models

Writes dbt's documentation of both targets anew: models, columns, tests, owners, lineage, and what the catalogs hold of
them. It is under **dbt docs** in the menu *Browse*.

**Starts** when a new version of the warehouse is published (asset `published_warehouse`), or by hand.

**Reads** the project's manifest, Glue's catalog and Redshift's; no row of any table. **Writes**
`dbt-docs/<target>/index.html` in the ops bucket.

**If it fails**, the last pages stay, and nothing else hangs on them: dbt's message is in the task's log; clear it once
the cause is mended. Example conf: none is needed, `{}`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task
from landfall.assets import published_warehouse
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag


@dag(
    schedule=[published_warehouse],
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    # Whatever brings data goes first wherever slots are short.
    default_args=DEFAULT_ARGS | {"priority_weight": 1, "weight_rule": "absolute"},
    doc_md=__doc__,
    tags=[Tag.TRANSFORM, Tag.ATHENA, Tag.REDSHIFT],
)
def document_models() -> None:
    # One after the other: two dbt side by side would only take the cores from whatever loads or extracts.
    @task(max_active_tis_per_dagrun=1)
    def document(target: Any) -> str:
        """Write the page of one target."""
        from landfall.transform.documentation import document

        return document(target)

    document.expand(target=["lake", "warehouse"])


document_models()
