"""# benchmark_empty

One task that does nothing: what a run costs in Airflow itself. Placed beside the DAGs by `benchmarks.extract_latency`.
"""

from __future__ import annotations

from airflow.sdk import dag, task
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag


@dag(  # type: ignore[untyped-decorator]  # mypy does not follow Airflow's imports
    schedule=None, start_date=START_DATE, default_args=DEFAULT_ARGS, tags=[Tag.ON_DEMAND], doc_md=__doc__
)
def benchmark_empty() -> None:
    @task
    def nothing() -> None:
        """Do nothing."""

    nothing()


benchmark_empty()
