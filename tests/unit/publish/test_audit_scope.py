"""Which days a candidate is audited on: those its files and new rows name, and all when nobody can tell, or weekly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from landfall.publish import audit_scope
from landfall.publish.changed_days import UnknownDaysError, audited_days, changed_days, loaded_days, other_files
from landfall.publish.groups import LAKE, WAREHOUSE, datasets
from landfall.publish.publication import Candidate, Publication, PublicationStore
from landfall.publish.record import PublishedDataset
from landfall.settings import Settings

from tests.unit.publish.memory import MemoryCatalog, MemoryTable

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
RECENT = (date(2026, 10, 1), date(2026, 12, 1))
MARCH = (date(2025, 3, 1), date(2025, 4, 1))
THIS_YEAR = (date(2026, 1, 1), date(2027, 1, 1))


class FakeAthena:
    """Answers with rows that a test gives, and keeps what it was asked."""

    def __init__(self, *rows: tuple[str, ...]) -> None:
        self._rows = rows
        self.asked: list[str] = []

    def run(self, statement: Any, *, fetch: bool = False) -> SimpleNamespace:
        self.asked.append(statement.sql(dialect="athena"))
        return SimpleNamespace(rows=self._rows)


def _dataset(table: str, snapshot: int) -> PublishedDataset:
    return PublishedDataset(table=table, snapshot_id=snapshot, metadata_location=f"s3://lake/{table}/{snapshot}.json")


def test_recent_months_are_audited_with_every_month_that_changed() -> None:
    days = audited_days({"marts.fct_orders": (MARCH,)}, [(date(2026, 6, 3), date(2026, 6, 4))], at=NOW)
    assert days.everywhere == (MARCH, (date(2026, 6, 1), date(2026, 7, 1)), RECENT)


def test_a_table_by_years_is_audited_on_its_years_and_brings_others_no_work() -> None:
    days = audited_days({"marts.fct_monthly_sales": (THIS_YEAR,)}, (), at=NOW)
    assert days.everywhere == (RECENT,)
    assert days.of("marts.fct_monthly_sales") == (THIS_YEAR,)


def test_other_files_tell_the_partitions_in_which_a_table_differs() -> None:
    table = "marts.fct_orders"
    athena = FakeAthena(
        (table, "s3://l/placed_at_month=2025-03/a.parquet"), (table, "s3://l/placed_at_month=2025-03/b")
    )
    pairs = {table: (_dataset(table, 2), _dataset("published.fct_orders__v1", 1))}
    assert changed_days(athena, pairs) == {table: (MARCH,)}  # type: ignore[arg-type]
    assert athena.asked[0].count('"fct_orders$files"') == 2, "what was added, and what was removed"
    assert athena.asked[0].count('"fct_orders__v1$files"') == 2


def test_a_table_on_the_published_snapshot_is_not_asked_for() -> None:
    athena, same = FakeAthena(), _dataset("marts.fct_orders", 1)
    assert changed_days(athena, {"marts.fct_orders": (same, same)}) == {}  # type: ignore[arg-type]
    assert athena.asked == []


def test_files_outside_of_partitions_by_time_leave_the_days_unknown() -> None:
    athena = FakeAthena(("marts.x", "s3://l/data/a.parquet"))
    with pytest.raises(UnknownDaysError, match=r"marts\.x"):
        changed_days(athena, {"marts.x": (_dataset("marts.x", 2), _dataset("published.x__v1", 1))})  # type: ignore[arg-type]


def test_rows_that_came_since_the_publication_tell_their_months() -> None:
    athena = FakeAthena(("2025-03-01",))
    raw = {"raw.orders": "occurred_at", "raw.payments": "occurred_at"}
    found = loaded_days(athena, raw, published_at=NOW)  # type: ignore[arg-type]
    assert found == [(MARCH[0], date(2025, 3, 2))]
    assert "2026-11-19 03:00:00" in athena.asked[0], "a load may have begun two days before what it misses"


def test_several_tables_are_compared_by_one_statement() -> None:
    pairs = {name: (_dataset(name, 2), _dataset(f"published.{name[6:]}", 1)) for name in ("marts.a", "marts.b")}
    assert other_files(pairs).sql(dialect="athena").count("EXCEPT") == 4


@pytest.fixture
def settings() -> Settings:
    names = ("AWS_REGION", *(f"LANDFALL_{field.upper()}" for field in Settings.__annotations__))
    return Settings.from_environment(dict.fromkeys(names, "x"))


@pytest.fixture
def table() -> Iterator[MemoryTable]:
    found = MemoryTable()
    with patch.object(audit_scope, "PublicationTable", lambda **_: found):
        yield found


def _published(settings: Settings, table: MemoryTable) -> tuple[PublicationStore, Candidate]:
    catalog = MemoryCatalog({name: f"s3://lake/{name}/11.json" for name in datasets(LAKE).values()})
    store = PublicationStore(settings, table=table, catalog=catalog)  # type: ignore[arg-type]
    candidate = store.freeze(LAKE, datasets(LAKE))
    store.publish(candidate, gate="g", contract_versions={}, cause_run_id="r")
    return store, store.freeze(LAKE, datasets(LAKE))


def _scope(settings: Settings, store: PublicationStore, candidate: Candidate, *, athena: FakeAthena) -> Any:
    with patch.object(audit_scope, "Athena", lambda **_: athena):
        return audit_scope.scope(settings, store, candidate, at=NOW, rows=None)  # type: ignore[arg-type]


def test_all_rows_are_audited_before_the_first_publication(settings: Settings, table: MemoryTable) -> None:
    store, candidate = _published(settings, table)
    table.items.clear()
    assert _scope(settings, store, candidate, athena=FakeAthena()) is None


@pytest.mark.parametrize(("days", "is_whole"), [(6, False), (7, True), (30, True), (None, True)])
def test_all_rows_are_audited_once_a_week(
    settings: Settings, table: MemoryTable, days: int | None, is_whole: bool
) -> None:
    store, candidate = _published(settings, table)
    if days is not None:
        audit_scope.note_audited(settings, LAKE, at=(NOW - timedelta(days=days)).isoformat())
    found = _scope(settings, store, candidate, athena=FakeAthena(("2025-03-01",)))
    assert (found is None) is is_whole
    if not is_whole:
        assert found.everywhere == (MARCH, RECENT)


def test_all_rows_are_audited_against_another_version_than_the_candidates(
    settings: Settings, table: MemoryTable
) -> None:
    store, candidate = _published(settings, table)
    audit_scope.note_audited(settings, LAKE, at=NOW.isoformat())
    other = Candidate(group=LAKE, base_version=7, datasets=candidate.datasets)
    assert _scope(settings, store, other, athena=FakeAthena()) is None


def test_the_warehouse_is_audited_where_its_lake_differs_and_where_rows_are_carried(settings: Settings) -> None:
    before, after = ({"fct_orders": _dataset(f"published.fct_orders__v{number}", number)} for number in (3, 4))
    lakes = {number: SimpleNamespace(datasets=found) for number, found in ((3, before), (4, after))}
    store = SimpleNamespace(version=lambda _group, number: lakes[number])
    june = (date(2026, 6, 1), date(2026, 7, 1))
    asked: list[dict[str, str]] = []

    def days_to_carry(columns: dict[str, str]) -> list[tuple[date, date]]:
        asked.append(columns)
        return [(june[0], june[0] + timedelta(days=1))]

    datasets = {"dwh_fct_orders": PublishedDataset(table="warehouse.dwh_fct_orders", builds=("b",))}
    candidate = Candidate(group=WAREHOUSE, base_version=1, datasets=datasets, built_from=4)
    athena = FakeAthena(("lake.fct_orders", "s3://l/placed_at_month=2025-03/a"))
    with patch.object(audit_scope, "Athena", lambda **_: athena):
        found = audit_scope.warehouse_scope(
            settings,
            store,  # type: ignore[arg-type]
            _built_from(3),
            candidate,
            at=NOW,
            rows=SimpleNamespace(days_to_carry=days_to_carry),  # type: ignore[arg-type]
        )
    assert found.everywhere == (MARCH, june, RECENT)
    assert asked == [{"dwh_fct_orders": "placed_at"}]


def _built_from(lake: int) -> Publication:
    return Publication(
        group=WAREHOUSE,
        version=1,
        datasets={},
        gate="g",
        contract_versions={},
        cause_run_id="r",
        published_at=NOW,
        built_from=lake,
    )
