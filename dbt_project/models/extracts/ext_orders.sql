{{ config(
    unique_key=['order_id', 'line_number'],
    partitioned_by=['month(placed_at)'],
    meta={'never_moves_on': 'placed_at'},
    delete_condition='src._loaded_at is null',
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
    where {{ new_rows('placed_at') }}
),

final as (
    {{ with_backfilled_rows_gone('order_lines', key=['order_id', 'line_number'], day='placed_at') }}
)

select * from final
