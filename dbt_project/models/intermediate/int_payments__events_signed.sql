with

payments as (
    select * from {{ ref('stg_landfall__payments') }}
),

signed as (
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
        -- An authorisation only reserves money; it moves at capture, and back by a refund or a chargeback.
        case
            when payment_kind = 'capture' then amount_cents
            when payment_kind in ('refund', 'chargeback') then -amount_cents
            else 0
        end as net_amount_cents,
        occurred_at,
        _loaded_at
    from payments
)

select * from signed
