"""Each kind of check passes good tables and is broken by the defect it is there for, as SQL on a database."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Any

import pytest
from landfall.publish.groups import LAKE, TABLES
from landfall.quality.kinds import KINDS, Place, Surroundings, argument_problem, broken_rows
from landfall.quality.suites import EXPECTATIONS, Check, load_suite

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AROUND = Surroundings(at=NOW, published={"orders": "orders__v1"}, lake={"payments": "payments__v7"})
FIRST = Surroundings(at=NOW)

Rows = dict[str, list[tuple[Any, ...]]]
COLUMNS = "k, cents, kind, at"
"""All tables of these tests have these columns."""


def _tables(**changed: list[tuple[Any, ...]]) -> Rows:
    rows = [(1, 100, "paid", "2026-11-21 10:00:00"), (2, 300, "open", "2026-11-21 11:00:00")] * 2
    return {"orders": rows, "orders__v1": rows, "payments__v7": rows, "parent": rows, **changed}


def _is_broken(kind: str, kwargs: dict[str, Any], tables: Rows, around: Surroundings = AROUND) -> bool:
    query = broken_rows(kind, kwargs, Place(relation="orders", around=around)).sql(dialect="sqlite")
    with sqlite3.connect(":memory:") as connection:
        for name, rows in tables.items():
            connection.execute(f"create table {name} ({COLUMNS})")
            connection.executemany(f"insert into {name} values (?, ?, ?, ?)", rows)
        return bool(connection.execute(query.format(batch="(select * from orders)")).fetchall())


GOOD = _tables()["orders"]
VOLUME = {"least": 0.9, "most": 1.5}
MEAN = {"column": "cents", "within": 0.5, "least_rows": 4}
SHARE = {"column": "kind", "value": "paid", "within": 0.2, "least_rows": 4}
ORPHANS = {"columns": ["k"], "parent": "parent"}
FRESH = {"column": "at", "hours": 2}
BEHIND = {"total": "SUM(cents)", "by": ["kind"], "source": "lake.payments"}

BROKEN: list[tuple[str, dict[str, Any], Rows]] = [
    ("row_count_near_published", VOLUME, _tables(orders=GOOD[:3])),
    ("row_count_near_published", VOLUME, _tables(orders=GOOD * 2)),
    ("row_count_near_published", VOLUME, _tables(orders=[])),
    ("mean_near_published", MEAN, _tables(orders=[(k, cents * 100, kind, at) for k, cents, kind, at in GOOD])),
    ("mean_near_published", MEAN, _tables(orders=[(k, cents / 100, kind, at) for k, cents, kind, at in GOOD])),
    ("mean_near_published", MEAN, _tables(orders=[(k, None, kind, at) for k, _, kind, at in GOOD])),
    ("share_near_published", SHARE, _tables(orders=[(k, cents, "paid", at) for k, cents, _, at in GOOD])),
    ("share_near_published", SHARE, _tables(orders=[(k, cents, "PAID", at) for k, cents, _, at in GOOD])),
    ("no_orphans", ORPHANS, _tables(parent=GOOD[:1])),
    ("no_orphans", ORPHANS, _tables(parent=[])),
    ("no_orphans", {"columns": ["k", "kind"], "parent": "parent"}, _tables(parent=[(1, 0, "open", ""), GOOD[1]])),
    ("fresh_within", FRESH, _tables(orders=[(1, 1, "paid", "2026-11-21 09:59:59")])),
    ("same_total", BEHIND, _tables(orders=[(1, 101, "paid", ""), *GOOD[1:]])),
    ("same_total", BEHIND, _tables(orders=[(*GOOD[0][:2], "open", ""), *GOOD[1:]])),
    ("same_total", BEHIND, _tables(orders=[row for row in GOOD if row[2] == "paid"])),
    ("same_total", BEHIND, _tables(payments__v7=[])),
    ("same_total", BEHIND, _tables(orders=[])),
]


def test_every_kind_of_this_module_but_that_of_intervals_has_a_defect_here() -> None:
    # SQLite knows no intervals: as_fresh_as is tested on the engines.
    here = {name for name, kind in KINDS.items() if kind.__module__ == "landfall.quality.kinds"}
    assert {kind for kind, *_ in BROKEN} == here - {"as_fresh_as"}


@pytest.mark.parametrize(("kind", "kwargs", "tables"), BROKEN)
def test_a_kind_passes_good_tables_and_finds_its_defect(kind: str, kwargs: dict[str, Any], tables: Rows) -> None:
    assert not _is_broken(kind, kwargs, _tables())
    assert _is_broken(kind, kwargs, tables)


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [("row_count_near_published", VOLUME), ("mean_near_published", MEAN), ("same_total", BEHIND)],
)
def test_what_has_nothing_to_compare_with_yet_passes(kind: str, kwargs: dict[str, Any]) -> None:
    assert not _is_broken(kind, kwargs, {"orders": []}, FIRST)


def test_few_rows_say_nothing_of_a_distribution() -> None:
    assert not _is_broken("mean_near_published", {**MEAN, "least_rows": 5}, _tables(orders=[(1, 9999, "paid", "")]))


def test_a_null_key_is_no_orphan() -> None:
    assert not _is_broken("no_orphans", ORPHANS, _tables(orders=[(None, 1, "paid", ""), *GOOD]))


def test_what_reached_the_source_after_the_candidate_is_left_out_of_its_total() -> None:
    tables = _tables(payments__v7=[*GOOD, (3, 5, "paid", "2026-11-21 11:00:01")])
    assert _is_broken("same_total", BEHIND, tables)
    assert not _is_broken("same_total", {**BEHIND, "until": "at"}, tables)
    lost = _tables(payments__v7=[*GOOD, (3, 5, "paid", "2026-11-21 10:59:59")])
    assert _is_broken("same_total", {**BEHIND, "until": "at"}, lost)


@pytest.mark.parametrize(
    ("kwargs", "problem"),
    [({"least": 1}, "description"), ({"description": "d", "leest": 1}, "leest"), ({"description": "d"}, None)],
)
def test_a_wrong_argument_of_a_kind_is_refused_when_its_suite_is_loaded(
    kwargs: dict[str, Any], problem: str | None
) -> None:
    found = argument_problem("row_count_near_published", kwargs)
    assert found is None if problem is None else problem in str(found)


CHECKS = [
    (path, check)
    for path in sorted(EXPECTATIONS.glob("*/*.yaml"))
    for check in load_suite(path).checks
    if check.type in KINDS
]


@pytest.mark.parametrize("engine", ["athena", "redshift"])
@pytest.mark.parametrize(("path", "check"), CHECKS, ids=lambda value: getattr(value, "name", None))
def test_a_kinds_query_holds_no_brace_but_the_batch(path: Any, check: Check, engine: str) -> None:
    relation = f"{path.parent.name}.{path.stem}"
    around = Surroundings(
        at=NOW,
        published={relation: f"published.{path.stem}__v1"},
        lake={table.partition(".")[2]: "published.x" for table in TABLES[LAKE]},
    )
    query = broken_rows(check.type, check.kwargs, Place(relation=relation, around=around)).sql(dialect=engine)
    assert "{" not in query.replace("{batch}", "")
    assert "1 = 0" not in query
