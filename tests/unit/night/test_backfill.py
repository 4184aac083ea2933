"""A backfill is divided into whole days, says how far it is, and makes the warehouse follow once it is published."""

from __future__ import annotations

import json
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from landfall.errors import RequestError
from landfall.night import backfill
from landfall.night.backfill import arguments, plan
from landfall.night.progress import Chunk, Progress, note_done, note_planned, progress
from landfall.publish.backfilled import BACKFILLED, must_follow, note_built

TODAY = date(2026, 11, 21)


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


def found(table: Table) -> Progress:
    """Return the progress of the backfill b1."""
    told = progress(table, run_id="b1")  # type: ignore[arg-type]
    assert told
    return told


def test_thirty_days_are_thirty_tasks_without_gap_or_overlap() -> None:
    chunks = plan(params("2026-10-23", "2026-11-21"), today=TODAY)
    assert len(chunks) == 30
    assert (chunks[0].first, chunks[-1].after) == ("2026-10-23", "2026-11-22")
    assert all(one.after == other.first for one, other in pairwise(chunks))
    assert [chunk.number for chunk in chunks] == list(range(1, 31))


def test_the_last_task_is_shorter_when_days_do_not_divide() -> None:
    chunks = plan(params("2026-10-01", "2026-10-30", days=7), today=TODAY)
    assert (chunks[-1].first, chunks[-1].after) == ("2026-10-29", "2026-10-31")
    assert chunks[-1].in_words == "2026-10-29 to 2026-10-30"


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
    words = arguments(chunk, streams=["orders", "payments"], folder=Path("f"))
    assert json.loads(words[words.index("--vars") + 1]) == {"backfill_from": "2026-10-01", "backfill_to": "2026-10-02"}
    assert words[words.index("--select") + 1 : words.index("--vars")] == [
        "stg_landfall__orders+,config.materialized:incremental",
        "stg_landfall__payments+,config.materialized:incremental",
    ]


def test_progress_counts_tasks_once_however_often_they_end_and_says_how_long_the_rest_takes() -> None:
    table, chunks = Table(), plan(params("2026-10-01", "2026-10-30"), today=TODAY)
    note_planned(table, run_id="b1", chunks=chunks)  # type: ignore[arg-type]
    assert found(table).in_words == "0 of 30 tasks are done"
    for chunk in (chunks[0], chunks[2], chunks[2]):
        told = note_done(table, run_id="b1", chunk=chunk, seconds=20)  # type: ignore[arg-type]
    assert told == found(table)
    assert told.in_words == "2 of 30 tasks are done, about 9 min left"
    assert told.chunks == chunks
    assert progress(table, run_id="b2") is None  # type: ignore[arg-type]


def test_a_task_that_dies_while_it_builds_has_told_the_warehouse_to_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table().at(lake=5, warehouse=5)

    def die(words: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backfill, "_table", lambda: table)
    monkeypatch.setattr(backfill, "_run_dbt", die)
    chunk = Chunk(number=1, of=1, first="2026-10-01", after="2026-10-02")
    with pytest.raises(KeyboardInterrupt):
        backfill.build(chunk, streams=[], run_id="b1", folder=Path("f"))
    assert table.items["lake", BACKFILLED]["number"] == 5
    assert must_follow(table.at(lake=6, warehouse=5), lake_version=6)  # type: ignore[arg-type]


def test_the_warehouse_follows_the_version_that_holds_the_days_once() -> None:
    table = Table().at(lake=5, warehouse=5)
    assert not must_follow(table, lake_version=5)  # type: ignore[arg-type]
    note_built(table)  # type: ignore[arg-type]
    assert not must_follow(table, lake_version=5), "nothing of the days is published yet"  # type: ignore[arg-type]
    table.at(lake=6, warehouse=5)
    assert must_follow(table, lake_version=6)  # type: ignore[arg-type]
    table.at(lake=6, warehouse=6)
    assert not must_follow(table, lake_version=7)  # type: ignore[arg-type]


def test_days_that_were_built_after_a_publication_in_between_are_followed_too() -> None:
    table = Table().at(lake=5, warehouse=5)
    note_built(table)  # type: ignore[arg-type]
    table.at(lake=6, warehouse=6)
    note_built(table)  # type: ignore[arg-type]
    assert must_follow(table, lake_version=7)  # type: ignore[arg-type]
