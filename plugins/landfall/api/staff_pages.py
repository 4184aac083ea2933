"""The pages of extracts for staff, as HTML; every value is escaped, and nothing in them runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final
from urllib.parse import quote, urlencode

from landfall.api.pages import STYLE
from landfall.extract.records.record import STATES, ExtractRecord, State
from landfall.extract.run.line import EXTRACT_DAG

_IN_WORDS: Final[Mapping[State, str]] = {
    "queued": "It waits for its run to begin.",
    "running": "It is under way.",
    "done": "Its files can be fetched.",
    "failed": "It broke off; nothing of it can be read.",
    "cancelled": "It was cancelled; nothing of it can be read.",
    "held": "A gate found the files or the data unfit: look into the run, mend the cause, then try again.",
    "expired": "Its time is over and its files are gone.",
    "deleted": "Its files were deleted.",
}
_TROUBLE: Final = frozenset({"failed", "held"})
_UNDER_WAY: Final = frozenset({"queued", "running"})


@dataclass(frozen=True, kw_only=True)
class Part:
    """Extracts under a title; `all_of` names the state that has more of them."""

    title: str
    records: Sequence[ExtractRecord]
    all_of: State | None = None


def render_list(parts: Sequence[Part], *, state: State | None, customer_id: str | None, following: str | None) -> str:
    """Return the page of `parts`, with what they were chosen by and, if there is a next page, the way to it."""
    more = ""
    if following:
        query = {"state": state, "customer_id": customer_id, "cursor": following}
        more = f'<p><a href="{_address("", **query)}">Older ones</a></p>'
    body = "".join(_part(part) for part in parts)
    return _render("Extracts", f"{_choice(state, customer_id)}{body}{more}")


def render_extract(record: ExtractRecord, *, files: Sequence[Mapping[str, Any]], airflow: str) -> str:
    """Return the page of an extract. `files` are those of its manifest; `airflow` is the path of Airflow's UI."""
    run = f"{airflow}/dags/{EXTRACT_DAG}/runs/{quote(record.run_id, safe='')}"
    facts = {
        "State": f"{_state(record.state)} {escape(_IN_WORDS[record.state])}",
        "Why": escape(record.cause or ""),
        "Step": escape(record.step or ""),
        "Notice": escape(record.notice or ""),
        "Customer": _link(_address("", customer_id=record.customer_id), record.customer_id),
        "Product": escape(record.product),
        "Asked for": _request(record),
        "Personal data": "unmasked" if record.pii else "",
        "By": escape(record.requested_by),
        "At (UTC)": _time(record.requested_at),
        "Changed": _time(record.changed_at),
        "Published version": _count(record.version),
        "Rows": _count(record.rows),
        "Bytes": _count(record.bytes),
        "Delivered to": escape(record.delivered_to or ""),
        "Expires": _time(record.expires_at or ""),
        "Run": _link(run, record.run_id),
    }
    rows = "".join(f'<tr><th class="short">{name}</th><td>{value}</td></tr>' for name, value in facts.items() if value)
    back = f"<p>{_link('./', 'All extracts')}</p>"
    return _render(
        f"Extract {record.extract_id}", f"{back}<table>{rows}</table>{_buttons(record)}{_files(record, files)}"
    )


def render_refusal(words: str) -> str:
    """Return the page that says why something was not done."""
    return _render("Not done", f'<p class="failed">{escape(words)}</p><p>{_link("./", "Back")}</p>')


def _render(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>"
    )


def _choice(state: State | None, customer_id: str | None) -> str:
    """Return the form that chooses by state and customer."""
    options = "".join(
        f'<option value="{each}"{" selected" if each == state else ""}>{each}</option>' for each in STATES
    )
    return (
        f'<form><label>State <select name="state"><option value="">any</option>{options}</select></label> '
        f'<label>Customer <input name="customer_id" placeholder="cus_000042" value="{escape(customer_id or "")}">'
        f"</label> <button>Show</button></form>"
    )


def _part(part: Part) -> str:
    rows = "".join(_row(record) for record in part.records)
    more = f"<p>{_link(_address('', state=part.all_of), f'All that are {part.all_of}')}</p>" if part.all_of else ""
    table = (
        f"<table><tr><th>Asked for at (UTC)</th><th>Customer</th><th>Product</th><th>State</th><th>Rows</th>"
        f"<th>Why</th><th>Extract</th></tr>{rows}</table>{more}"
    )
    return f"<h2>{escape(part.title)}</h2>{table if rows else '<p>None.</p>'}"


def _row(record: ExtractRecord) -> str:
    return (
        f'<tr><td class="short">{_time(record.requested_at)}</td>'
        f"<td>{_link(_address('', customer_id=record.customer_id), record.customer_id)}</td>"
        f"<td>{escape(record.product)}</td><td>{_state(record.state)}</td>"
        f'<td class="number">{_count(record.rows)}</td><td>{escape(record.cause or record.step or "")}</td>'
        f"<td>{_link(_address(record.extract_id), record.extract_id)}</td></tr>"
    )


def _request(record: ExtractRecord) -> str:
    """Return what was asked for beside customer and product, without what was left out."""
    asked = {name: value for name, value in json.loads(record.request).items() if value not in (None, [], {})}
    told = {name: value for name, value in asked.items() if name not in ("customer_id", "product")}
    return escape(", ".join(f"{name}: {json.dumps(value)}" for name, value in told.items()))


def _buttons(record: ExtractRecord) -> str:
    """Return what can be done with an extract in its state."""
    if record.state in _UNDER_WAY:
        return _button(record, "cancel", "Cancel it")
    if record.state in _TROUBLE:
        return _button(record, "retry", "Try again")
    return ""


def _button(record: ExtractRecord, action: str, words: str) -> str:
    return f'<form method="post" action="{_address(record.extract_id)}/{action}"><button>{words}</button></form>'


def _files(record: ExtractRecord, files: Sequence[Mapping[str, Any]]) -> str:
    """Return addresses that give a fresh link each time: what a customer whose link is over is sent anew."""
    if record.state != "done":
        return ""
    base = f"../v1/extracts/{quote(record.extract_id, safe='')}"
    rows = "".join(
        f"<tr><td>{_link(f'{base}/files/{number}', file['path'])}</td>"
        f'<td class="number">{_count(file["rows"])}</td><td class="number">{_count(file["bytes"])}</td></tr>'
        for number, file in enumerate(files)
    )
    certificate = _link(f"{base}/manifest", "certificate"), _link(f"{base}/manifest/signature", "signature")
    return (
        f"<h2>Files</h2><p>Each address gives a link that lives for minutes. {' · '.join(certificate)}</p>"
        f"<table><tr><th>File</th><th>Rows</th><th>Bytes</th></tr>{rows}</table>"
    )


def _address(extract_id: str, **query: str | None) -> str:
    """Return the escaped address of the list, or of an extract, seen from the folder of these pages."""
    chosen = {name: value for name, value in query.items() if value}
    return escape(f"./{quote(extract_id, safe='')}{'?' + urlencode(chosen) if chosen else ''}", quote=True)


def _link(address: str, words: str) -> str:
    return f'<a href="{address}">{escape(words)}</a>'


def _state(state: State) -> str:
    looks = "failed" if state in _TROUBLE else "passed" if state == "done" else ""
    return f'<span class="{looks}">{state}</span>'


def _time(text: str) -> str:
    """Return a time of a record to the second, in UTC."""
    return escape(text[:19].replace("T", " "))


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
