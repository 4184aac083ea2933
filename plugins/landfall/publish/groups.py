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


def datasets(group: str) -> dict[str, str]:
    """Return dataset name -> `database.name` of `group`."""
    return {table.partition(".")[2]: table for table in TABLES[group]}


def suites(group: str) -> dict[str, Path]:
    """Return `database.name` -> suite file of `group`; the chain's words lead from one to the other."""
    return {
        table: REPOSITORY / "expectations" / table.partition(".")[0] / f"{table.partition('.')[2]}.yaml"
        for table in TABLES[group]
    }
