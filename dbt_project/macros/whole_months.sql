{#- The ranges of days `ranges`, each widened to whole months. -#}
{% macro whole_months(ranges) %}
    {%- set months = [] -%}
    {%- for first, after in ranges -%}
        {%- set month_end = (after - modules.datetime.timedelta(days=1)).replace(day=28)
            + modules.datetime.timedelta(days=4) -%}
        {%- do months.append([first.replace(day=1), month_end.replace(day=1)]) -%}
    {%- endfor -%}
    {{ return(months) }}
{% endmacro %}
