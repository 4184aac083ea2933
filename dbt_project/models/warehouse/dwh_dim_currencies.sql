{{ config(
    unique_key='currency',
    dist='all',
    sort=['currency'],
    pre_hook="{{ delete_rows_gone_from_lake('dim_exchange_rates', ['currency']) }}",
) }}

-- Computed whole: rates are few, and a corrected one has no time of arrival.
with

exchange_rates as (
    select * from {{ source('published', 'dim_exchange_rates') }}
),

currencies as (
    select
        currency,
        min(valid_from) as first_rate_date,
        max(case when valid_to is null then valid_from end) as latest_rate_date,
        max(case when valid_to is null then eur_per_unit end) as latest_eur_per_unit
    from exchange_rates
    group by currency
)

select * from currencies
