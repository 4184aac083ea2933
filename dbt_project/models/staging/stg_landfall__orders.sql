select
    order_id,
    line_number,
    version,
    customer_id,
    shopper_id,
    status,
    sku,
    quantity,
    unit_price_cents,
    currency,
    note,
    occurred_at,
    _loaded_at
from {{ source('raw', 'orders') }}
