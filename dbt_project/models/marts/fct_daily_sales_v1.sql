{{ config(
    unique_key=['customer_id', 'sales_date', 'currency'],
    partitioned_by=['month(sales_date)'],
    delete_condition='src.order_lines is null',
    update_condition=any_differs([
        'orders',
        'order_lines',
        'units',
        'gross_sales_cents',
        'cancelled_cents',
        'refunded_cents',
        'net_sales_cents',
    ]),
) }}

{#- Whole days are computed again, those that a line came to and those that it may have left. -#}
{% set touched_days %}
    select sales_date
    from {{ ref('fct_sales_day_changes') }}
    where _loaded_at > {{ loaded_watermark() }}
{% endset %}
{% set days = date_literals(touched_days) if is_incremental() else '' %}

with

order_lines as (
    select
        *,
        cast(placed_at as date) as sales_date
    from {{ ref('fct_orders') }}
),

loaded as (
    select max(_loaded_at) as _loaded_at from {{ ref('fct_orders') }}
),

summed as (
    select
        customer_id,
        sales_date,
        currency,
        count(distinct order_id) as orders,
        count(*) as order_lines,
        cast(sum(quantity) as bigint) as units,
        cast(sum(line_total_cents) as bigint) as gross_sales_cents,
        cast(sum(case when status = 'cancelled' then line_total_cents else 0 end) as bigint) as cancelled_cents,
        cast(sum(case when status = 'refunded' then line_total_cents else 0 end) as bigint) as refunded_cents,
        cast(
            sum(case when status in ('cancelled', 'refunded') then 0 else line_total_cents end) as bigint
        ) as net_sales_cents
    from order_lines
    {% if is_incremental() %}
    where sales_date in ({{ days }})
    {% endif %}
    group by customer_id, sales_date, currency
),

{% if is_incremental() %}
-- A row that no line belongs to any more is sent with empty measures, by which the merge deletes it.
emptied as (
    select
        known.customer_id,
        known.sales_date,
        known.currency
    from {{ this }} as known
    left join summed
        on
            known.customer_id = summed.customer_id
            and known.sales_date = summed.sales_date
            and known.currency = summed.currency
    where
        known.sales_date in ({{ days }})
        and summed.customer_id is null
),
{% endif %}

daily_sales as (
    select
        summed.customer_id,
        summed.sales_date,
        summed.currency,
        summed.orders,
        summed.order_lines,
        summed.units,
        summed.gross_sales_cents,
        summed.cancelled_cents,
        summed.refunded_cents,
        summed.net_sales_cents,
        loaded._loaded_at
    from summed
    cross join loaded
    {% if is_incremental() %}
    union all
    select
        customer_id,
        sales_date,
        currency,
        cast(null as bigint) as orders,
        cast(null as bigint) as order_lines,
        cast(null as bigint) as units,
        cast(null as bigint) as gross_sales_cents,
        cast(null as bigint) as cancelled_cents,
        cast(null as bigint) as refunded_cents,
        cast(null as bigint) as net_sales_cents,
        cast(null as timestamp(6)) as _loaded_at
    from emptied
    {% endif %}
)

select * from daily_sales
