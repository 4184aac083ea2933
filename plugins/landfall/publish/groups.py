"""The groups of datasets that are published together, and the suite that audits each dataset."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from landfall.settings import REPOSITORY

LAKE: Final = "lake"
WAREHOUSE: Final = "warehouse"

TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    LAKE: (
        "marts.dim_customers",
        "marts.dim_exchange_rates",
        "marts.fct_cohort_retention",
        "marts.fct_daily_sales",
        "marts.fct_daily_sales_v2",
        "marts.fct_monthly_sales",
        "marts.fct_orders",
        "marts.fct_payment_funnel",
        "marts.fct_payments",
        "marts.fct_refunds_and_chargebacks",
        "marts.fct_sales_day_changes",
        "marts.fct_sessions",
        "extracts.ext_daily_sales",
        "extracts.ext_orders",
        "extracts.ext_payments",
        "extracts.ext_sessions",
    ),
    WAREHOUSE: (
        "warehouse.dwh_dim_currencies",
        "warehouse.dwh_dim_customers",
        "warehouse.dwh_dim_dates",
        "warehouse.dwh_fct_daily_sales",
        "warehouse.dwh_fct_daily_sales_converted",
        "warehouse.dwh_fct_orders",
        "warehouse.dwh_fct_payment_funnel",
        "warehouse.dwh_fct_payments",
        "warehouse.dwh_fct_refunds_and_chargebacks",
    ),
}
"""Group -> its tables as `database.name`; a dataset is called as its table."""

_DAYS: Final[Mapping[str, str]] = {
    "fct_daily_sales": "sales_date",
    "fct_daily_sales_v2": "sales_date",
    "fct_monthly_sales": "sales_month",
    "fct_orders": "placed_at",
    "fct_payment_funnel": "funnel_date",
    "fct_payments": "occurred_at",
    "fct_refunds_and_chargebacks": "occurred_at",
    "fct_sales_day_changes": "sales_date",
    "fct_sessions": "session_date",
    "ext_daily_sales": "sales_date",
    "ext_orders": "placed_at",
    "ext_payments": "occurred_at",
    "ext_sessions": "session_date",
    "dwh_fct_daily_sales": "sales_date",
    "dwh_fct_daily_sales_converted": "sales_date",
    "dwh_fct_orders": "placed_at",
    "dwh_fct_payment_funnel": "funnel_date",
    "dwh_fct_payments": "occurred_at",
    "dwh_fct_refunds_and_chargebacks": "occurred_at",
}

RAW_DAYS: Final[Mapping[str, str]] = {
    "raw.orders": "occurred_at",
    "raw.payments": "occurred_at",
    "raw.page_views": "occurred_at",
}
"""Table of loaded events -> the column that says an event's day."""

_TABLE_DAYS = {name: _DAYS.get(name.partition(".")[2]) for tables in TABLES.values() for name in tables}

DAY_COLUMNS: Final[Mapping[str, str]] = {
    **RAW_DAYS,
    **{table: day for table, day in _TABLE_DAYS.items() if day},
    **{f"lake.{table.partition('.')[2]}": day for table in TABLES[LAKE] if (day := _TABLE_DAYS[table])},
}
"""Table -> the column that says a row's day, by which the lake's tables are partitioned.

`lake.<dataset>` is a dataset's published table, as suites call it. Tables that are small, or whose rows are of no day,
are not here."""


def datasets(group: str) -> dict[str, str]:
    """Return dataset name -> `database.name` of `group`."""
    return {table.partition(".")[2]: table for table in TABLES[group]}


def suites(group: str) -> dict[str, Path]:
    """Return `database.name` -> suite file of `group`; the chain's words lead from one to the other."""
    return {
        table: REPOSITORY / "expectations" / table.partition(".")[0] / f"{table.partition('.')[2]}.yaml"
        for table in TABLES[group]
    }
