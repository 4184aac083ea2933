{{ config(
    unique_key=['customer_id', 'sales_month'],
    partitioned_by=['year(sales_month)'],
    delete_condition='src.order_lines is null',
    update_condition=any_differs(['active_days', 'order_lines', 'units', 'net_sales_eur_cents']),
) }}

{#- Whole months are computed again: those of days that order lines touched, and of days whose rate was corrected. -#}
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
{% set months = whole_months(touched_days(touched)) %}

with

daily_sales as (
    select
        customer_id,
        sales_date,
        cast(date_trunc('month', sales_date) as date) as sales_month,
        order_lines,
        units,
        net_sales_eur_cents
    from {{ ref('fct_daily_sales', v=2) }}
    {% if is_incremental() %}
    where {{ on_days('sales_date', months) }}
    {% endif %}
),

loaded as (
    select max(_loaded_at) as _loaded_at
    from {{ ref('fct_daily_sales', v=2) }}
    where _loaded_at > {{ watermark }}
),

summed as (
    select
        customer_id,
        sales_month,
        count(distinct sales_date) as active_days,
        cast(sum(order_lines) as bigint) as order_lines,
        cast(sum(units) as bigint) as units,
        -- A sum that left out days without a rate would be too low and look right.
        case
            when count(*) = count(net_sales_eur_cents) then cast(sum(net_sales_eur_cents) as bigint)
        end as net_sales_eur_cents
    from daily_sales
    group by customer_id, sales_month
),

stamped as (
    select
        summed.customer_id,
        summed.sales_month,
        summed.active_days,
        summed.order_lines,
        summed.units,
        summed.net_sales_eur_cents,
        loaded._loaded_at
    from summed
    cross join loaded
),

final as (
    {{ with_rows_gone(
        'stamped',
        columns=[
            'customer_id',
            'sales_month',
            'active_days',
            'order_lines',
            'units',
            'net_sales_eur_cents',
            '_loaded_at',
        ],
        key=['customer_id', 'sales_month'],
        scope=on_days('sales_month', months),
    ) }}
)

select * from final
