{#-
    The condition that `column` lies in the days whose rows are tested: those in LANDFALL_TESTED_DAYS, ranges
    `2026-10-01/2026-12-01` (the end exclusive) between commas, which the DAG finds for its run. All days without it.
-#}
{% macro tested_on(column) -%}
    {%- set ranges = [] -%}
    {#- While dbt parses, nothing is read: a variable that it had seen would make it parse anew every night. -#}
    {%- for text in (env_var('LANDFALL_TESTED_DAYS', '') if execute else '').split(',') | select -%}
        {%- do ranges.append(text.split('/')) -%}
    {%- endfor -%}
    {{ return(on_days(column, ranges) if ranges else 'true') }}
{%- endmacro %}
