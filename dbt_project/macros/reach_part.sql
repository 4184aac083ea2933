{#- One part of what `order_lines_reach` tells, `changed` or `since`, as SQL. -#}
{% macro reach_part(reach, name) -%}
    {{ reach[name] }}
{%- endmacro %}
