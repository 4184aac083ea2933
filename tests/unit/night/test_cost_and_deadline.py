"""What a night costs by the engines' own accounts, and when it is late."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from landfall.aws import athena
from landfall.aws.athena import Athena
from landfall.errors import SettingsError
from landfall.night import lateness
from landfall.night.counting import rows_query, usage_query
from landfall.prices import Prices

NIGHT = datetime(2026, 11, 21, 2, 0, 30, tzinfo=UTC)


def execution(minutes: float, scanned: int, state: str = "SUCCEEDED") -> dict[str, Any]:
    at = NIGHT + timedelta(minutes=minutes)
    return {"Status": {"SubmissionDateTime": at, "State": state}, "Statistics": {"DataScannedInBytes": scanned}}


class FakeAthena:
    """Lists statements two a page, the latest first, and counts the pages that were read."""

    def __init__(self, executions: list[dict[str, Any]]) -> None:
        self.executions = sorted(executions, key=lambda each: each["Status"]["SubmissionDateTime"], reverse=True)
        self.pages = 0

    def get_paginator(self, name: str) -> FakeAthena:
        assert name == "list_query_executions"
        return self

    def paginate(self, **_: Any) -> Any:
        for start in range(0, len(self.executions), 2):
            self.pages += 1
            yield {"QueryExecutionIds": list(range(start, min(start + 2, len(self.executions))))}

    def batch_get_query_execution(self, *, QueryExecutionIds: list[int]) -> dict[str, Any]:  # noqa: N803
        return {"QueryExecutions": [self.executions[index] for index in QueryExecutionIds]}


def test_the_scans_of_a_night_are_those_submitted_in_it_that_are_charged(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [execution(minutes, 1) for minutes in (-9, -8, -7, -6)]
    fake = FakeAthena([*before, execution(1, 10), execution(2, 20), execution(3, 7, "FAILED"), execution(99, 5)])
    monkeypatch.setattr(athena, "client", lambda _: fake)
    engine = Athena(settings=type("Settings", (), {"athena_workgroup": "w"})())  # type: ignore[arg-type]
    assert sorted(engine.scans(began_at=NIGHT, ended_at=NIGHT + timedelta(hours=1))) == [10, 20]
    assert fake.pages == 3, "older history must not be read"


def test_a_small_scan_is_charged_ten_megabytes_and_none_is_free() -> None:
    assert Prices().athena_usd([1, 0, 2_000_000_000_000]) == pytest.approx(10 + 5e-5)


def test_prices_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    prices = Prices.from_environment({"LANDFALL_REDSHIFT_USD_PER_RPU_HOUR": "0.5"})
    assert (prices.redshift_usd(7200), prices.athena_usd_per_terabyte) == (1.0, 5.0)


@pytest.mark.parametrize("price", ["free", "-1", "nan", "inf"])
def test_what_is_no_price_is_refused_by_name(price: str) -> None:
    with pytest.raises(SettingsError, match="LANDFALL_ATHENA_USD_PER_TERABYTE"):
        Prices.from_environment({"LANDFALL_ATHENA_USD_PER_TERABYTE": price})


def test_redshift_is_asked_for_whole_minutes() -> None:
    text = usage_query(began_at=NIGHT, ended_at=NIGHT + timedelta(hours=1)).sql(dialect="redshift")
    assert "start_time >= '2026-11-21 02:00:00'" in text
    assert "start_time < '2026-11-21 03:00:30'" in text


def test_rows_are_counted_by_one_statement() -> None:
    text = rows_query({"b": "published.b__v2", "a": "published.a__v2"}).sql(dialect="athena")
    assert text == "SELECT 'a', COUNT(*) FROM published.a__v2 UNION ALL SELECT 'b', COUNT(*) FROM published.b__v2"


def test_the_deadline_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lateness.deadline() == timedelta(hours=4)
    monkeypatch.setenv(lateness.DEADLINE_VARIABLE, "90")
    assert lateness.deadline() == timedelta(minutes=90)


@pytest.mark.parametrize("minutes", ["0", "soon", "-5"])
def test_a_deadline_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, minutes: str) -> None:
    monkeypatch.setenv(lateness.DEADLINE_VARIABLE, minutes)
    with pytest.raises(SettingsError, match=lateness.DEADLINE_VARIABLE):
        lateness.deadline()


@pytest.mark.parametrize("at", [NIGHT, NIGHT.isoformat()], ids=["time", "text"])
def test_a_late_night_is_told_of_by_run_state_and_deadline(monkeypatch: pytest.MonkeyPatch, at: Any) -> None:
    told: list[Any] = []

    async def no_webhook() -> None:
        return None

    monkeypatch.setattr(lateness, "slack_webhook_in_triggerer", no_webhook)
    monkeypatch.setattr(lateness, "tell_all", lambda message, *, webhook: told.append(message) or "sent")
    context = {"dag_run": {"dag_run_id": "night_1", "state": "running"}, "deadline": {"deadline_time": at}}
    asyncio.run(lateness.tell_late(context))
    assert told[0].subject == "Landfall: night_1 is late"
    assert "running and should have ended by 2026-11-21 02:00 UTC" in told[0].lines[0]
