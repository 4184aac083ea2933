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
{% set watermark = loaded_watermark() %}
{% set touched %}
    select sales_date
    from {{ ref('fct_sales_day_changes') }}
    where _loaded_at > {{ watermark }}
{% endset %}
{% set days = touched_days(touched) %}

with

order_lines as (
    select
        *,
        cast(placed_at as date) as sales_date
    from {{ ref('fct_orders') }}
    {% if is_incremental() %}
    where {{ on_days('placed_at', days) }}
    {% endif %}
),

loaded as (
    select max(_loaded_at) as _loaded_at
    from {{ ref('fct_orders') }}
    where _loaded_at > {{ watermark }}
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
    group by customer_id, sales_date, currency
),

stamped as (
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
),

-- A row that no line belongs to any more is sent with empty measures, by which the merge deletes it.
final as (
    {{ with_rows_gone(
        'stamped',
        columns=[
            'customer_id',
            'sales_date',
            'currency',
            'orders',
            'order_lines',
            'units',
            'gross_sales_cents',
            'cancelled_cents',
            'refunded_cents',
            'net_sales_cents',
            '_loaded_at',
        ],
        key=['customer_id', 'sales_date', 'currency'],
        scope=on_days('sales_date', days),
    ) }}
)

select * from final
