{#- The day in the variable `name` as a date, none if it is absent or empty; refuses what is no day. -#}
{% macro parsed_day(name) %}
    {%- set text = var(name, none) | string -%}
    {%- if text in ('', 'None') -%}
        {{ return(none) }}
    {%- endif -%}
    {%- if not modules.re.fullmatch('[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', text)
        or text.startswith('0000') -%}
        {%- do exceptions.raise_compiler_error(name ~ " is '" ~ text ~ "', which is no day: write YYYY-MM-DD") -%}
    {%- endif -%}
    {%- set month = modules.datetime.date.fromisoformat(text[:8] ~ '01') -%}
    {%- set day = month + modules.datetime.timedelta(days=text[8:] | int - 1) -%}
    {%- if day.month != month.month -%}
        {%- do exceptions.raise_compiler_error(name ~ " is '" ~ text ~ "', a day that its month does not have") -%}
    {%- endif -%}
    {{ return(day) }}
{% endmacro %}
