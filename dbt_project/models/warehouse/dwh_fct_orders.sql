{{ config(
    unique_key=['order_id', 'line_number'],
    dist='customer_id',
    sort=['placed_at'],
    pre_hook="{{ forget_backfilled('placed_at') }}",
    meta={'never_moves_on': 'placed_at'},
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
    where {{ new_rows('placed_at') }}
)

select * from order_lines
