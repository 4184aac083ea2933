{#-
    What a generic test reads of its model: the rows of the days that are tested (tested_on.sql), if the model's rows
    are of days, and of those that the test's own `where` lets through.
-#}
{% macro get_where_subquery(relation) -%}
    {%- set conditions = [config.get('where', '')] | select | list -%}
    {%- set day = day_column(graph.nodes.get(model.get('attached_node'))) if execute -%}
    {%- if day and env_var('LANDFALL_TESTED_DAYS', '') -%}
        {%- do conditions.append(tested_on(day)) -%}
    {%- endif -%}
    {%- if conditions -%}
        {%- do return('(select * from ' ~ relation ~ ' where ' ~ (conditions | join(' and ')) ~ ') dbt_subquery') -%}
    {%- endif -%}
    {%- do return(relation) -%}
{%- endmacro %}
