"""# rebuild_raw

Makes a stream's raw and quarantine tables anew from all of landing, beside the live ones, by the same load under the
contract in force; compares them; and lets them change places at once for all readers. For when raw was damaged, or when
a contract changed a column's type.

**Starts** by hand. A dry run, the default, builds and compares, and leaves the new tables beside the old ones as
`raw.<stream>__rebuild_<n>`. Otherwise `swap_tables` follows, at once if no row differs; if some do, somebody must first
approve under *Required Actions*, within a day. Loads go on all the while; what they add is caught up. With
`swap_back` the tables that the last swap replaced become live again; they are kept for a week.

**Reads** landing. **Writes** those tables; the ledger, which then says of each object what became of it in the new
tables; the asset `raw_<stream>`. The next load audits the new rows.

**When it fails**, nothing of the live tables has changed, unless it says otherwise, and starting it again with the same
conf goes on where it was. `{"afresh": true}` begins with new tables instead.

- `EngineError`, `ConservationError`: as in `ingest_<stream>`.
- `RebuildError ... cannot be read now`: landing lost objects. Restore their older version first.
- `RebuildError ... loaded into one table only`: run `ingest_<stream>`, then this again.
- `RebuildError ... written without a pause`, `... being replayed`: another writer is at the table; try again later.

Records that were replayed with a correction are in quarantine again: the comparison names them as `only_in_live`.
Replay them after the swap.

**Example conf.** `{"stream": "orders", "dry_run": false}`
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import AssetAlias, Param, dag, get_current_context, task
from landfall.assets import raw_stream
from landfall.contracts import load_stream_contracts
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag
from landfall.settings import REPOSITORY

rebuilt_raw = AssetAlias("rebuilt_raw")
STREAMS = [contract.stream for contract in load_stream_contracts(REPOSITORY / "contracts" / "streams")]


@dag(
    schedule=None,
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS | {"execution_timeout": timedelta(hours=12)},
    tags=[Tag.INGEST, Tag.MAINTAIN, Tag.ATHENA, Tag.ON_DEMAND],
    doc_md=__doc__,
    params={
        "stream": Param(type="string", enum=STREAMS, title="Stream"),
        "dry_run": Param(True, type="boolean", title="Dry run", description="Build and compare; swap nothing."),
        "afresh": Param(False, type="boolean", title="Afresh", description="Do not go on with a build that died."),
        "swap_back": Param(False, type="boolean", title="Swap back", description="Undo the last swap instead."),
    },
)
def rebuild_raw() -> None:
    @task.branch
    def choose_work(params: dict[str, Any]) -> str:
        """Build, or undo."""
        return "swap_tables" if params["swap_back"] else "build_anew"

    @task
    def build_anew(params: dict[str, Any]) -> dict[str, Any]:
        """Load all of landing into tables beside the live ones."""
        from landfall.maintain import rebuild_tasks

        run_id = get_current_context()["run_id"]
        return rebuild_tasks.build_anew(stream=params["stream"], run_id=run_id, afresh=params["afresh"])

    @task
    def compare_tables(built: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
        """Count what differs, and show examples."""
        from landfall.maintain import rebuild_tasks

        if built["phase"] == "swapping":  # half done already: there is nothing left to decide
            return {"differing": 0, "must_end_swap": True}
        return rebuild_tasks.compare_tables(stream=params["stream"], run_id=get_current_context()["run_id"])

    @task.branch
    def choose_way(compared: dict[str, Any], params: dict[str, Any]) -> str | None:
        """End here, ask first, or swap."""
        if params["dry_run"] and "must_end_swap" not in compared:
            return None
        return "approve_swap" if compared["differing"] else "swap_tables"

    approve_swap = ApprovalOperator(
        task_id="approve_swap",
        subject="Replace raw.{{ params.stream }}? {{ ti.xcom_pull('compare_tables')['differing'] }} keys differ.",
        body="{{ ti.xcom_pull('compare_tables') | tojson(indent=2) }}",
        response_timeout=timedelta(days=1),
        execution_timeout=None,
        retries=0,
    )

    @task(outlets=[rebuilt_raw], trigger_rule="none_failed_min_one_success")
    def swap_tables(params: dict[str, Any]) -> dict[str, Any]:
        """Let live and rebuilt tables change places, or change back."""
        from landfall.maintain import rebuild_tasks

        context = get_current_context()
        swap = rebuild_tasks.swap_back if params["swap_back"] else rebuild_tasks.swap_tables
        report = swap(stream=params["stream"], run_id=context["run_id"])
        context["outlet_events"][rebuilt_raw].add(raw_stream(params["stream"]), extra=report)
        return report

    built = build_anew()
    compared = compare_tables(built)
    swapped = swap_tables()
    choose_work() >> [built, swapped]
    choose_way(compared) >> [approve_swap, swapped]
    approve_swap >> swapped


rebuild_raw()
