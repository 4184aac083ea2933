"""Checks that look at some days only: what they find there, what they leave to a whole audit, and no false alarm."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from landfall.quality.audited_days import AuditedDays
from landfall.quality.gates import audited_query, with_queries
from landfall.quality.kinds import Place, Surroundings, broken_rows
from landfall.quality.suites import Check, Suite

NOW = datetime(2026, 11, 21, tzinfo=UTC)
DAYS = AuditedDays(everywhere=((date(2026, 10, 1), date(2026, 12, 1)),))
COLUMNS = {"marts.lines": "placed_at", "raw.events": "occurred_at", "marts.copy": "placed_at"}
BEFORE, BEGAN = datetime(2026, 9, 20), datetime(2026, 10, 20)
LAST_LOAD, THIS_LOAD = datetime(2026, 11, 19), datetime(2026, 11, 20)

Rows = list[tuple[str, int, datetime, datetime]]
"""(key, version or cents, day, loaded at)."""

LINES: Rows = [("old", 3, BEFORE, THIS_LOAD), ("new", 2, BEGAN, THIS_LOAD)]
EVENTS: Rows = [
    *(("old", version, BEFORE.replace(month=8 + version), THIS_LOAD) for version in (1, 2, 3)),
    *(("new", version, BEGAN.replace(day=19 + version), THIS_LOAD) for version in (1, 2)),
]
LATEST = {
    "columns": ["line", "number", "placed_at"],
    "source": "raw.events",
    "values": {"number": "MAX(number)", "placed_at": "MIN(occurred_at)"},
    "by": ["line"],
    "begins": "placed_at",
    "is_whole": "MIN(number) = 1",
}


def _found(
    kind: str, kwargs: Mapping[str, Any], tables: Mapping[str, Rows], *, days: AuditedDays | None = DAYS
) -> bool:
    published = {"marts.lines": "marts.published"} if "marts.published" in tables else {}
    around = Surroundings(at=NOW, days=days, day_columns=COLUMNS, published=published)
    place = Place(relation="marts.lines", around=around)
    with duckdb.connect() as connection:
        for name, rows in tables.items():
            schema = name.partition(".")[0]
            connection.execute(f"create schema if not exists {schema}")
            day = "occurred_at" if schema == "raw" else "placed_at"
            fields = ("line", "number", day, "_loaded_at")
            connection.register("rows", pa.Table.from_pylist([dict(zip(fields, row, strict=True)) for row in rows]))
            connection.execute(f"create table {name} as select * from rows")
        batch = audited_query("marts.lines", place.audited()).sql(dialect="duckdb")
        query = broken_rows(kind, kwargs, place).sql(dialect="duckdb")
        return bool(connection.execute(query.format(batch=f"({batch})")).fetchall())


def _lines(lines: Rows, events: Rows = EVENTS, *, days: AuditedDays | None = DAYS) -> bool:
    return _found("same_rows", LATEST, {"marts.lines": lines, "raw.events": events}, days=days)


def test_a_line_of_the_days_is_held_against_all_of_its_events() -> None:
    assert not _lines(LINES)
    assert _lines([LINES[0], ("new", 1, BEGAN, THIS_LOAD)]), "an older version"
    assert _lines([LINES[0], ("new", 2, BEGAN.replace(day=21), THIS_LOAD)]), "a later beginning"
    assert _lines([*LINES, ("made_up", 1, BEGAN, THIS_LOAD)])
    assert _lines([LINES[0]]), "none"


def test_a_line_that_began_before_the_days_is_left_to_a_whole_audit() -> None:
    wrong = [("old", 1, BEFORE, THIS_LOAD), LINES[1]]
    assert not _lines(wrong)
    assert _lines(wrong, days=None)


def test_a_line_whose_first_version_never_came_is_no_alarm_and_still_compared() -> None:
    events = [each for each in EVENTS if each[:2] != ("new", 1)]
    began = BEGAN.replace(day=21)
    assert not _lines([LINES[0], ("new", 2, began, THIS_LOAD)], events)
    assert _lines([LINES[0], ("new", 7, began, THIS_LOAD)], events)


def test_a_month_far_back_is_audited_with_what_happened_to_its_lines_since() -> None:
    march, june = datetime(2026, 3, 5), datetime(2026, 6, 5)
    days = AuditedDays(everywhere=((date(2026, 3, 1), date(2026, 4, 1)), *DAYS.everywhere))
    lines = [("early", 2, march, THIS_LOAD), ("between", 1, june, THIS_LOAD), LINES[1]]
    events = [("early", 1, march, THIS_LOAD), ("early", 2, june, THIS_LOAD), ("between", 1, june, THIS_LOAD)]
    assert not _lines(lines, [*events, *EVENTS[3:]], days=days)
    assert _lines([("early", 1, march, THIS_LOAD), *lines[1:]], [*events, *EVENTS[3:]], days=days)


COPY = {"columns": ["line", "number"], "source": "marts.copy"}


@pytest.mark.parametrize("days", [DAYS, None])
def test_a_copy_is_compared_on_the_days_of_both(days: AuditedDays | None) -> None:
    assert not _found("same_rows", COPY, {"marts.lines": LINES, "marts.copy": LINES}, days=days)
    for wrong in ([LINES[0]], [LINES[0], ("new", 9, BEGAN, THIS_LOAD)], [*LINES, ("more", 1, BEGAN, THIS_LOAD)]):
        assert _found("same_rows", COPY, {"marts.lines": wrong, "marts.copy": LINES}, days=days)
        assert _found("same_rows", COPY, {"marts.lines": LINES, "marts.copy": wrong}, days=days)


def test_rows_are_counted_wherever_they_are() -> None:
    count = {"least": 0.9}
    tables = {"marts.lines": LINES, "marts.published": LINES}
    assert not _found("row_count_near_published", count, tables)
    assert _found("row_count_near_published", count, tables | {"marts.lines": [LINES[1]]}), "an old row vanished"


def test_an_empty_table_is_found_and_empty_days_are_none() -> None:
    suite = Suite(
        name="marts.lines",
        checks=(Check(type="expect_table_row_count_to_be_between", kwargs={"min_value": 1}, why="w"),),
    )
    place = Place(relation="marts.lines", around=Surroundings(at=NOW, days=DAYS, day_columns=COLUMNS))
    (check,) = with_queries(suite, place, dialect="duckdb").checks
    assert check.query is not None
    query = check.query.format(batch="(select 'none under audit')")
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.lines as select 'old' as line, date '2026-09-20' as placed_at")
        assert not connection.execute(query).fetchall()
        connection.execute("delete from marts.lines")
        assert connection.execute(query).fetchall()


PARENTS = {"columns": ["line"], "parent": "marts.copy", "late": "number > 5"}


def test_a_new_child_without_a_parent_is_found_unless_its_parent_may_be_older_than_the_days() -> None:
    published = [("known", 1, BEGAN, LAST_LOAD)]
    tables = {"marts.published": published, "marts.copy": [("known", 1, BEGAN, LAST_LOAD)]}
    for child, is_found in (
        (("orphan", 1, BEGAN, THIS_LOAD), True),
        (("orphan", 9, BEGAN, THIS_LOAD), False),
        (("orphan", 1, BEGAN, LAST_LOAD), False),
    ):
        rows = [*published, child]
        assert _found("no_orphans", PARENTS, tables | {"marts.lines": rows}) is is_found
        assert _found("no_orphans", PARENTS, tables | {"marts.lines": rows}, days=None), "a whole audit takes all"
