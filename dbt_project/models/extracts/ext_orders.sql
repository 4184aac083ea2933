{{ config(
    unique_key=['order_id', 'line_number'],
    partitioned_by=['month(placed_at)'],
    update_condition=any_differs([
        'customer_id',
        'shopper_id',
        'status',
        'sku',
        'quantity',
        'unit_price_cents',
        'currency',
        'note',
        'placed_at',
        'updated_at',
        '_loaded_at',
    ]),
) }}

with

order_lines as (
    select
        order_id,
        line_number,
        customer_id,
        shopper_id,
        status,
        sku,
        quantity,
        unit_price_cents,
        line_total_cents,
        currency,
        note,
        placed_at,
        updated_at,
        _loaded_at
    from {{ ref('fct_orders') }}
    where _loaded_at > {{ loaded_watermark() }}
)

select * from order_lines
