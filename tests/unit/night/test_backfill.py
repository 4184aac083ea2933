"""A backfill is divided into whole days, says how far it is, and makes the warehouse follow once it is published."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from landfall.errors import RequestError
from landfall.night.backfill import Chunk, arguments, plan
from landfall.publish.backfilled import must_follow, note_built

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Table:
    """The publication table's items by (group, sort key)."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}

    def get(self, group: str, sort_key: str) -> dict[str, Any] | None:
        return self.items.get((group, sort_key))

    def put(self, item: dict[str, Any]) -> None:
        self.items[item["group"], item["version"]] = item

    def at(self, *, lake: int, warehouse: int) -> Table:
        self.put({"group": "lake", "version": "current", "number": lake})
        self.put({"group": "warehouse", "version": "current", "number": 1, "built_from": warehouse})
        return self


def params(first: str, last: str, days: int = 1) -> dict[str, Any]:
    return {"first_day": first, "last_day": last, "days_per_task": days, "streams": []}


def note(table: Table, number: int) -> int:
    chunk = {"number": number, "of": 30, "first": "2026-10-01", "after": "2026-10-02"}
    return note_built(table, run_id="b1", chunk=chunk, at=NOW)  # type: ignore[arg-type]


def test_thirty_days_are_thirty_tasks_without_gap_or_overlap() -> None:
    chunks = plan(params("2026-10-23", "2026-11-21"), today=TODAY)
    assert len(chunks) == 30
    assert (chunks[0]["first"], chunks[-1]["after"]) == ("2026-10-23", "2026-11-22")
    assert all(one["after"] == other["first"] for one, other in pairwise(chunks))
    assert [chunk["number"] for chunk in chunks] == list(range(1, 31))


def test_the_last_task_is_shorter_when_days_do_not_divide() -> None:
    chunks = plan(params("2026-10-01", "2026-10-30", days=7), today=TODAY)
    assert [(chunk["first"], chunk["after"]) for chunk in chunks][-1] == ("2026-10-29", "2026-10-31")
    assert Chunk(**chunks[-1]).in_words == "2026-10-29 to 2026-10-30"


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-10-02", "2026-10-01", "before first_day"),
        ("2026-11-01", "2026-11-22", "in the future"),
        ("2024-01-01", "2026-01-01", "more than 366"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused_by_name(first: str, last: str, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        plan(params(first, last), today=TODAY)


def test_dbt_gets_the_range_as_vars_and_builds_what_follows_from_the_streams() -> None:
    chunk = Chunk(number=1, of=1, first="2026-10-01", after="2026-10-02")
    words = arguments(chunk, streams=["orders", "payments"], project=Path("p"))
    assert json.loads(words[words.index("--vars") + 1]) == {"backfill_from": "2026-10-01", "backfill_to": "2026-10-02"}
    assert words[words.index("--select") + 1 : words.index("--vars")] == [
        "stg_landfall__orders+,config.materialized:incremental",
        "stg_landfall__payments+,config.materialized:incremental",
    ]


def test_progress_counts_tasks_once_however_often_they_end() -> None:
    table = Table().at(lake=5, warehouse=5)
    assert [note(table, number) for number in (1, 2, 2, 3)] == [1, 2, 2, 3]
    assert table.items["lake", "backfill#b1"]["done"] == [1, 2, 3]


def test_the_warehouse_follows_the_version_that_holds_the_days_once() -> None:
    table = Table().at(lake=5, warehouse=5)
    assert not must_follow(table, lake_version=5)  # type: ignore[arg-type]
    note(table, 1)
    assert not must_follow(table, lake_version=5), "nothing of the days is published yet"  # type: ignore[arg-type]
    table.at(lake=6, warehouse=5)
    assert must_follow(table, lake_version=6)  # type: ignore[arg-type]
    table.at(lake=6, warehouse=6)
    assert not must_follow(table, lake_version=7)  # type: ignore[arg-type]


def test_days_that_were_built_after_a_publication_in_between_are_followed_too() -> None:
    table = Table().at(lake=5, warehouse=5)
    note(table, 1)
    table.at(lake=6, warehouse=6)
    note(table, 2)
    assert must_follow(table, lake_version=7)  # type: ignore[arg-type]
