{{ config(
    unique_key=['order_id', 'line_number'],
    dist='customer_id',
    sort=['placed_at'],
) }}

with

order_lines as (
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
        line_total_cents,
        currency,
        cast(placed_at as date) as placed_date,
        placed_at,
        updated_at,
        _loaded_at
    from {{ source('published', 'fct_orders') }}
    where _loaded_at > {{ loaded_watermark() }}
)

select * from order_lines
