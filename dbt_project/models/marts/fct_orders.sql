{{ config(
    unique_key=['order_id', 'line_number'],
    partitioned_by=['month(placed_at)'],
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

with

changes as (
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
        occurred_at as placed_at,
        occurred_at as updated_at,
        _loaded_at
    from {{ ref('int_orders__line_versions_priced') }}
    where _loaded_at > {{ loaded_watermark() }}
),

{% if is_incremental() %}
changed_lines as (
    select distinct
        order_id,
        line_number
    from changes
),

-- What is already known of a changed line stands in for all its earlier versions, so that history is not read again.
known as (
    select
        known_lines.order_id,
        known_lines.line_number,
        known_lines.version,
        known_lines.customer_id,
        known_lines.shopper_id,
        known_lines.status,
        known_lines.sku,
        known_lines.quantity,
        known_lines.unit_price_cents,
        known_lines.line_total_cents,
        known_lines.currency,
        known_lines.note,
        known_lines.placed_at,
        known_lines.updated_at,
        known_lines._loaded_at
    from {{ this }} as known_lines
    inner join changed_lines
        on
            known_lines.order_id = changed_lines.order_id
            and known_lines.line_number = changed_lines.line_number
),
{% endif %}

versions as (
    select * from changes
    {% if is_incremental() %}
    union all
    select * from known
    {% endif %}
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
)

select * from latest
