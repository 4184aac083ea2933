{{ config(
    unique_key=['payment_event_id', 'occurred_at'],
    partitioned_by=['month(occurred_at)'],
    delete_condition='src._loaded_at is null',
    update_condition=any_differs(['reversal_kind', 'reversed_cents', 'currency', '_loaded_at']),
) }}

-- occurred_at never changes for an event; in the merge's key it lets the engine open the touched months only.
with

reversals as (
    select
        payment_event_id,
        payment_id,
        order_id,
        customer_id,
        shopper_id,
        payment_kind as reversal_kind,
        payment_method,
        currency,
        -net_amount_cents as reversed_cents,
        occurred_at,
        _loaded_at
    from {{ ref('int_payments__events_signed') }}
    where
        payment_kind in ('refund', 'chargeback')
        and {{ new_rows('occurred_at') }}
),

final as (
    {{ with_backfilled_rows_gone('reversals', key=['payment_event_id', 'occurred_at'], day='occurred_at') }}
)

select * from final
