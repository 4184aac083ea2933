"""The line in which extracts wait for a worker: who asked first goes first, but not with all one asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from landfall.extract.records.record import UNDER_WAY

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

EXTRACT_DAG: Final = "extract_customer_file"

GIVES_WAY_SECONDS: Final = 60
"""How much later a request counts as asked for, for each of its customer's that is under way before it.

A customer's second request so comes after what others ask for first within a minute, and nothing waits for ever.
"""

_SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Airflow keeps priorities as 32-bit numbers: seconds from here fit until 2094."""


def weight(dag_run: DagRun) -> int:
    """Return the priority of a run's task: the highest goes first, and all come after the tasks of other DAGs."""
    asked_at = int((dag_run.run_after - _SINCE).total_seconds())
    return -(asked_at + GIVES_WAY_SECONDS * _before(dag_run))


def _before(dag_run: DagRun) -> int:
    """Return how many runs for the same customer are under way before this one.

    Airflow asks while it makes the task, in a transaction that must not be ended: this reads in it and no more.
    Requests that come at the same moment would not see each other's runs, so a customer's are made one after another.
    """
    from airflow.models.dagrun import DagRun
    from sqlalchemy import func, select
    from sqlalchemy.orm import object_session

    session = object_session(dag_run)
    customer_id = (dag_run.conf or {}).get("customer_id")
    # What the form let through is looked at by the task itself.
    if session is None or not isinstance(customer_id, str):
        return 0
    # One that is made stands behind all there are; one that is cleared stands where it stood.
    is_made = dag_run.start_date is None
    others = DagRun.id != dag_run.id if is_made else DagRun.id < dag_run.id
    with session.no_autoflush:
        # Not for runs that are cleared: of many at once, two transactions could wait for each other.
        if is_made and session.get_bind().dialect.name == "postgresql":
            name = f"{EXTRACT_DAG} {customer_id}"
            session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
        found = session.scalar(
            select(func.count()).where(
                others,
                DagRun.dag_id == dag_run.dag_id,
                DagRun.state.in_(UNDER_WAY),
                DagRun.conf["customer_id"].as_string() == customer_id,
            )
        )
    return found or 0
