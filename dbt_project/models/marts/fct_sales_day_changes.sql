{{ config(
    unique_key='sales_date',
    update_condition=any_differs(['_loaded_at']),
) }}

{#-
    What is summed by day is computed again for the days named here. A line is counted on the day of its earliest event,
    so a late event moves it: every day on which a changed line has an event is touched, the one it leaves as well.
-#}
with

order_events as (
    select
        order_id,
        line_number,
        occurred_date,
        _loaded_at
    from {{ ref('int_orders__line_versions_priced') }}
),

changed_lines as (
    select
        order_id,
        line_number,
        max(_loaded_at) as _loaded_at
    from order_events
    where _loaded_at > {{ loaded_watermark() }}
    group by order_id, line_number
),

touched as (
    select
        order_events.occurred_date as sales_date,
        changed_lines._loaded_at
    from order_events
    inner join changed_lines
        on
            order_events.order_id = changed_lines.order_id
            and order_events.line_number = changed_lines.line_number
    {% if is_incremental() %}
    union all
    select
        sales_date,
        _loaded_at
    from {{ this }}
    {% endif %}
),

days as (
    select
        sales_date,
        max(_loaded_at) as _loaded_at
    from touched
    group by sales_date
)

select * from days
