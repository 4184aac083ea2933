{#-
    The condition that `column` lies in one of `ranges` of days, each [first day, day after the last]; `false` for none.
    In literals, so that the engine prunes partitions and files, and of the column's own type: a name that ends in `_at`
    is a timestamp's, any other a date's.
-#}
{% macro on_days(column, ranges) -%}
    {%- set kind, midnight = ('timestamp', ' 00:00:00') if column.endswith('_at') else ('date', '') -%}
    {%- for first, after in ranges -%}
        {{ '(' if loop.first -}}
        ({{ column }} >= {{ kind }} '{{ first }}{{ midnight }}' and {{ column }} < {{ kind }} '{{ after }}{{ midnight }}')
        {{- ')' if loop.last else ' or ' }}
    {%- else -%}
        false
    {%- endfor -%}
{%- endmacro %}
