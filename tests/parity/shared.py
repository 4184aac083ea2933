"""Which numbers the lake and the warehouse share, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LAKE_SCHEMA = "published"
WAREHOUSE_SCHEMA = "warehouse"


@dataclass(frozen=True)
class Shared:
    """A table of the warehouse and the rows of the published lake that it must equal.

    `rows` is a table of the lake or a query of `{lake}`'s tables; `computed` gives the lake's expression for columns
    of the warehouse that are not called so there.
    """

    rows: str
    computed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Number:
    """Numbers that both engines compute from rows of their own: a query for each, with columns of the same kinds."""

    lake: str
    warehouse: str
    kinds: tuple[str, ...]


TABLES: Mapping[str, Shared] = {
    "dwh_dim_customers": Shared("{lake}.dim_customers"),
    "dwh_dim_currencies": Shared(
        "(select currency, min(valid_from) as first_rate_date, max(valid_from) as latest_rate_date, "
        "max_by(eur_per_unit, valid_from) as latest_eur_per_unit from {lake}.dim_exchange_rates group by currency)"
    ),
    "dwh_fct_daily_sales": Shared("{lake}.fct_daily_sales"),
    "dwh_fct_daily_sales_converted": Shared("{lake}.fct_daily_sales_v2"),
    "dwh_fct_orders": Shared("{lake}.fct_orders", {"placed_date": "cast(placed_at as date)"}),
    "dwh_fct_payment_funnel": Shared("{lake}.fct_payment_funnel"),
    "dwh_fct_payments": Shared("{lake}.fct_payments"),
    "dwh_fct_refunds_and_chargebacks": Shared(
        "{lake}.fct_refunds_and_chargebacks", {"reversed_date": "cast(occurred_at as date)"}
    ),
}
"""Table of the warehouse -> its partner; all of its columns are compared."""

WITHOUT_PARTNER: Mapping[str, str] = {
    "dwh_dim_dates": "a calendar that is computed in the warehouse alone; its unit test says what it must hold",
}
"""Table of the warehouse -> why the lake has no such rows."""

NUMBERS: Mapping[str, Number] = {
    "sales by customer, day and currency, summed anew from the warehouse's order lines": Number(
        lake="select customer_id, sales_date, currency, orders, units, gross_sales_cents, net_sales_cents "
        "from {lake}.fct_daily_sales",
        warehouse="select customer_id, placed_date, currency, count(distinct order_id), sum(quantity), "
        "sum(line_total_cents), "
        "sum(case when status in ('cancelled', 'refunded') then 0 else line_total_cents end) "
        "from {warehouse}.dwh_fct_orders group by customer_id, placed_date, currency",
        kinds=("text", "date", "text", "integer", "integer", "integer", "integer"),
    ),
    "net payments by customer and currency, from events here and from the funnel there": Number(
        lake="select customer_id, currency, sum(captured_cents - refunded_cents - charged_back_cents) "
        "from {lake}.fct_payment_funnel group by customer_id, currency",
        warehouse="select customer_id, currency, sum(net_amount_cents) "
        "from {warehouse}.dwh_fct_payments group by customer_id, currency",
        kinds=("text", "text", "integer"),
    ),
    "money taken back by kind and day": Number(
        lake="select reversal_kind, cast(occurred_at as date), count(*), sum(reversed_cents) "
        "from {lake}.fct_refunds_and_chargebacks group by reversal_kind, cast(occurred_at as date)",
        warehouse="select reversal_kind, reversed_date, count(*), sum(reversed_cents) "
        "from {warehouse}.dwh_fct_refunds_and_chargebacks group by reversal_kind, reversed_date",
        kinds=("text", "date", "integer", "integer"),
    ),
    "net sales in euro cents by month, from months there and from days here": Number(
        lake="select sales_month, sum(net_sales_eur_cents) from {lake}.fct_monthly_sales group by sales_month",
        warehouse="select cast(date_trunc('month', sales_date) as date), sum(net_sales_eur_cents) "
        "from {warehouse}.dwh_fct_daily_sales_converted group by cast(date_trunc('month', sales_date) as date)",
        kinds=("date", "integer"),
    ),
}
"""What is computed -> how each engine computes it by itself."""
