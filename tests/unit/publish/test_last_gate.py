"""What the last audit said of a candidate, and whether it turns down data newer than a version."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from landfall.publish.last_gate import LastGate
from landfall.quality.verdict import CheckResult, judge

AT = datetime(2026, 11, 20, tzinfo=UTC)
BROKEN = CheckResult(
    relation="extracts.ext_orders", check="unique", passed=False, rows=3, unexpected_rows=1, why="", severity="stop"
)


@pytest.mark.parametrize(("severity", "verdict"), [("stop", "stopped"), ("hold", "held"), ("warn", "passed")])
def test_the_verdict_of_an_audit_outlives_it(severity: str, verdict: str) -> None:
    result = judge([replace(BROKEN, severity=severity)], {}, gate="lake_candidate", data_docs_url="s3://d")  # type: ignore[arg-type]
    gate = LastGate.of(result, group="lake", run_id="nightly", at=AT)
    assert gate.verdict == verdict
    assert gate.broken == (() if verdict == "passed" else ("extracts.ext_orders",))
    assert LastGate.from_item(gate.to_item()) == gate
    assert gate.turned_down(AT - timedelta(hours=1)) is (verdict != "passed")
    assert not gate.turned_down(AT + timedelta(hours=1))
