select
    payment_event_id,
    payment_id,
    order_id,
    customer_id,
    shopper_id,
    kind as payment_kind,
    amount_cents,
    currency,
    method as payment_method,
    occurred_at,
    _loaded_at
from {{ source('raw', 'payments') }}
