"""Put a night's report together, keep it and send it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from landfall.aws import s3
from landfall.night import counting
from landfall.night.messages import as_markdown, as_text
from landfall.night.report import as_message, described, gate_row, measures, outcome, stage_seconds
from landfall.night.telling import tell
from landfall.publish.groups import LAKE, WAREHOUSE
from landfall.publish.publication import PublicationStore
from landfall.quality.data_docs import SUMMARY_FILE, docs_key, safe_key
from landfall.settings import Settings

logger = logging.getLogger(__name__)

PREFIX: Final = "nights"
"""In the ops bucket: nights/reports/<run_id>/report.json and report.md, nights/measures/<run_id>/rows.json."""


def report_night(
    *,
    run_id: str,
    began_at: datetime,
    loads: Mapping[str, Mapping[str, int]],
    load_run_id: str,
    drained: Mapping[str, Any] | None,
    published: Mapping[str, Mapping[str, Any] | None],
    failed_tasks: list[str],
    maintenance: str,
) -> dict[str, Any]:
    """Log, keep and send the report of the night `run_id`, and return its values.

    `loads` maps a stream to the counts of what is new in it, `load_run_id` is the id of its load this night;
    `published` maps a group to what the wait for it returned, `drained` is what the drain returned, None where that
    did not come to its end. A report that is made again replaces the one kept, and is sent again.
    """
    settings = Settings.from_environment()
    ended_at = datetime.now(UTC)
    store = PublicationStore(settings)
    current = {group: found for group in (LAKE, WAREHOUSE) if (found := store.current(group))}
    attempts = {group: store.attempt(group, run_id) for group in (LAKE, WAREHOUSE)}
    gate_runs = [(f"raw_{stream}", f"ingest_{stream}", load_run_id) for stream in sorted(loads)]
    gate_runs += [
        (f"{name}_candidate", f"transform_{name}", found.run_id if found else "") for name, found in attempts.items()
    ]
    report: dict[str, Any] = {
        "run_id": run_id,
        "outcome": outcome(failed_tasks, published),
        "failed_tasks": failed_tasks,
        "began_at": began_at.isoformat(timespec="seconds"),
        "ended_at": ended_at.isoformat(timespec="seconds"),
        "seconds": round((ended_at - began_at).total_seconds(), 1),
        "held_seconds": sum(waited["held_seconds"] for waited in published.values() if waited),
        "streams": dict(sorted(loads.items())),
        "left": drained["unloaded"] if drained else {},
        "publications": {group: described(found) for group, found in current.items()},
        "datasets": {group: counting.dataset_rows(settings, found) for group, found in current.items()},
        "stages": stage_seconds(
            began_at, [each["ended_at"] if each else None for each in (drained, *published.values())]
        ),
        "gates": [gate_row(gate, _summary(settings.ops_bucket, gate, *run)) for gate, *run in gate_runs],
        "cost": counting.cost(settings, began_at=began_at, ended_at=ended_at),
        "maintenance": maintenance,
    }
    keep(report, bucket=settings.ops_bucket)
    logger.info("%s", as_text(as_message(report)))
    report["slack"] = tell(as_message(report))
    return report


def keep(report: Mapping[str, Any], *, bucket: str) -> None:
    """Write the report as JSON and Markdown, and its rows of `ops.night_measures`, in place of those of an earlier try.

    Raises RequestError for a run id that cannot be part of a key.
    """
    rows = "".join(json.dumps(row) + "\n" for row in measures(report))
    for parts, body, content_type in (
        (
            ("reports", report["run_id"], "report.json"),
            json.dumps(report, indent=2, sort_keys=True),
            "application/json",
        ),
        (("reports", report["run_id"], "report.md"), as_markdown(as_message(report)), "text/markdown; charset=utf-8"),
        (("measures", report["run_id"], "rows.json"), rows, "application/json"),
    ):
        s3.write_object(bucket=bucket, key=safe_key(PREFIX, *parts), body=body.encode(), content_type=content_type)


def _summary(bucket: str, gate: str, dag_id: str, run_id: str) -> dict[str, Any] | None:
    if not run_id:
        return None
    body = s3.read_object_if_there(bucket=bucket, key=f"{docs_key(dag_id, run_id, gate)}/{SUMMARY_FILE}")
    return None if body is None else dict(json.loads(body))
