{#- A query of the order lines that meet `changed` and whose events from `since` on lack a version. -#}
{% macro order_lines_with_gaps(events, changed, since) -%}
    select
        order_events.order_id,
        order_events.line_number
    from {{ events }} as order_events
    inner join (
        select distinct order_id, line_number from {{ events }} where {{ changed }}
    ) as changed_lines
        on
            order_events.order_id = changed_lines.order_id
            and order_events.line_number = changed_lines.line_number
    where order_events.occurred_at >= {{ since }}
    group by order_events.order_id, order_events.line_number
    having count(distinct order_events.version) < max(order_events.version)
{%- endmacro %}
