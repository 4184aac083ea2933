"""The days that a gate looks at: as months, by the addresses of files, and as conditions that engines prune by."""

from __future__ import annotations

from datetime import date

import pytest
from landfall.quality.audited_days import AuditedDays, months_of, on_days, partition_days, with_marker_replaced
from landfall.quality.place import expression
from sqlglot import exp

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)


def test_days_become_whole_months_that_are_joined_where_they_touch() -> None:
    days = [
        (date(2026, 10, 31), NOVEMBER),
        (date(2026, 11, 20), date(2026, 11, 21)),
        (date(2025, 2, 3), date(2025, 2, 4)),
    ]
    assert months_of(days) == ((date(2025, 2, 1), date(2025, 3, 1)), (OCTOBER, DECEMBER))


def test_a_range_over_several_months_is_all_of_them() -> None:
    assert months_of([(date(2025, 12, 31), date(2026, 2, 2))]) == ((date(2025, 12, 1), date(2026, 3, 1)),)


@pytest.mark.parametrize(
    ("address", "days"),
    [
        ("s3://lake/marts/fct_orders/data/placed_at_month=2026-10/a.parquet", (OCTOBER, NOVEMBER)),
        ("s3://lake/marts/fct_orders/data/placed_at_month=681/a.parquet", (OCTOBER, NOVEMBER)),
        ("s3://lake/marts/x/data/sales_month_year=56/a.parquet", (date(2026, 1, 1), date(2027, 1, 1))),
        ("s3://lake/marts/x/data/sales_month_year=2026/a.parquet", (date(2026, 1, 1), date(2027, 1, 1))),
        ("s3://lake/raw/x/data/occurred_at_day=2026-10-31/a.parquet", (date(2026, 10, 31), NOVEMBER)),
        ("s3://lake/raw/x/data/occurred_at_day=20757/a.parquet", (date(2026, 10, 31), NOVEMBER)),
        ("s3://lake/marts/dim_customers/data/a.parquet", None),
        ("s3://lake/marts/x/data/currency=EUR/a.parquet", None),
    ],
)
def test_an_address_tells_the_days_of_its_partition(address: str, days: tuple[date, date] | None) -> None:
    assert partition_days(address) == days


def test_a_condition_compares_with_literals_of_the_columns_own_type() -> None:
    assert on_days(exp.column("sales_date"), ((OCTOBER, NOVEMBER),)).sql(dialect="athena") == (
        "(sales_date >= CAST('2026-10-01' AS DATE) AND sales_date < CAST('2026-11-01' AS DATE))"
    )
    assert "TIMESTAMP" in on_days(exp.column("placed_at"), ((OCTOBER, NOVEMBER),)).sql(dialect="athena")
    assert on_days(exp.column("placed_at"), ()).sql() == "FALSE"


def test_a_query_says_where_its_tables_are_restricted() -> None:
    query = expression("SELECT a FROM t AS x WHERE IN_AUDITED_DAYS(x.sales_date) AND a > 1")
    assert "x.sales_date < CAST('2026-11-01' AS DATE)" in with_marker_replaced(query, ((OCTOBER, NOVEMBER),)).sql()
    assert with_marker_replaced(query, None).sql() == "SELECT a FROM t AS x WHERE TRUE AND a > 1"


def test_a_relation_that_changed_on_more_days_is_audited_on_its_own() -> None:
    own = ((date(2026, 1, 1), date(2027, 1, 1)),)
    days = AuditedDays(everywhere=((OCTOBER, DECEMBER),), own={"marts.fct_monthly_sales": own})
    assert days.of("marts.fct_monthly_sales") == own
    assert days.of("marts.fct_orders") == ((OCTOBER, DECEMBER),)
