"""The money that readers see, on both engines, by customer and currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from landfall.settings import Settings
from pyathena import connect

from tests.money.account import Money
from tests.redshift import redshift_cursor

PAYMENTS = ("captured_cents", "refunded_cents", "charged_back_cents")
SALES = ("gross_sales_cents", "cancelled_cents", "refunded_cents", "net_sales_cents")

TABLES: Mapping[tuple[str, str], str] = {
    ("athena", "payments"): "published.fct_payment_funnel",
    ("redshift", "payments"): "published_warehouse.dwh_fct_payment_funnel",
    ("athena", "sales"): "published.fct_daily_sales",
    ("redshift", "sales"): "published_warehouse.dwh_fct_daily_sales",
}


def published(engine: str, what: str) -> Money:
    """Return what the published table of `what` (payments, sales) says on `engine` (athena, redshift)."""
    measures = PAYMENTS if what == "payments" else SALES
    sums = ", ".join(f"sum({measure})" for measure in measures)
    query = f"select customer_id, currency, {sums} from {TABLES[engine, what]} group by customer_id, currency"
    rows = _athena(query) if engine == "athena" else _redshift(query)
    return {(row[0], row[1]): dict(zip(measures, map(int, row[2:]), strict=True)) for row in rows}


def _athena(query: str) -> Iterable[Any]:
    settings = Settings.from_environment()
    with connect(region_name=settings.aws_region, work_group=settings.athena_workgroup).cursor() as cursor:
        return list(cursor.execute(query).fetchall())


def _redshift(query: str) -> Iterable[Any]:
    with redshift_cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
