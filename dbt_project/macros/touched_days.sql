{#-
    The days that a model computes again in this run, as ranges for `on_days`: those that `query` returns (one column of
    dates), or those of a backfill. None in a run that computes all. Many ranges become the one that spans them: days
    that were not touched come out as they are.
-#}
{% macro touched_days(query) %}
    {%- set ranges = [] -%}
    {%- set backfill = backfill_range() -%}
    {%- if not execute or not is_incremental() -%}
        {{ return([]) }}
    {%- elif backfill -%}
        {{ return([backfill]) }}
    {%- endif -%}
    {%- for value in run_query(query).columns[0].values() | map('string') | sort -%}
        {%- set day = modules.datetime.date.fromisoformat(value) -%}
        {%- set after = day + modules.datetime.timedelta(days=1) -%}
        {%- if ranges and ranges[-1][1] >= day -%}
            {%- do ranges.append([ranges.pop()[0], after]) -%}
        {%- else -%}
            {%- do ranges.append([day, after]) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(ranges if ranges | length <= 100 else [[ranges[0][0], ranges[-1][1]]]) }}
{% endmacro %}
