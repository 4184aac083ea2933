"""# reap_extracts

Ends extracts that are stuck, and removes what ended ones have left.

**Starts** every five minutes. **Reads and writes** the table of extracts and the extracts bucket; asks Airflow how the
runs of `extract_customer_file` stand.

- An extract whose record has said nothing for two minutes and whose run has ended, or is not there, ends as *failed*
  with the cause in words; one that says nothing for four hours, too. Its customer's quota is free again.
- Of an extract that ended five minutes ago, everything that no manifest names is removed, and a statement that may
  still run is stopped: what a killed worker could not do itself.

**When it fails**, nothing is lost: the next run does it all. Only look at what AWS says in the log.

**Example conf.** None: it takes no parameters.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag


@dag(
    schedule=timedelta(minutes=5),
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS | {"retries": 0},
    tags=[Tag.EXTRACT, Tag.MAINTAIN, Tag.SCHEDULED],
    doc_md=__doc__,
)
def reap_extracts() -> None:
    @task
    def reap(ti: Any = None) -> dict[str, int]:
        """End what is stuck and sweep what has ended."""
        from landfall.extract.records import reaping
        from landfall.extract.records.record import RunState
        from landfall.settings import Settings

        def run_state(run_id: str) -> RunState:
            return reaping.state_of(
                lambda state: ti.get_dr_count(dag_id="extract_customer_file", run_ids=[run_id], states=[state]) > 0
            )

        return reaping.reap(run_state=run_state, settings=Settings.from_environment()).to_json()

    reap()


reap_extracts()
