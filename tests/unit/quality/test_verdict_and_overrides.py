"""What a broken check means by its severity, and what a human's override changes of it: that one check, for a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from landfall.aws import s3
from landfall.errors import GateFailed, RequestError
from landfall.quality.overrides import Override, let_through, overrides_of, record_overrides
from landfall.quality.results import GateRun, earlier_day, mark_overridden, record_results
from landfall.quality.suites import Severity
from landfall.quality.verdict import CheckResult, judge

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GATE = "lake_candidate"
OVERRIDE = Override(
    gate=GATE,
    relation="marts.fct_orders",
    expectation="volume",
    decided_by="jane",
    reason="the shop closed for a day",
    decided_at=NOW,
    valid_until=NOW + timedelta(hours=2),
    dag_id="transform_lake",
    run_id="manual__2026-11-21T12:00:00+00:00",
)
RUN = GateRun(gate=GATE, engine="athena", dag_id=OVERRIDE.dag_id, run_id=OVERRIDE.run_id)


@pytest.fixture(autouse=True)
def objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """A bucket in memory."""
    held: dict[str, bytes] = {}

    def listed(*, bucket: str, prefix: str, start_after: str = "") -> Iterator[s3.StoredObject]:
        yield from (
            s3.StoredObject(key=key, bytes=1, modified_at=NOW) for key in sorted(held) if key.startswith(prefix)
        )

    monkeypatch.setattr(s3, "write_object", lambda *, key, body, **_: held.__setitem__(key, body))
    monkeypatch.setattr(s3, "read_object", lambda *, bucket, key: held[key])
    monkeypatch.setattr(s3, "list_objects", listed)
    yield held


def _broken(severity: Severity, check: str = "volume") -> CheckResult:
    return CheckResult(
        "marts.fct_orders", check, False, 9, 2, "why", severity, "analytics", observed="22.2 % unexpected"
    )


def _in_force(at: datetime = NOW) -> dict[tuple[str, str], Override]:
    return dict(overrides_of(GATE, bucket="ops", at=at))


def test_a_broken_check_stops_holds_or_is_told_by_its_severity() -> None:
    verdict = judge(
        [_broken("stop", "a"), _broken("hold", "b"), _broken("warn", "c")], {}, gate=GATE, data_docs_url="s3://ops/x"
    )
    assert verdict.failed == ("marts.fct_orders: a, 2 of 9 rows",)
    assert [check.check for check in verdict.held] == ["b"]
    assert verdict.warned == ("marts.fct_orders: c, 2 of 9 rows",)
    with pytest.raises(GateFailed, match=r"1 of 3 expectations failed: marts\.fct_orders: a"):
        verdict.raise_if_stopped()


def test_what_is_only_told_lets_the_data_pass_and_is_named_in_the_record() -> None:
    verdict = judge([_broken("warn")], {}, gate=GATE, data_docs_url="s3://ops/x")
    verdict.raise_if_failed()
    assert verdict.in_words() == f"{GATE}: 0 of 1 passed; warned: marts.fct_orders: volume, 2 of 9 rows"


def test_what_holds_is_left_to_a_human_and_stops_where_none_is_asked() -> None:
    verdict = judge([_broken("hold")], {}, gate=GATE, data_docs_url="s3://ops/x")
    verdict.raise_if_stopped()
    assert not verdict.passed
    with pytest.raises(GateFailed, match="volume"):
        verdict.raise_if_failed()


def test_an_override_lets_its_check_pass_until_its_time_and_no_longer() -> None:
    record_overrides([OVERRIDE], bucket="ops")
    for at, passes in ((NOW, True), (NOW + timedelta(minutes=119), True), (NOW + timedelta(hours=2), False)):
        verdict = judge([_broken("hold")], _in_force(at), gate=GATE, data_docs_url="s3://ops/x")
        assert verdict.passed is passes, at


@pytest.mark.parametrize(
    "other",
    [
        {"gate": "warehouse_candidate"},
        {"gate": "lake"},
        {"expectation": "orphans"},
        {"relation": "marts.dim_customers"},
    ],
    ids=str,
)
def test_an_override_is_good_for_no_other_check_table_or_gate(other: dict[str, str]) -> None:
    record_overrides([replace(OVERRIDE, **other)], bucket="ops")
    assert not judge([_broken("hold")], _in_force(), gate=GATE, data_docs_url="s3://ops/x").passed


def test_nothing_overrides_a_check_that_stops() -> None:
    record_overrides([OVERRIDE], bucket="ops")
    assert judge([_broken("stop")], _in_force(), gate=GATE, data_docs_url="s3://ops/x").failed


@pytest.mark.parametrize("wrong", [{"reason": "  "}, {"decided_by": ""}, {"valid_until": NOW}], ids=str)
def test_an_override_without_reason_name_or_time_is_refused(wrong: dict[str, object], objects: object) -> None:
    with pytest.raises(RequestError):
        record_overrides([replace(OVERRIDE, **wrong)], bucket="ops")
    assert not objects


def test_a_later_decision_of_the_same_run_keeps_the_first() -> None:
    record_overrides([OVERRIDE], bucket="ops")
    record_overrides([replace(OVERRIDE, decided_at=NOW + timedelta(minutes=1))], bucket="ops")
    record_overrides([OVERRIDE], bucket="ops")
    assert len(list(s3.list_objects(bucket="ops", prefix="gates/overrides/"))) == 2


def test_publication_is_refused_while_a_held_check_has_no_override_in_force() -> None:
    held = [{"relation": "marts.fct_orders", "check": "volume"}]
    with pytest.raises(GateFailed, match="volume holds"):
        let_through("r", held, gate=GATE, bucket="ops", at=NOW)
    record_overrides([OVERRIDE], bucket="ops")
    words = let_through("r", held, gate=GATE, bucket="ops", at=NOW)
    assert words == "r; overridden: marts.fct_orders: volume, by jane"
    with pytest.raises(GateFailed, match="volume holds"):
        let_through("r", held, gate=GATE, bucket="ops", at=OVERRIDE.valid_until)


def record(results: list[CheckResult], *, at: datetime) -> None:
    """Write down a gate's results, as one that is prepared and run at that time."""
    record_results(RUN, results, {}, checked_at=at, day=earlier_day(RUN, bucket="ops"), bucket="ops")


def test_results_are_a_row_a_check_once_however_often_a_task_is_tried(objects: dict[str, bytes]) -> None:
    for _ in range(2):
        record([_broken("hold"), _broken("warn", "c")], at=NOW)
    (rows,) = (body for key, body in objects.items() if key.startswith("gates/results/"))
    first, second = map(json.loads, rows.splitlines())
    assert first == {
        **{"gate": GATE, "dag_id": RUN.dag_id, "run_id": RUN.run_id, "engine": "athena"},
        **{"relation": "marts.fct_orders", "expectation": "volume", "severity": "hold", "owner": "analytics"},
        **{"passed": False, "rows": 9, "unexpected_rows": 2, "observed": "22.2 % unexpected", "threshold": None},
        "overridden_by": None,
        "checked_at": "2026-11-21 12:00:00.000",
    }
    assert second["expectation"] == "c"


def test_rows_lie_by_day_and_a_try_after_midnight_replaces_those_of_the_day_before(objects: dict[str, bytes]) -> None:
    for hours in (0, 12):
        record([_broken("hold")], at=NOW + timedelta(hours=hours))
    (key,) = (key for key in objects if key.startswith("gates/results/"))
    assert key.startswith("gates/results/dt=2026-11-21/")


def test_an_override_is_shown_beside_the_result_which_it_does_not_change(objects: dict[str, bytes]) -> None:
    record([_broken("hold"), _broken("hold", "c")], at=NOW)
    mark_overridden(RUN, {("marts.fct_orders", "volume"): OVERRIDE}, bucket="ops")
    (body,) = (body for key, body in objects.items() if key.startswith("gates/results/"))
    rows = [json.loads(line) for line in body.splitlines()]
    assert [(row["passed"], row["overridden_by"], row["engine"]) for row in rows] == [
        (False, "jane", "athena"),
        (False, None, "athena"),
    ]
