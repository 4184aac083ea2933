{#- The condition that `column` (`table.name`) is not before the earliest `name` of `rows`, in a literal. -#}
{% macro from_earliest(rows, column) -%}
    {%- set name = column.split('.')[-1] -%}
    {%- set kind, never = ('timestamp', '9999-12-31 00:00:00') if name.endswith('_at') else ('date', '9999-12-31') -%}
    {%- set found = run_query('select cast(min(' ~ name ~ ') as varchar(40)) from ' ~ rows).columns[0].values()[0] -%}
    {{ return(column ~ ' >= ' ~ kind ~ " '" ~ (found or never) ~ "'") }}
{%- endmacro %}
