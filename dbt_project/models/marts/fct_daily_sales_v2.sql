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

{#-
    Whole days are computed again: those that order lines touched, and those whose rate was corrected since. The latter
    are found by the rate that each row keeps, since a seed has no time of arrival.
-#}
{% set watermark = loaded_watermark() %}
{% set touched %}
    select sales_date
    from {{ ref('fct_sales_day_changes') }}
    where _loaded_at > {{ watermark }}
    union
    select known.sales_date
    from {{ this }} as known
    left join {{ ref('dim_exchange_rates') }} as rates
        on
            known.currency = rates.currency
            and known.sales_date >= rates.valid_from
            and known.sales_date < coalesce(rates.valid_to, date '9999-12-31')
    where known.exchange_rate is distinct from rates.eur_per_unit
{% endset %}
{% set days = touched_days(touched) %}

with

daily_sales as (
    select * from {{ ref('fct_daily_sales', v=1) }}
    {% if is_incremental() %}
    where {{ on_days('sales_date', days) }}
    {% endif %}
),

loaded as (
    select max(_loaded_at) as _loaded_at
    from {{ ref('fct_daily_sales', v=1) }}
    where _loaded_at > {{ watermark }}
),

exchange_rates as (
    select * from {{ ref('dim_exchange_rates') }}
),

rated as (
    select
        daily_sales.customer_id,
        daily_sales.sales_date,
        daily_sales.currency,
        daily_sales.orders,
        daily_sales.order_lines,
        daily_sales.units,
        daily_sales.gross_sales_cents,
        daily_sales.cancelled_cents,
        daily_sales.refunded_cents,
        daily_sales.net_sales_cents,
        exchange_rates.eur_per_unit as exchange_rate,
        {{ in_euro_cents('daily_sales.gross_sales_cents', 'exchange_rates.eur_per_unit') }} as gross_sales_eur_cents,
        {{ in_euro_cents('daily_sales.cancelled_cents', 'exchange_rates.eur_per_unit') }} as cancelled_eur_cents,
        {{ in_euro_cents('daily_sales.refunded_cents', 'exchange_rates.eur_per_unit') }} as refunded_eur_cents
    from daily_sales
    left join exchange_rates
        on
            daily_sales.currency = exchange_rates.currency
            and daily_sales.sales_date >= exchange_rates.valid_from
            and daily_sales.sales_date < coalesce(exchange_rates.valid_to, date '9999-12-31')
),

-- Net is a difference of rounded sums and is not rounded itself, so that a row adds up to the cent.
converted as (
    select
        rated.customer_id,
        rated.sales_date,
        rated.currency,
        rated.orders,
        rated.order_lines,
        rated.units,
        rated.gross_sales_cents,
        rated.cancelled_cents,
        rated.refunded_cents,
        rated.net_sales_cents,
        rated.exchange_rate,
        rated.gross_sales_eur_cents,
        rated.cancelled_eur_cents,
        rated.refunded_eur_cents,
        rated.gross_sales_eur_cents - rated.cancelled_eur_cents - rated.refunded_eur_cents as net_sales_eur_cents,
        loaded._loaded_at
    from rated
    cross join loaded
),

final as (
    {{ with_rows_gone(
        'converted',
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
            'gross_sales_eur_cents',
            'cancelled_eur_cents',
            'refunded_eur_cents',
            'net_sales_eur_cents',
            '_loaded_at',
        ],
        key=['customer_id', 'sales_date', 'currency'],
        scope=on_days('sales_date', days),
    ) }}
)

select * from final
