"""The page of a run's invocations of dbt, as HTML; every value is escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final
from urllib.parse import quote

from landfall.api.pages import render_page

WELL: Final = frozenset({"success", "pass", "no-op"})
"""What dbt calls a node that ended well."""


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """dbt run once, by one try of a task: its files with their sizes in bytes, and its `run_results`."""

    task: str
    try_number: str
    files: Mapping[str, int]
    results: Sequence[Mapping[str, Any]]


def render_invocations(dag_id: str, run_id: str, invocations: Sequence[Invocation]) -> str:
    """Return the page of a run's `invocations`."""
    body = "".join(map(_invocation, invocations)) or "<p>dbt has left nothing in this run.</p>"
    return render_page(title=f"dbt in {dag_id}", run_id=run_id, body=body)


def _invocation(invocation: Invocation) -> str:
    counts = Counter(str(node["status"]) for node in invocation.results)
    ended = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "no results"
    is_well = bool(counts) and set(counts) <= WELL
    folder = f"{quote(invocation.task, safe='')}/{quote(invocation.try_number, safe='')}"
    links = " · ".join(
        f'<a href="{escape(folder, quote=True)}/{quote(name)}">{escape(name)}</a> ({size:,} bytes)'
        for name, size in sorted(invocation.files.items())
    )
    rows = "".join(map(_node, sorted(invocation.results, key=_troubles_first)))
    table = f"<table><tr><th>Status</th><th>Node</th><th>Seconds</th><th>Message</th></tr>{rows}</table>"
    return (
        f"<h2>{escape(invocation.task)}, try {escape(invocation.try_number)}: "
        f'<span class="{_class(is_well)}">{escape(ended)}</span></h2><p>{links}</p>{table if rows else ""}'
    )


def _node(node: Mapping[str, Any]) -> str:
    status = str(node["status"])
    # dbt's ids are `model.landfall.fct_orders`; a generic test's ends in a hash that tells it from its namesakes.
    name = str(node["unique_id"]).replace(".landfall.", " ", 1)
    return (
        f'<tr><td class="short {_class(status in WELL)}">{escape(status)}</td><td>{escape(name)}</td>'
        f'<td class="number">{float(node["execution_time"]):.1f}</td><td>{escape(str(node["message"] or ""))}</td></tr>'
    )


def _troubles_first(node: Mapping[str, Any]) -> tuple[bool, float]:
    return str(node["status"]) in WELL, -float(node["execution_time"])


def _class(is_well: bool) -> str:
    return "passed" if is_well else "failed"
