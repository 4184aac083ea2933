{{ config(enabled=(target.name == 'lake')) }}

-- Money is conserved: per currency, the days' gross sales are the order lines' total.
with

from_lines as (
    select
        currency,
        sum(line_total_cents) as cents
    from {{ ref('fct_orders') }}
    where {{ tested_on('placed_at') }}
    group by currency
),

from_days as (
    select
        currency,
        sum(gross_sales_cents) as cents
    from {{ ref('fct_daily_sales', v=1) }}
    where {{ tested_on('sales_date') }}
    group by currency
)

select
    coalesce(from_lines.currency, from_days.currency) as currency,
    from_lines.cents as line_cents,
    from_days.cents as day_cents
from from_lines
full outer join from_days on from_lines.currency = from_days.currency
where from_lines.cents is distinct from from_days.cents
