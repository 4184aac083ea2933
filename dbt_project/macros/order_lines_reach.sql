{#-
    Which order lines this run computes again, and how far back their events lie: `changed` is the condition on events
    that makes a line one of them, `since` the timestamp literal that none of their events is before.

    Events are read from `order_life_days` before the earliest of the changes on. A line of which they show all versions
    from 1 to its highest is known whole; only if one has gaps, because it lived longer or a version never came, all
    events are looked through for such lines, and the reach goes as far back as theirs. `changed` lists the loads that
    were looked at, since one that commits in between could bring a line whose events lie further back; the next run
    takes it. After very many loads everything is read.
-#}
{% macro order_lines_reach(events) %}
    {%- set wholly = {'changed': 'true', 'since': "timestamp '0001-01-01 00:00:00'"} -%}
    {%- if not execute or not is_incremental() or env_var('LANDFALL_BUILD_ANEW', '') -%}
        {{ return(wholly) }}
    {%- endif -%}
    {%- set new_loads -%}
        select
            cast(_loaded_at as varchar(40)) as loaded_at,
            cast(min(occurred_at) as varchar(40)) as earliest
        from {{ events }}
        where {{ new_rows('occurred_at') }}
        group by _loaded_at
    {%- endset -%}
    {%- set loads = run_query(new_loads) -%}
    {%- if not loads -%}
        {{ return({'changed': 'false', 'since': "timestamp '9999-12-31 00:00:00'"}) }}
    {%- elif backfill_range() -%}
        {%- set changed = new_rows('occurred_at') -%}
    {%- elif loads | length > 1000 -%}
        {{ return({'changed': new_rows('occurred_at'), 'since': wholly.since}) }}
    {%- else -%}
        {%- set changed = "_loaded_at in (timestamp '" ~ (loads.columns[0].values() | join("', timestamp '")) ~ "')" -%}
    {%- endif -%}
    {%- set earliest = modules.datetime.datetime.fromisoformat(loads.columns[1].values() | map('string') | min) -%}
    {%- set lookback = modules.datetime.timedelta(days=var('order_life_days')) -%}
    {%- set since = "timestamp '" ~ (earliest - lookback) ~ "'" -%}
    {%- set gaps = order_lines_with_gaps(events, changed, since) -%}
    {%- if run_query('select count(*) from (' ~ gaps ~ ') as gaps').columns[0].values()[0] | int -%}
        {%- set furthest -%}
            select cast(min(order_events.occurred_at) as varchar(40)) as earliest
            from {{ events }} as order_events
            inner join ({{ gaps }}) as gaps
                on order_events.order_id = gaps.order_id and order_events.line_number = gaps.line_number
        {%- endset -%}
        {%- set found = modules.datetime.datetime.fromisoformat(
            run_query(furthest).columns[0].values()[0] | string
        ) -%}
        {%- set since = "timestamp '" ~ ([found, earliest - lookback] | min) ~ "'" -%}
    {%- endif -%}
    {{ return({'changed': changed, 'since': since}) }}
{% endmacro %}
