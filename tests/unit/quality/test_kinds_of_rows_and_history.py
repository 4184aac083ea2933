"""The kinds that hold new rows against other tables and against history pass an ordinary day and find its defects."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from landfall.quality.kinds import Place, Surroundings, broken_rows

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LAST_LOAD, THIS_LOAD = datetime(2026, 11, 20, 12), datetime(2026, 11, 21, 11)
COLUMNS = ("order_id", "cents", "kind", "customer_id", "occurred_at", "_loaded_at")
AROUND = Surroundings(at=NOW, published={"marts.payments": "marts.published"})

Row = list[Any]
Change = Callable[[Row], Row | None]
"""What a defect makes of the values of a new row; None drops it."""


def _day(day: int, seed: int) -> list[Row]:
    """Return 120 payments of a day, loaded with the last load or, of the newest day, with this one."""
    chance = random.Random(seed * 100 + day)
    loaded_at = THIS_LOAD if day == 0 else LAST_LOAD
    begins_at = LAST_LOAD - timedelta(days=day)
    return [
        [
            f"ord_{day}_{number}",
            round(chance.lognormvariate(7, 0.9)),
            chance.choice(("capture", "capture", "refund")),
            chance.choice(("cus_1", "cus_1", "cus_2")),
            begins_at + timedelta(minutes=12 * number),
            loaded_at,
        ]
        for number in range(119)
    ]


def _is_broken(
    kind: str, kwargs: dict[str, Any], change: Change = lambda row: row, *, seed: int = 1, around: Surroundings = AROUND
) -> bool:
    """Tell whether a check is broken after a day whose rows were changed; orders are as they were sent."""
    old = [row for day in range(1, 15) for row in _day(day, seed)]
    new = _day(0, seed)
    payments = old + [row for row in map(change, [list(row) for row in new]) if row is not None]
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        for table, rows in {"payments": payments, "published": old, "orders": old + new}.items():
            connection.register("rows", pa.Table.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in rows]))
            connection.execute(f"create table marts.{table} as select * from rows")
        query = broken_rows(kind, kwargs, Place(relation="marts.payments", around=around)).sql(dialect="duckdb")
        return bool(connection.execute(query.format(batch="(select * from marts.payments)")).fetchall())


def _set(place: int, how: Callable[[Any], Any]) -> Change:
    def change(row: Row) -> Row:
        return [how(value) if number == place else value for number, value in enumerate(row)]

    return change


def _some(change: Change, *, every: int) -> Change:
    return lambda row: change(row) if int(row[0].rsplit("_")[-1]) % every == 0 else row


COPY = {"columns": ["order_id", "cents", "customer_id"], "source": "marts.orders"}
SUMS = COPY | {"columns": ["customer_id", "cents"], "values": {"cents": "SUM(cents)"}, "by": ["customer_id"]}
PAID = {"key": "order_id", "total": "SUM(cents)", "source": "marts.orders", "source_total": "SUM(cents)", "share": 0.1}
PARENT = {"key": "order_id", "parent": "marts.orders", "columns": ["customer_id"]}
MEANS = {"source": "marts.payments", "measures": {"amount": "cents", "refund": "CASE WHEN kind = 'refund' THEN 1 END"}}
RARE = {"source": "marts.payments", "measures": {"rare": "CASE WHEN order_id LIKE '%7' THEN cents END"}}
"""Of one payment in ten."""
SHARES = {"source": "marts.payments", "by": ["kind", "customer_id"]}
RATE = {"source": "marts.payments", "least": 0.6, "most": 1.8}

BROKEN: list[tuple[str, dict[str, Any], Change]] = [
    ("same_rows", COPY, _some(_set(1, lambda cents: cents + 1), every=100)),
    ("same_rows", COPY, _some(_set(3, lambda _: None), every=100)),
    ("same_rows", COPY, _some(lambda row: None, every=100)),
    ("same_rows", COPY, _some(_set(0, lambda key: f"{key}x"), every=100)),
    ("reconciles", PAID, _set(1, lambda cents: cents // 100)),
    ("reconciles", PAID, _some(_set(1, lambda cents: cents * 2), every=4)),
    ("reconciles", PAID, _some(_set(0, lambda key: f"{key}x"), every=4)),
    ("agrees_with_parent", PARENT, _some(_set(3, lambda _: "cus_9"), every=100)),
    ("new_like_history", MEANS, _set(1, lambda cents: cents // 100)),
    ("new_like_history", MEANS, _set(1, lambda cents: cents * 100)),
    ("new_like_history", MEANS, _set(1, lambda _: None)),
    ("new_like_history", RARE, _set(1, lambda cents: cents * 100)),
    ("new_like_history", RARE, _set(0, lambda order_id: order_id.replace("7", "x"))),
    ("shares_like_history", SHARES, _set(2, lambda _: "capture")),
    ("shares_like_history", SHARES, _set(2, str.upper)),
    ("shares_like_history", SHARES, lambda row: None if row[3] == "cus_1" else row),
    ("rate_like_history", RATE, _some(lambda row: None, every=2)),
]


@pytest.mark.parametrize(("kind", "kwargs", "change"), BROKEN)
def test_a_kind_finds_its_defect_among_the_rows_that_came_since(
    kind: str, kwargs: dict[str, Any], change: Change
) -> None:
    assert not _is_broken(kind, kwargs)
    assert _is_broken(kind, kwargs, change)


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("new_like_history", MEANS),
        ("new_like_history", RARE),
        ("shares_like_history", SHARES),
        ("rate_like_history", RATE),
        ("reconciles", PAID),
    ],
)
def test_ordinary_days_are_no_alarm(kind: str, kwargs: dict[str, Any]) -> None:
    assert [seed for seed in range(2, 42) if _is_broken(kind, kwargs, seed=seed)] == []


@pytest.mark.parametrize(("days_later", "is_behind"), [(0, True), (20, True), (29, False)])
def test_a_table_is_behind_what_its_source_has_of_the_last_weeks(days_later: int, is_behind: bool) -> None:
    behind = {"column": "occurred_at", "source": "marts.orders", "hours": 3}
    later = replace(AROUND, at=NOW + timedelta(days=days_later))
    assert not _is_broken("as_fresh_as", behind, around=later)
    assert _is_broken("as_fresh_as", behind, lambda _: None, around=later) == is_behind


def test_sums_by_a_key_are_held_against_their_source() -> None:
    batch = {**SUMS, "source": "SELECT customer_id, cents FROM marts.orders WHERE customer_id = 'cus_9'"}
    assert _is_broken("same_rows", batch)


def test_a_few_orders_may_differ_for_a_day_but_not_more() -> None:
    one_in = {every: _some(_set(1, lambda cents: cents + 1), every=every) for every in (30, 5)}
    assert not _is_broken("reconciles", PAID, one_in[30])
    assert _is_broken("reconciles", PAID, one_in[5])


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [(kind, kwargs) for kind, kwargs, _ in BROKEN if kind != "same_rows"],
)
def test_the_first_publication_has_no_history_to_be_unlike(kind: str, kwargs: dict[str, Any]) -> None:
    assert not _is_broken(kind, kwargs, _set(1, lambda _: 0), around=Surroundings(at=NOW))
