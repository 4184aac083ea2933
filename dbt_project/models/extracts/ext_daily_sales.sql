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
        'exchange_rate',
    ]),
) }}

{#- Whole days are copied again: those that order lines touched, and those whose rate was corrected. -#}
{% set touched_days %}
    select sales_date
    from {{ ref('fct_sales_day_changes') }}
    where _loaded_at > {{ loaded_watermark() }}
    union
    select sales_date
    from {{ ref('fct_daily_sales', v=2) }}
    where _loaded_at > {{ loaded_watermark() }}
{% endset %}
{% set days = date_literals(touched_days) if is_incremental() else '' %}

with

daily_sales as (
    select
        customer_id,
        sales_date,
        currency,
        orders,
        order_lines,
        units,
        gross_sales_cents,
        cancelled_cents,
        refunded_cents,
        net_sales_cents,
        exchange_rate,
        net_sales_eur_cents,
        _loaded_at
    from {{ ref('fct_daily_sales', v=2) }}
    {% if is_incremental() %}
    where sales_date in ({{ days }})
    {% endif %}
),

final as (
    {{ with_rows_gone(
        'daily_sales',
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
            'exchange_rate',
            'net_sales_eur_cents',
            '_loaded_at',
        ],
        key=['customer_id', 'sales_date', 'currency'],
        scope='sales_date in (' ~ days ~ ')',
    ) }}
)

select * from final
