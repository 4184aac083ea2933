{{ config(
    unique_key='sales_date',
    partitioned_by=['year(sales_date)'],
    delete_condition='src._loaded_at is null',
    update_condition=any_differs(['_loaded_at']),
) }}

{#-
    What is summed by day is computed again for the days named here. A line is counted on the day of its earliest event,
    so a late event moves it: every day on which a changed line has an event is touched, the one it leaves as well.
-#}
{% set reach = order_lines_reach(ref('int_orders__line_versions_priced')) %}

with

changed_lines as (
    select distinct
        order_id,
        line_number
    from {{ ref('int_orders__line_versions_priced') }}
    where {{ reach_part(reach, 'changed') }}
),

line_days as (
    select
        order_events.occurred_date as sales_date,
        max(order_events._loaded_at) over (
            partition by order_events.order_id, order_events.line_number
        ) as _loaded_at
    from {{ ref('int_orders__line_versions_priced') }} as order_events
    inner join changed_lines
        on
            order_events.order_id = changed_lines.order_id
            and order_events.line_number = changed_lines.line_number
    where order_events.occurred_at >= {{ reach_part(reach, 'since') }}
),

touched as (
    select * from line_days
    {% if backfill_range() %}
    where {{ on_days('sales_date', [backfill_range()]) }}
    {% elif is_incremental() %}
    union all
    select
        sales_date,
        _loaded_at
    from {{ this }}
    where sales_date >= cast({{ reach_part(reach, 'since') }} as date)
    {% endif %}
),

days as (
    select
        sales_date,
        max(_loaded_at) as _loaded_at
    from touched
    group by sales_date
),

final as (
    {{ with_backfilled_rows_gone('days', key=['sales_date'], day='sales_date') }}
)

select * from final
