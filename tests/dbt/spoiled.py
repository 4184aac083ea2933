"""Rows of the models changed, lost and invented by hand, as a mistake that a backfill has to mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Spoilt:
    """How a table is spoiled: the column that says a row's day, a number to falsify, and a key to invent rows by."""

    day: str
    number: str
    key: str

    def days(self, first: date, after: date) -> str:
        """The condition on rows of the days from `first`, before `after`; of their months where a row is one."""
        if self.day.endswith("_month"):
            first = first.replace(day=1)
        kind = "date" if self.day.endswith(("_date", "_month")) else "timestamp"
        midnight = " 00:00:00" if kind == "timestamp" else ""
        return f"{self.day} >= {kind} '{first}{midnight}' and {self.day} < {kind} '{after}{midnight}'"

    def statements(self, table: str, first: date, after: date) -> Iterator[str]:
        """The statements that falsify one customer's rows of these days, lose another's and rename a third's."""
        of = self.days(first, after) + " and customer_id ="
        yield f"update {table} set {self.number} = {self.number} + 7 where {of} 'cus_000001'"
        yield f"delete from {table} where {of} 'cus_000002'"
        yield f"update {table} set {self.key} = concat('x', {self.key}) where {of} 'cus_000003'"


LAKE: Mapping[str, Spoilt] = {
    "marts.dim_customers": Spoilt("valid_from", "version", "plan"),
    "marts.fct_orders": Spoilt("placed_at", "quantity", "order_id"),
    "marts.fct_payments": Spoilt("occurred_at", "amount_cents", "payment_event_id"),
    "marts.fct_payment_funnel": Spoilt("funnel_date", "captures", "payment_method"),
    "marts.fct_refunds_and_chargebacks": Spoilt("occurred_at", "reversed_cents", "payment_event_id"),
    "marts.fct_sessions": Spoilt("session_date", "page_views", "session_id"),
    "marts.fct_daily_sales": Spoilt("sales_date", "units", "currency"),
    "marts.fct_daily_sales_v2": Spoilt("sales_date", "net_sales_eur_cents", "currency"),
    "marts.fct_monthly_sales": Spoilt("sales_month", "units", "customer_id"),
    "extracts.ext_orders": Spoilt("placed_at", "quantity", "order_id"),
    "extracts.ext_payments": Spoilt("occurred_at", "net_amount_cents", "payment_event_id"),
    "extracts.ext_sessions": Spoilt("session_date", "page_views", "session_id"),
    "extracts.ext_daily_sales": Spoilt("sales_date", "orders", "currency"),
}
"""Table of the lake -> how it is spoiled. Not here: tables that every run computes whole."""

WAREHOUSE: Mapping[str, Spoilt] = {
    "warehouse.dwh_dim_customers": Spoilt("valid_from", "version", "plan"),
    "warehouse.dwh_fct_orders": Spoilt("placed_at", "quantity", "order_id"),
    "warehouse.dwh_fct_payments": Spoilt("occurred_at", "amount_cents", "payment_event_id"),
    "warehouse.dwh_fct_payment_funnel": Spoilt("funnel_date", "captures", "payment_method"),
    "warehouse.dwh_fct_refunds_and_chargebacks": Spoilt("occurred_at", "reversed_cents", "payment_event_id"),
    "warehouse.dwh_fct_daily_sales": Spoilt("sales_date", "units", "currency"),
    "warehouse.dwh_fct_daily_sales_converted": Spoilt("sales_date", "net_sales_eur_cents", "currency"),
}
"""The same for the warehouse."""
