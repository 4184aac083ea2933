"""# maintain_lake

Keeps the lake's Iceberg tables small and fast to read, and changes no row. For each table, by its metadata alone:
`OPTIMIZE` of the partitions that have many small files or delete files; `VACUUM` when snapshots are old enough, never
of what a published version reads. Also removes scratch tables of loads that died, and tables that a rebuild replaced.

**Starts** once `nightly_batch` has published or failed to, or by hand; goes one table at a time and gives way: a table
whose stream is being loaded, or whose models are being built, is left to the next night (`yielded_to` in its report); a
commit that is lost is lost by maintenance.

**Reads and writes** the tables of `raw`, `quarantine`, `intermediate`, `marts` and `extracts`, and all of `scratch`.
Each `maintain_table` returns files, bytes and snapshots before and after, what was scanned and what that cost;
`summarize` their sums. With `dry_run` they say what would be done.

**When it fails**, all other tables are maintained, and clearing the task goes on where it was.

- `EngineError`: Athena's own reason follows.
- `MaintenanceError ... not done after 50 rounds`: the table is far behind; clear the task as often as it takes.
- `MaintenanceError ... read snapshots that are not in`: a published version reads files that its table knows no longer.
  Nothing of the table expires until that version is dropped from the catalog.
- `MaintenanceError ... cannot be read any more`: a published version lost its files. Restore them from the bucket's
  backup, or publish anew.

**Example conf.** `{"tables": ["raw.orders"], "small_files": 5, "dry_run": true}`
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, get_current_context, task
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag


@dag(
    schedule=None,
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    # Loads and models go first wherever slots are short.
    default_args=DEFAULT_ARGS | {"priority_weight": 1, "weight_rule": "absolute"},
    tags=[Tag.MAINTAIN, Tag.ATHENA, Tag.ON_DEMAND],
    doc_md=__doc__,
    params={
        "tables": Param(
            None,
            type=["null", "array"],
            items={"type": "string", "pattern": r"^[a-z]+\.[a-z0-9_]+$"},
            description="Tables as database.name; empty for all.",
        ),
        "dry_run": Param(False, type="boolean", description="Say what would be done and do nothing."),
        "small_files": Param(
            20, type="integer", minimum=5, maximum=10_000, description="Compact partitions with so many small files."
        ),
        "small_file_megabytes": Param(
            128, type="integer", minimum=1, maximum=512, description="Files below this, on average, are small."
        ),
        "delete_files": Param(
            2, type="integer", minimum=1, maximum=10_000, description="Compact partitions with so many delete files."
        ),
        "keep_days": Param(
            5, type="integer", minimum=1, maximum=365, description="Snapshots are kept so long, for looking back."
        ),
        "keep_snapshots": Param(
            5, type="integer", minimum=1, maximum=1_000, description="The newest are kept whatever their age."
        ),
    },
)
def maintain_lake() -> None:
    @task
    def list_tables(params: dict[str, Any]) -> list[str]:
        """Name the tables to maintain."""
        from landfall.maintain import tasks

        return tasks.list_tables(params)

    @task(max_active_tis_per_dagrun=1)
    def maintain_table(table: str, params: dict[str, Any]) -> dict[str, Any]:
        """Compact and expire one table as its metadata asks for."""
        from landfall.maintain import tasks

        context = get_current_context()
        return tasks.maintain_table(
            table,
            params=params,
            models_are_built=lambda: context["ti"].get_dr_count(dag_id="transform_lake", states=["running"]) > 0,
        )

    @task
    def remove_leftovers(params: dict[str, Any]) -> dict[str, Any]:
        """Remove what dead loads and old rebuilds left."""
        from landfall.maintain import tasks

        return tasks.remove_leftovers(params=params)

    @task
    def summarize(tables: list[dict[str, Any]], leftovers: dict[str, Any]) -> dict[str, Any]:
        """Add up what was done."""
        from landfall.maintain import tasks

        return tasks.summarize(tables, leftovers)

    summarize(maintain_table.expand(table=list_tables()), remove_leftovers())


maintain_lake()
