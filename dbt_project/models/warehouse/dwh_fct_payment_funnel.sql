{{ config(
    unique_key=['customer_id', 'funnel_date', 'payment_method', 'currency'],
    dist='customer_id',
    sort=['funnel_date'],
    pre_hook="{{ forget_backfilled('funnel_date') }}",
    meta={'never_moves_on': 'funnel_date'},
) }}

with

funnel as (
    select
        customer_id,
        funnel_date,
        payment_method,
        currency,
        authorisations,
        authorised_cents,
        captures,
        captured_cents,
        refunds,
        refunded_cents,
        chargebacks,
        charged_back_cents,
        _loaded_at
    from {{ source('published', 'fct_payment_funnel') }}
    where {{ new_rows('funnel_date') }}
)

select * from funnel
