"""The page of a run's gates, as HTML; every value is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from landfall.api.pages import render_page


@dataclass(frozen=True)
class GateOnPage:
    """A gate's summary as the gate wrote it, and its Great Expectations pages relative to the run's page."""

    summary: Mapping[str, Any]
    pages: Sequence[str]


def render_gates(dag_id: str, run_id: str, gates: Sequence[GateOnPage]) -> str:
    """Return the page of all `gates` of a run."""
    body = "".join(_gate(gate) for gate in gates) or "<p>No gate has run in this run.</p>"
    return render_page(title=f"Data Docs of {dag_id}", run_id=run_id, body=body)


def _gate(gate: GateOnPage) -> str:
    summary = gate.summary
    checks = summary["checks"]
    failed = sum(not check["passed"] for check in checks)
    verdict = f"{failed} of {len(checks)} checks failed" if failed else f"all {len(checks)} checks passed"
    rows = "".join(_check(check) for check in checks)
    links = " · ".join(
        f'<a href="{escape(quote(page), quote=True)}">{escape(_label(page))}</a>' for page in sorted(gate.pages)
    )
    return (
        f'<h2>{escape(summary["gate"])} on {escape(summary["engine"])}: <span class="{_class(not failed)}">{verdict}'
        f"</span></h2><p>Great Expectations: {links}</p><table><tr><th>Result</th><th>Severity</th><th>Owner</th>"
        f"<th>Table</th><th>Check</th><th>Rows</th><th>Unexpected</th><th>Why</th></tr>{rows}</table>"
    )


def _check(check: Mapping[str, Any]) -> str:
    # Summaries of gates that ran before checks had a severity are kept for a year.
    severity, owner = check.get("severity", "stop"), check.get("owner", "")
    return (
        f'<tr><td class="{_class(check["passed"])}">{_state(check)}</td><td>{escape(severity)}</td>'
        f"<td>{escape(owner)}</td><td>{escape(check['relation'])}</td><td>{escape(check['check'])}</td>"
        f'<td class="number">{_count(check["rows"])}</td><td class="number">{_count(check["unexpected_rows"])}</td>'
        f"<td>{escape(check['why'])}{_override(check)}</td></tr>"
    )


def _override(check: Mapping[str, Any]) -> str:
    """Return who lets a broken check pass, why and until when; nothing if nobody does."""
    if not check.get("overridden_by"):
        return ""
    words = f"Overridden by {check['overridden_by']} until {check['overridden_until']} UTC: {check['override_reason']}"
    return f"<br><strong>{escape(words)}</strong>"


def _label(page: str) -> str:
    """Return the name of the relation a Great Expectations page is about: `engine-<relation>.html`."""
    return page.rpartition("/")[2].removeprefix("engine-").removesuffix(".html")


def _state(check: Mapping[str, Any]) -> str:
    return "passed" if check["passed"] else "overridden" if check.get("overridden_by") else "failed"


def _class(passed: bool) -> str:
    return "passed" if passed else "failed"


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
