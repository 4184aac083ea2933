select
    currency,
    rate_date,
    eur_per_unit
from {{ ref('exchange_rates') }}
