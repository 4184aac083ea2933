with

exchange_rates as (
    select * from {{ ref('stg_reference__exchange_rates') }}
),

-- No rate is published at weekends: one holds until the next, the newest until there is a newer one.
ranged as (
    select
        currency,
        rate_date as valid_from,
        lead(rate_date) over (partition by currency order by rate_date) as valid_to,
        eur_per_unit
    from exchange_rates
)

select * from ranged
