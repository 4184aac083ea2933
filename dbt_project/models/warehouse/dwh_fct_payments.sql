{{ config(
    unique_key='payment_event_id',
    dist='customer_id',
    sort=['occurred_at'],
    pre_hook="{{ forget_backfilled('occurred_at') }}",
    meta={'never_moves_on': 'occurred_at'},
) }}

with

payment_events as (
    select
        payment_event_id,
        payment_id,
        order_id,
        customer_id,
        shopper_id,
        payment_kind,
        payment_method,
        currency,
        amount_cents,
        net_amount_cents,
        occurred_at,
        _loaded_at
    from {{ source('published', 'fct_payments') }}
    where {{ new_rows('occurred_at') }}
)

select * from payment_events
