"""The results of gates as rows: one a check a run, in `ops.gate_results`, and the summary that the run's page shows.

A gate's rows are one object, named after its run: a task that is tried again replaces it, and no row is there twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from landfall.aws import s3
from landfall.quality.data_docs import SUMMARY_FILE, docs_key, safe_key, write_summary
from landfall.quality.overrides import Overrides, sql_time
from landfall.quality.verdict import CheckResult, check_values

PREFIX = "gates/results"
"""Where results lie in the ops bucket: gates/results/dt=<day>/<dag_id>/<run_id>/<gate>/rows.json."""

_ROW = (
    *("relation", "severity", "owner", "passed", "rows", "unexpected_rows"),
    *("observed", "threshold", "overridden_by"),
)


@dataclass(frozen=True, kw_only=True)
class GateRun:
    """One run of a gate: its name, the engine it asks, and the DAG run it belongs to."""

    gate: str
    engine: str
    dag_id: str
    run_id: str


def record_results(
    run: GateRun,
    results: Sequence[CheckResult],
    overrides: Overrides,
    *,
    checked_at: datetime,
    day: str | None,
    bucket: str,
) -> None:
    """Write the rows of `run`, then its summary beside the Data Docs, in place of those of an earlier try.

    `day` is what `earlier_day` returned.
    """
    checks = [check_values(result, overrides) for result in results]
    passed = all(result.passed for result in results)
    summary = {
        **asdict(run),
        "passed": passed,
        "checked_at": sql_time(checked_at),
        "dt": day or f"{checked_at:%Y-%m-%d}",
        "checks": checks,
    }
    _write(summary, bucket=bucket)


def mark_overridden(run: GateRun, overrides: Overrides, *, bucket: str) -> None:
    """Say in the rows and the summary of `run` which of its checks a human has let pass since."""
    key = f"{docs_key(run.dag_id, run.run_id, run.gate)}/{SUMMARY_FILE}"
    summary = json.loads(s3.read_object(bucket=bucket, key=key))
    names = CheckResult.__dataclass_fields__
    results = [CheckResult(**{name: check[name] for name in names if name in check}) for check in summary["checks"]]
    _write({**summary, "checks": [check_values(result, overrides) for result in results]}, bucket=bucket)


def earlier_day(run: GateRun, *, bucket: str) -> str | None:
    """Return the partition of an earlier try, None without one: one after midnight must replace its rows, not add."""
    key = f"{docs_key(run.dag_id, run.run_id, run.gate)}/{SUMMARY_FILE}"
    if not any(found.key == key for found in s3.list_objects(bucket=bucket, prefix=key)):
        return None
    earlier = json.loads(s3.read_object(bucket=bucket, key=key))
    return str(earlier["dt"]) if "dt" in earlier else None


def rows_of(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of `ops.gate_results` that a gate's summary stands for."""
    run = {name: summary[name] for name in ("gate", "dag_id", "run_id", "engine", "checked_at")}
    return [run | {"expectation": check["check"]} | {name: check[name] for name in _ROW} for check in summary["checks"]]


def _write(summary: Mapping[str, Any], *, bucket: str) -> None:
    folder = f"{PREFIX}/dt={summary['dt']}"
    key = safe_key(folder, summary["dag_id"], summary["run_id"], summary["gate"], "rows.json")
    body = "".join(json.dumps(row) + "\n" for row in rows_of(summary)).encode()
    s3.write_object(bucket=bucket, key=key, body=body, content_type="application/json")
    prefix = docs_key(summary["dag_id"], summary["run_id"], summary["gate"])
    write_summary(bucket=bucket, prefix=prefix, summary=summary)
