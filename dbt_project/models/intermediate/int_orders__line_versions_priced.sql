with

order_changes as (
    select * from {{ ref('stg_landfall__orders') }}
),

priced as (
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
        quantity * unit_price_cents as line_total_cents,
        currency,
        note,
        occurred_at,
        cast(occurred_at as date) as occurred_date,
        _loaded_at
    from order_changes
)

select * from priced
