"""The night's report: what was loaded, published, spent and left, as values, text, Slack's blocks and rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from landfall.assets import raw_drained, raw_stream
from landfall.ingest.batch import LandedObject
from landfall.ingest.claims import Entry, State
from landfall.night.drain import count_unloaded, left_in_words
from landfall.night.messages import as_markdown, as_slack, as_text
from landfall.night.report import as_message, gate_row, load_counts, measures, outcome, stage_seconds
from landfall.night.steps import loads_since_last_night

NIGHT = datetime(2026, 11, 21, 2, tzinfo=UTC)

REPORT: dict[str, Any] = {
    "run_id": "night_1",
    "outcome": "published",
    "began_at": NIGHT.isoformat(),
    "seconds": 138.4,
    "held_seconds": 0,
    "streams": {"orders": {"records": 1000, "loaded": 996, "duplicates": 1, "quarantined": 3}},
    "left": {"orders": {"left": 2, "since": 0, "failed": 1}, "payments": {"left": 0, "since": 0, "failed": 0}},
    "publications": {
        "lake": {"version": 7, "built_from": None, "datasets": ["a", "b"], "gate": "lake: 9 of 9 passed"},
        "warehouse": {"version": 3, "built_from": 7, "datasets": ["c"], "gate": "warehouse: 2 of 2 passed"},
    },
    "datasets": {"lake": {"fct_orders": 12345}, "warehouse": {"dwh_fct_orders": 12345}},
    "stages": {"drain": 13.7, "lake": 68.0, "warehouse": 54.0},
    "gates": [{"gate": "lake_candidate", "result": "warned", "checks": 9, "broken": 1, "overridden_by": ""}],
    "cost": {
        "athena": {"statements": 338, "scanned_bytes": 594157, "usd": 0.0108},
        "redshift": {"rpu_seconds": 480, "usd": 0.05},
        "usd": 0.0608,
    },
    "maintenance": "started as maintain_lake nightly__night_1",
}


def check(severity: str, *, passed: bool = False, overridden_by: str = "") -> dict[str, Any]:
    return {"severity": severity, "passed": passed, "overridden_by": overridden_by}


def test_a_stream_without_a_load_counts_nothing() -> None:
    assert load_counts(None) == {"records": 0, "loaded": 0, "duplicates": 0, "quarantined": 0}


def test_quarantined_records_are_summed_over_their_reasons() -> None:
    load = {"records": 10, "loaded": 6, "duplicates": 1, "quarantined": {"not_json": 2, "wrong_type": 1}}
    assert load_counts(load) == {"records": 10, "loaded": 6, "duplicates": 1, "quarantined": 3}


@pytest.mark.parametrize(
    ("checks", "result"),
    [
        ([check("stop", passed=True)], "passed"),
        ([check("warn"), check("stop", passed=True)], "warned"),
        ([check("warn"), check("hold")], "held"),
        ([check("hold", overridden_by="jane")], "overridden"),
        ([check("hold", overridden_by="jane"), check("stop")], "stopped"),
    ],
)
def test_a_gate_is_called_by_the_worst_that_is_broken(checks: list[dict[str, Any]], result: str) -> None:
    assert gate_row("lake_candidate", {"checks": checks})["result"] == result


def test_a_gate_that_found_nothing_to_audit_has_not_run() -> None:
    assert gate_row("raw_orders", None)["result"] == "not run"


def test_an_override_is_reported_with_its_human() -> None:
    row = gate_row("lake_candidate", {"checks": [check("hold", overridden_by="jane"), check("warn")]})
    assert (row["broken"], row["overridden_by"]) == (2, "jane")


def test_each_stage_takes_from_the_end_of_the_one_before() -> None:
    marks = [(NIGHT + timedelta(seconds=seconds)).isoformat() for seconds in (14, 80, 130)]
    assert stage_seconds(NIGHT, marks) == {"drain": 14.0, "lake": 66.0, "warehouse": 50.0}
    assert stage_seconds(NIGHT, [marks[0], None, None]) == {"drain": 14.0}


def test_a_night_counts_as_published_only_if_both_waits_ended_well() -> None:
    assert outcome([], {"lake": {"version": 1}, "warehouse": {"version": 1}}) == "published"
    failed = outcome(["await_warehouse"], {"lake": {"version": 1}, "warehouse": None})
    assert failed == "not published: warehouse; failed: await_warehouse"


def test_the_text_names_rows_versions_gates_costs_and_what_was_left() -> None:
    text = as_text(as_message(REPORT))
    for words in (
        "published lake 7",
        "lake: version 7, 2 datasets, gate lake: 9 of 9 passed",
        "warehouse: version 3, built from lake 7, 1 datasets",
        "left in landing: orders 2 left, 1 failed",
        "0.0608 USD, 594,157 bytes scanned by 338 statements, 480 RPU-seconds",
        "maintenance: started as maintain_lake nightly__night_1",
    ):
        assert words in text, words
    assert "orders    1,000     996           1            3" in text


def test_the_markdown_has_a_table_for_each_part_and_no_open_pipes() -> None:
    page = as_markdown(as_message(REPORT | {"gates": [REPORT["gates"][0] | {"overridden_by": "a|b"}]}))
    assert page.startswith("# Landfall: night_1 published lake 7\n")
    assert "| lake_candidate | warned | 9 | 1 | a\\|b |" in page
    assert page.count("\n## ") == 4


def test_slack_gets_blocks_within_its_limits_with_its_marks_escaped() -> None:
    many = {f"dataset_{number:04d}": number for number in range(500)}
    body = as_slack(as_message(REPORT | {"outcome": "not published: <lake> & co", "datasets": {"lake": many}}))
    assert [block["type"] for block in body["blocks"]] == ["header", *["section"] * 5]
    for block in body["blocks"]:
        assert len(block["text"]["text"]) <= (150 if block["type"] == "header" else 3000)
    assert "&lt;lake&gt; &amp; co" in json.dumps(body)
    assert "<lake>" not in json.dumps(body)
    assert all(block["text"]["text"].count("```") in (0, 2) for block in body["blocks"]), "a fence was cut off"


def test_every_number_of_the_report_is_a_row_of_the_table() -> None:
    rows = measures(REPORT)
    assert {row["kind"] for row in rows} == {"night", "stream", "dataset", "stage", "gate", "cost"}
    assert {
        "run_id": "night_1",
        "began_at": "2026-11-21 02:00:00",
        "kind": "stream",
        "name": "orders",
        "measure": "quarantined",
        "value": 3.0,
    } in rows


def test_what_landed_after_the_night_began_is_not_left_behind() -> None:
    def entry(state: State, at: datetime) -> Entry:
        landed = LandedObject(key="k", bytes=1, landed_at=at)
        return Entry(landed=landed, state=state, attempt=0, owner=None, lease_until=None, batch_id=None)

    before, after = NIGHT - timedelta(minutes=1), NIGHT + timedelta(minutes=1)
    entries = [entry(State.LANDED, before), entry(State.CLAIMED, after), entry(State.FAILED, before)]
    assert count_unloaded(entries, began_at=NIGHT) == {"left": 1, "since": 1, "failed": 1}


def test_a_drained_landing_is_said_in_a_word() -> None:
    assert left_in_words({"orders": {"left": 0, "since": 0, "failed": 0}}) == "nothing"


class Events:
    """Airflow's accessor of an asset's events."""

    def __init__(self, events: list[tuple[datetime, dict[str, Any]]]) -> None:
        self.events = sorted(events, key=lambda event: event[0])

    def before(self, at: str) -> Events:
        return Events([event for event in self.events if event[0].isoformat() < at])

    def after(self, at: str) -> Events:
        return Events([event for event in self.events if event[0].isoformat() > at])

    def ascending(self, wanted: bool) -> Events:
        found = Events(self.events)
        found.events = self.events if wanted else self.events[::-1]
        return found

    def limit(self, most: int) -> Events:
        found = Events([])
        found.events = self.events[:most]
        return found

    def __iter__(self) -> Any:
        return iter(SimpleNamespace(timestamp=at, extra=extra) for at, extra in self.events)


def test_rows_count_from_the_drain_of_the_night_before_whoever_loaded_them() -> None:
    def load(hours: float, loaded: int) -> tuple[datetime, dict[str, Any]]:
        return NIGHT + timedelta(hours=hours), {"records": loaded, "loaded": loaded, "quarantined": {}}

    drains = [(NIGHT + timedelta(hours=hours), {}) for hours in (-48, -23.9, 0.1)]
    events = {raw_drained: Events(drains), raw_stream("orders"): Events([load(-30, 7), load(-5, 20), load(0.05, 1)])}
    found = loads_since_last_night(events, ["orders"], began_at=NIGHT)
    assert found["orders"] == {"records": 21, "loaded": 21, "duplicates": 0, "quarantined": 0}
