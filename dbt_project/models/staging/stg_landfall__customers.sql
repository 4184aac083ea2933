select
    customer_id,
    version,
    name as customer_name,
    plan,
    country,
    email,
    is_active,
    occurred_at,
    _loaded_at
from {{ source('raw', 'customers') }}
