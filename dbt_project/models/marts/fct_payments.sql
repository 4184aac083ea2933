{{ config(
    unique_key=['payment_event_id', 'occurred_at'],
    partitioned_by=['month(occurred_at)'],
    delete_condition='src._loaded_at is null',
    update_condition=any_differs(['payment_kind', 'amount_cents', 'currency', '_loaded_at']),
) }}

-- occurred_at never changes for an event; in the merge's key it lets the engine open the touched months only.
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
    from {{ ref('int_payments__events_signed') }}
    where {{ new_rows('occurred_at') }}
),

final as (
    {{ with_backfilled_rows_gone('payment_events', key=['payment_event_id', 'occurred_at'], day='occurred_at') }}
)

select * from final
