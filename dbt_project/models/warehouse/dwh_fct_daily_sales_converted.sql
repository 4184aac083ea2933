{{ config(
    unique_key=['customer_id', 'sales_date', 'currency'],
    dist='customer_id',
    sort=['sales_date'],
    pre_hook="{{ delete_rows_gone_from_lake('fct_daily_sales_v2', ['customer_id', 'sales_date', 'currency'], day='sales_date') }}",
    meta={'never_moves_on': 'sales_date'},
) }}

with

daily_sales as (
    select
        customer_id,
        sales_date,
        currency,
        exchange_rate,
        gross_sales_eur_cents,
        cancelled_eur_cents,
        refunded_eur_cents,
        net_sales_eur_cents,
        _loaded_at
    from {{ source('published', 'fct_daily_sales_v2') }}
    where {{ new_rows('sales_date') }}
)

select * from daily_sales
