{{ config(
    unique_key='payment_event_id',
    dist='customer_id',
    sort=['occurred_at'],
    pre_hook="{{ forget_backfilled('occurred_at') }}",
    meta={'never_moves_on': 'occurred_at'},
) }}

with

reversals as (
    select
        payment_event_id,
        payment_id,
        order_id,
        customer_id,
        shopper_id,
        reversal_kind,
        payment_method,
        currency,
        reversed_cents,
        cast(occurred_at as date) as reversed_date,
        occurred_at,
        _loaded_at
    from {{ source('published', 'fct_refunds_and_chargebacks') }}
    where {{ new_rows('occurred_at') }}
)

select * from reversals
