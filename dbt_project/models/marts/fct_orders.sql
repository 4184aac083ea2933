{{ config(
    unique_key=['order_id', 'line_number'],
    partitioned_by=['month(placed_at)'],
    delete_condition='src.version is null',
    meta={'never_moves_on': 'placed_at'},
    update_condition=any_differs([
        'version',
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

{#- A changed line is computed from all its events, wherever its row is kept by now. -#}
{% set reach = order_lines_reach(ref('int_orders__line_versions_priced')) %}

with

changed_lines as (
    select distinct
        order_id,
        line_number
    from {{ ref('int_orders__line_versions_priced') }}
    where {{ reach_part(reach, 'changed') }}
),

versions as (
    select
        order_events.order_id,
        order_events.line_number,
        order_events.version,
        order_events.customer_id,
        order_events.shopper_id,
        order_events.status,
        order_events.sku,
        order_events.quantity,
        order_events.unit_price_cents,
        order_events.line_total_cents,
        order_events.currency,
        order_events.note,
        order_events.occurred_at as placed_at,
        order_events.occurred_at as updated_at,
        order_events._loaded_at
    from {{ ref('int_orders__line_versions_priced') }} as order_events
    inner join changed_lines
        on
            order_events.order_id = changed_lines.order_id
            and order_events.line_number = changed_lines.line_number
    where order_events.occurred_at >= {{ reach_part(reach, 'since') }}
),

ranked as (
    select
        *,
        row_number() over (partition by order_id, line_number order by version desc) as recency,
        min(placed_at) over (partition by order_id, line_number) as first_seen_at,
        max(_loaded_at) over (partition by order_id, line_number) as last_loaded_at
    from versions
),

latest as (
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
        note,
        first_seen_at as placed_at,
        updated_at,
        last_loaded_at as _loaded_at
    from ranked
    where recency = 1
),

-- A line with an event on a day of a backfill may have been placed before it.
placed as (
    select * from latest
    {% if backfill_range() %}
    where {{ on_days('placed_at', [backfill_range()]) }}
    {% endif %}
),

final as (
    {{ with_backfilled_rows_gone('placed', key=['order_id', 'line_number'], day='placed_at') }}
)

select * from final
