"""What a night did, in numbers: rows, publications, gates, time and cost. Pure values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from landfall.night.drain import left_in_words
from landfall.night.messages import Message
from landfall.publish.record import Publication

STAGES: Final = ("drain", "lake", "warehouse")
COUNTS: Final = ("records", "loaded", "duplicates", "quarantined")


def load_counts(load: Mapping[str, Any] | None) -> dict[str, int]:
    """Return the counts of one stream's load: records = loaded + duplicates + quarantined."""
    found = load or {}
    counts = {name: int(found.get(name, 0)) for name in COUNTS[:-1]}
    return {**counts, "quarantined": sum(found.get("quarantined", {}).values())}


def sum_counts(loads: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the sums of COUNTS over `loads`."""
    total = dict.fromkeys(COUNTS, 0)
    for load in loads:
        for name in COUNTS:
            total[name] += load[name]
    return total


def described(publication: Publication) -> dict[str, Any]:
    """Return what the report says of a publication."""
    return {
        "version": publication.version,
        "datasets": sorted(publication.datasets),
        "gate": publication.gate,
        "built_from": publication.built_from,
        "cause_run_id": publication.cause_run_id,
        "published_at": publication.published_at.isoformat(),
    }


def stage_seconds(began_at: datetime, marks: Sequence[str | None]) -> dict[str, float]:
    """Return how long each of STAGES took, from when it ended (ISO, UTC); a stage that did not end is left out."""
    ends = [began_at, *(datetime.fromisoformat(mark) for mark in marks if mark)]
    return {
        stage: round((end - begin).total_seconds(), 1)
        for stage, (begin, end) in zip(STAGES, pairwise(ends), strict=False)
    }


def gate_row(gate: str, summary: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return one gate's row: its `result` and counts; a gate without a summary is `not run`.

    `stopped` and `held` as the broken checks' severities say, `overridden` if a human let all of those pass, `warned`
    if only warnings are broken.
    """
    if summary is None:
        return {"gate": gate, "result": "not run", "checks": 0, "broken": 0, "overridden_by": ""}
    broken = [check for check in summary["checks"] if not check["passed"]]
    overridden = sorted({check["overridden_by"] for check in broken if check.get("overridden_by")})
    severities = {"overridden" if check.get("overridden_by") else check["severity"] for check in broken}
    words = (("stop", "stopped"), ("hold", "held"), ("overridden", "overridden"), ("warn", "warned"))
    result = next((word for severity, word in words if severity in severities), "passed")
    return {
        "gate": gate,
        "result": result,
        "checks": len(summary["checks"]),
        "broken": len(broken),
        "overridden_by": ", ".join(overridden),
    }


def outcome(failed_tasks: Sequence[str], published: Mapping[str, Any]) -> str:
    """Return `published`, or what kept the night from it; a group counts if the wait for it ended well."""
    missing = [group for group, waited in published.items() if not waited]
    if not missing:
        return "published"
    return f"not published: {', '.join(missing)}; failed: {', '.join(failed_tasks) or 'nothing'}"


def measures(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the report's numbers as rows of `ops.night_measures`."""
    night = {"seconds": report["seconds"], "published": float(report["outcome"] == "published")}
    found: list[tuple[str, str, Mapping[str, Any]]] = [("night", "nightly_batch", night)]
    found += [("stream", name, counts) for name, counts in report["streams"].items()]
    found += [("dataset", name, {"rows": rows}) for each in report["datasets"].values() for name, rows in each.items()]
    found += [("stage", name, {"seconds": seconds}) for name, seconds in report["stages"].items()]
    found += [("gate", row["gate"], {"checks": row["checks"], "broken": row["broken"]}) for row in report["gates"]]
    found += [("cost", name, report["cost"][name]) for name in ("athena", "redshift")]
    base = {"run_id": report["run_id"], "began_at": _sql_time(report["began_at"])}
    return [
        {**base, "kind": kind, "name": name, "measure": measure, "value": float(value)}
        for kind, name, values in found
        for measure, value in values.items()
    ]


def as_message(report: Mapping[str, Any]) -> Message:
    """Return the report as people read it."""
    cost = report["cost"]
    lines = [
        f"{report['outcome']} in {report['seconds']:.0f} s"
        + (f", {report['held_seconds']:.0f} s of them held" if report["held_seconds"] else ""),
        *(_publication_line(group, found) for group, found in report["publications"].items()),
        f"left in landing: {left_in_words(report['left'])}",
        f"cost: {cost['usd']:.4f} USD, {cost['athena']['scanned_bytes']:,} bytes scanned by "
        f"{cost['athena']['statements']} statements, {cost['redshift']['rpu_seconds']:,} RPU-seconds",
        f"maintenance: {report['maintenance']}",
    ]
    return Message(_subject(report), lines, [table for table in _tables(report) if len(table[1]) > 1])


def _subject(report: Mapping[str, Any]) -> str:
    lake = report["publications"].get("lake")
    if report["outcome"] == "published" and lake:
        return f"Landfall: {report['run_id']} published lake {lake['version']}"
    return f"Landfall: {report['run_id']} did not publish"


def _tables(report: Mapping[str, Any]) -> list[tuple[str, list[list[str]]]]:
    return [
        (
            "Streams",
            [["stream", *COUNTS]]
            + [[name, *(f"{counts[column]:,}" for column in COUNTS)] for name, counts in report["streams"].items()],
        ),
        (
            "Gates",
            [["gate", "result", "checks", "broken", "overridden by"]]
            + [
                [row["gate"], row["result"], str(row["checks"]), str(row["broken"]), row["overridden_by"]]
                for row in report["gates"]
            ],
        ),
        (
            "Datasets",
            [["dataset", "rows"]]
            + [[name, f"{rows:,}"] for each in report["datasets"].values() for name, rows in each.items()],
        ),
        (
            "Time",
            [["stage", "seconds"]] + [[name, f"{seconds:,.1f}"] for name, seconds in report["stages"].items()],
        ),
    ]


def _publication_line(group: str, found: Mapping[str, Any]) -> str:
    source = f", built from lake {found['built_from']}" if found["built_from"] else ""
    return f"{group}: version {found['version']}{source}, {len(found['datasets'])} datasets, gate {found['gate']}"


def _sql_time(iso: str) -> str:
    return datetime.fromisoformat(iso).strftime("%Y-%m-%d %H:%M:%S")
