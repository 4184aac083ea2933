{#-
    The condition on rows that a model takes in: those loaded since its last run, or, in a backfill, those whose day in
    `column` is asked for.
-#}
{% macro new_rows(column) -%}
    {%- set backfill = backfill_range() -%}
    {%- if backfill -%}
        {{ on_days(column, [backfill]) }}
    {%- else -%}
        _loaded_at > {{ loaded_watermark() }}
    {%- endif -%}
{%- endmacro %}
