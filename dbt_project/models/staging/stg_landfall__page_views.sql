select
    page_view_id,
    shopper_id,
    customer_id,
    url,
    referrer,
    device,
    occurred_at,
    _loaded_at
from {{ source('raw', 'page_views') }}
