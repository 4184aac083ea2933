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
{% set watermark = loaded_watermark() %}
{% set touched %}
    select sales_date
    from {{ ref('fct_sales_day_changes') }}
    where _loaded_at > {{ watermark }}
    union
    select sales_date
    from {{ ref('fct_daily_sales', v=2) }}
    where _loaded_at > {{ watermark }}
{% endset %}
{% set days = touched_days(touched) %}

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
    where {{ on_days('sales_date', days) }}
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
        scope=on_days('sales_date', days),
    ) }}
)

select * from final
