"""The steps of nightly_batch, as its DAG calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from landfall.assets import raw_drained, raw_stream
from landfall.night.report import load_counts, sum_counts
from landfall.publish.groups import LAKE, WAREHOUSE
from landfall.publish.task_context import failed_tasks


def end_drain(streams: Sequence[str], *, run_id: str, began_at: datetime) -> dict[str, Any]:
    """Say what of landing is not loaded, and note that both publications are asked for by `run_id`."""
    from landfall.night.drain import reconcile
    from landfall.publish import steps

    unloaded = reconcile(streams, run_id=run_id, began_at=began_at)
    steps.expect([run_id])
    return {"unloaded": unloaded, "ended_at": datetime.now(UTC).isoformat(timespec="seconds")}


def report_run(context: Mapping[str, Any], *, streams: Sequence[str], load_run_id: str) -> dict[str, Any]:
    """Report the run of `context`, whatever became of its tasks, and return the report's values."""
    from landfall.night.reporting import report_night

    def returned(task_id: str) -> Any:
        return context["ti"].xcom_pull(task_ids=task_id)

    began_at, failed = context["dag_run"].start_date, failed_tasks(context)
    return report_night(
        run_id=context["run_id"],
        began_at=began_at,
        loads=loads_since_last_night(context["inlet_events"], streams, began_at=began_at),
        load_run_id=load_run_id,
        drained=returned("drained"),
        published={group: returned(f"await_{group}") for group in (LAKE, WAREHOUSE)},
        failed_tasks=failed,
        maintenance="not started" if "maintain_lake" in failed else f"started as maintain_lake {load_run_id}",
    )


def loads_since_last_night(
    inlet_events: Mapping[Any, Any], streams: Sequence[str], *, began_at: datetime
) -> dict[str, dict[str, int]]:
    """Return what was loaded of each stream since the night before had drained it, whichever run loaded it.

    `inlet_events` are Airflow's of `raw_drained` and of each `raw_<stream>`, whose events carry the counts.
    """
    before = list(inlet_events[raw_drained].before(began_at.isoformat()).ascending(False).limit(1))
    found = {}
    for stream in streams:
        events = inlet_events[raw_stream(stream)]
        if before:
            events = events.after(before[0].timestamp.isoformat())
        found[stream] = sum_counts(load_counts(event.extra) for event in events)
    return found
