"""Dates in texts and the weeks between dates."""

from __future__ import annotations

import pytest
from pgclient import PgClient, PgError


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'09/01/2023'::date", "2023-09-01"),
        ("'20230901'::date", "2023-09-01"),
        ("'2023/9/1'::timestamp", "2023-09-01 00:00:00"),
        ("'2025-01-01 01:25:00-0'::timestamp", "2025-01-01 01:25:00"),
        ("'2025-01-01 01:25:00 +02:00'::timestamp", "2025-01-01 01:25:00"),
        ("'2025-01-01 01:25:00-0'::timestamptz", "2025-01-01 01:25:00+00"),
        ("'2025-01-01 01:25:00 +02:00'::timestamptz", "2024-12-31 23:25:00+00"),
        ("dateadd(day, 1, '9/1/2023')", "2023-09-02 00:00:00"),
        ("date('9/1/2023')", "2023-09-01"),
        ("date(dateadd(hour, 25, '9/1/2023'))", "2023-09-02"),
    ],
)
def test_a_text_is_read_as_datestyle_mdy_says(pg: PgClient, expression: str, value: str) -> None:
    assert pg.query(f"select {expression}").rows == [(value,)]


def test_a_text_that_was_added_to_is_a_timestamp_in_an_outer_query(pg: PgClient) -> None:
    assert pg.query("select at::date from (select dateadd(day, 1, '2023-09-01') as at)").rows == [("2023-09-02",)]


def test_a_text_is_stored_as_the_same_moment_that_a_cast_reads(pg: PgClient) -> None:
    pg.query("create temp table moments (id int, day date, at timestamp, zoned timestamptz)")
    pg.query("insert into moments values (1, '9/1/2023', '2020-01-04 01:00:00-05', '2020-01-04 00:00:00-05')")
    pg.query("update moments set day = '9/2/2023'")
    assert pg.query("select day, at, zoned from moments").rows == [
        ("2023-09-02", "2020-01-04 01:00:00", "2020-01-04 05:00:00+00")
    ]


def test_a_month_after_the_twelfth_is_an_error(pg: PgClient) -> None:
    with pytest.raises(PgError):
        pg.query("select '13/01/2023'::date")


@pytest.mark.parametrize(
    ("start", "end", "weeks"),
    [("1999-12-31", "2000-01-03", "1"), ("2019-12-31", "2019-12-27", "-1"), ("2019-12-31", "2020-01-02", "0")],
)
def test_weeks_are_counted_by_their_mondays(pg: PgClient, start: str, end: str, weeks: str) -> None:
    assert pg.query(f"select datediff(week, '{start}', '{end}')").rows == [(weeks,)]
